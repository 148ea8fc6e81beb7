package joblog_test

import (
	"strings"
	"testing"
	"time"

	"github.com/bridle-ci/bridle/internal/core/joblog"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestHeaders(t *testing.T) {
	t.Parallel()
	const ms = int64(time.Millisecond)
	stamp := func(text string) string { return "\x1b_bk;" + text + "\x07" }
	for name, c := range map[string]struct {
		log  string
		want []int64
	}{
		"empty":                     {"", nil},
		"no timestamps":             {"--- a\n+++ b\n", nil},
		"one of each":               {stamp("t=1") + "--- a\r\n" + stamp("t=2") + "+++ b\n" + stamp("t=3") + "~~~ c\n", []int64{1 * ms, 2 * ms, 3 * ms}},
		"blank needed":              {stamp("t=1") + "---\n" + stamp("t=2") + "---x\n" + stamp("t=3") + "---\tx\n", []int64{3 * ms}},
		"opening the previous":      {stamp("t=1") + "^^^ +++\n", nil},
		"mixed marker":              {stamp("t=1") + "-+- x\n" + stamp("t=2") + "---- x\n", nil},
		"not at the start":          {stamp("t=1") + "x --- y\n", nil},
		"stamp within a line":       {stamp("t=1") + "x" + stamp("t=5") + "\n--- a\n", []int64{5 * ms}},
		"delta":                     {stamp("t=10") + "a\n" + stamp("dt=5") + "--- b\n", []int64{15 * ms}},
		"several fields":            {stamp("x=1;t=7;y=2") + "--- b\n", []int64{7 * ms}},
		"bad number":                {stamp("t=7") + "a\n" + stamp("t=x") + "--- b\n", []int64{7 * ms}},
		"number too large":          {stamp("t=7") + "a\n" + stamp("t=9223372036854775807") + "--- b\n", []int64{7 * ms}},
		"other command":             {stamp("t=7") + "\x1b_other;t=9\x07--- b\n", []int64{7 * ms}},
		"two stamps":                {stamp("t=1") + stamp("t=2") + "--- b\n", []int64{2 * ms}},
		"color before":              {stamp("t=1") + "\x1b[31m--- b\n", nil},
		"unended stamp":             {"\x1b_bk;t=1\n--- a\n" + stamp("t=2") + "--- b\n", []int64{0, 2 * ms}},
		"endless stamp":             {stamp("t=1") + "\x1b_" + strings.Repeat("x", 1000) + "\n--- b\n", []int64{1 * ms}},
		"header without line feed":  {stamp("t=1") + "--- b", []int64{1 * ms}},
		"escape after escape":       {"\x1b" + stamp("t=4") + "--- b\n", []int64{4 * ms}},
		"carriage return and bytes": {stamp("t=1") + "\r--- b\n", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var h joblog.Headers
			_, _ = h.Write([]byte(c.log))
			if diff := cmp.Diff(c.want, h.Times()); diff != "" {
				t.Errorf("Times (-want +got):\n%s", diff)
			}
		})
	}
}

func TestHeadersCutAnywhere(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		log := rapid.StringMatching(`(--- a\n|\+\+\+ b\r\n|\x1b_bk;t=[0-9]{1,3}\x07|x|~~~|\x1b|\n){0,20}`).Draw(t, "log")
		var whole, cut joblog.Headers
		_, _ = whole.Write([]byte(log))
		for rest := []byte(log); len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "n")
			_, _ = cut.Write(rest[:n])
			rest = rest[n:]
		}
		if diff := cmp.Diff(whole.Times(), cut.Times()); diff != "" {
			t.Fatalf("Times (-whole +cut):\n%s", diff)
		}
	})
}

func TestHeadersLimit(t *testing.T) {
	t.Parallel()
	var h joblog.Headers
	_, _ = h.Write([]byte("\x1b_bk;t=1\x07" + strings.Repeat("--- x\n", joblog.MaxHeaders+10)))
	if n := len(h.Times()); n != joblog.MaxHeaders {
		t.Errorf("%d times, want %d", n, joblog.MaxHeaders)
	}
}

func TestPostedTimes(t *testing.T) {
	t.Parallel()
	got := joblog.PostedTimes(map[int]int64{0: 5, 2: 7, -1: 1, joblog.MaxHeaders: 1})
	if diff := cmp.Diff([]int64{5, 5, 7}, got); diff != "" {
		t.Errorf("PostedTimes (-want +got):\n%s", diff)
	}
	if got := joblog.PostedTimes(nil); len(got) != 0 {
		t.Errorf("PostedTimes(nil) = %v", got)
	}
}

func BenchmarkHeaders(b *testing.B) {
	text := []byte(strings.Repeat("\x1b_bk;t=1795417133914\x07\x1b[32mok\x1b[0m package/name (1.2s)\r\n", 10000))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		var h joblog.Headers
		_, _ = h.Write(text)
	}
}
