package logs_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/joblog"
	"github.com/bridle-ci/bridle/internal/service/logs"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/google/go-cmp/cmp"
)

func TestAppend(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle) {
		if got := b.size(t); got != 0 {
			t.Errorf("a log without chunks has %d bytes", got)
		}
		b.append(t, 0, "hello ")
		b.append(t, 11, "!")
		if got := b.read(t, 0, -1); got != "hello " {
			t.Errorf("with a gap: %q", got)
		}
		b.append(t, 6, "world")
		b.append(t, 3, "lo wor")
		b.append(t, 0, "hello ")
		b.append(t, 12, "")
		for name, c := range map[string]struct {
			offset, length int64
			want           string
		}{
			"all": {0, -1, "hello world!"}, "from": {6, -1, "world!"}, "range": {4, 3, "o w"}, "end": {12, -1, ""},
			"nothing": {3, 0, ""}, "beyond": {6, 100, "world!"},
		} {
			if got := b.read(t, c.offset, c.length); got != c.want {
				t.Errorf("%s: got %q, want %q", name, got, c.want)
			}
		}
		if got := b.size(t); got != 12 {
			t.Errorf("size %d, want 12", got)
		}
	})
}

func TestAppendRefusals(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle) {
		large := make([]byte, joblog.MaxChunkBytes+1)
		for name, c := range map[string]struct {
			job   string
			chunk logs.Chunk
			want  fault.Kind
		}{
			"negative offset":   {b.job.ID, logs.Chunk{Offset: -1, Size: 1, Data: []byte("x")}, fault.Invalid},
			"negative sequence": {b.job.ID, logs.Chunk{Sequence: -1, Size: 1, Data: []byte("x")}, fault.Invalid},
			"other size":        {b.job.ID, logs.Chunk{Size: 2, Data: []byte("x")}, fault.Invalid},
			"too large":         {b.job.ID, logs.Chunk{Size: int64(len(large)), Data: large}, fault.TooLarge},
			"unknown job":       {store.NewID(), logs.Chunk{Size: 1, Data: []byte("x")}, fault.NotFound},
		} {
			if err := b.Append(t.Context(), c.job, c.chunk); fault.KindOf(err) != c.want {
				t.Errorf("%s: got %v, want %s", name, err, c.want)
			}
		}
		if got := b.size(t); got != 0 {
			t.Errorf("refused chunks left %d bytes", got)
		}
	})
}

func TestAppendAfterClose(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle) {
		b.append(t, 0, "abc")
		b.close(t)
		for name, s := range map[string]*logs.Service{"same process": b.Service, "another process": b.start()} {
			b.Service = s
			if err := b.try(t, 3, "def"); !fault.Is(err, fault.Conflict) {
				t.Errorf("%s: got %v, want a conflict", name, err)
			}
		}
		if got := b.read(t, 0, -1); got != "abc" {
			t.Errorf("got %q, want what was there", got)
		}
	})
}

func TestAppendManyAtOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle) {
		const chunks = 60
		var want strings.Builder
		var sends []logs.Chunk
		rnd := rand.New(rand.NewPCG(1, 2))
		for i := range chunks {
			data := []byte(strings.Repeat(fmt.Sprintf("line %d\n", i), 1+rnd.IntN(2000)))
			c := logs.Chunk{Sequence: int64(i + 1), Offset: int64(want.Len()), Size: int64(len(data)), Data: data}
			sends = append(sends, c, c)
			want.Write(data)
		}
		rnd.Shuffle(len(sends), func(i, j int) { sends[i], sends[j] = sends[j], sends[i] })
		var wg sync.WaitGroup
		work := make(chan logs.Chunk)
		for range 3 {
			wg.Go(func() {
				for c := range work {
					if err := b.Append(t.Context(), b.job.ID, c); err != nil {
						t.Error(err)
					}
				}
			})
		}
		for _, c := range sends {
			work <- c
		}
		close(work)
		wg.Wait()
		if got := b.read(t, 0, -1); got != want.String() {
			t.Errorf("got %d bytes, want %d", len(got), want.Len())
		}
		b.close(t)
		if got := b.read(t, 0, -1); got != want.String() {
			t.Errorf("closed: got %d bytes, want %d", len(got), want.Len())
		}
		middle := int64(want.Len() / 2)
		if got := b.read(t, middle, 1000); got != want.String()[middle:middle+1000] {
			t.Error("a range of the closed log differs")
		}
	})
}

func TestAppendBeyondTheLargestLog(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle) {
		b.append(t, 0, "start\n")
		b.append(t, joblog.MaxBytes-2, "abcd")
		b.append(t, joblog.MaxBytes+5, "more")
		b.close(t)
		if got, want := b.read(t, 0, -1), "start\nab"+joblog.TruncationNotice; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestHeaderTimes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle) {
		at := time.Date(2026, 8, 3, 10, 0, 0, 5, time.UTC)
		post := func(times map[string]string) error { return b.HeaderTimes(t.Context(), b.job.ID, times) }
		check := func(when string, want ...int64) {
			t.Helper()
			got, err := b.Times(t.Context(), b.job.ID)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", when, diff)
			}
		}
		b.append(t, 0, "\x1b_bk;t=7\x07--- a\r\n\x1b_bk;t=9\x07+++ b\r\n")
		check("from the log", 7*int64(time.Millisecond), 9*int64(time.Millisecond))
		if err := post(map[string]string{"0": at.Format(time.RFC3339Nano), "20000": at.Format(time.RFC3339Nano)}); err != nil {
			t.Fatal(err)
		}
		check("posted", at.UnixNano())
		b.close(t)
		check("closed", at.UnixNano())
		if err := post(map[string]string{"1": at.Add(time.Second).Format(time.RFC3339)}); err != nil {
			t.Fatal(err)
		}
		check("posted late", at.UnixNano(), at.Truncate(time.Second).Add(time.Second).UnixNano())
		for name, bad := range map[string]map[string]string{
			"no number": {"x": at.Format(time.RFC3339)}, "negative": {"-1": at.Format(time.RFC3339)}, "no time": {"0": "noon"},
		} {
			if err := post(bad); !fault.Is(err, fault.Invalid) {
				t.Errorf("%s: got %v, want invalid", name, err)
			}
		}
		if err := b.HeaderTimes(t.Context(), store.NewID(), nil); !fault.Is(err, fault.NotFound) {
			t.Errorf("unknown job: got %v, want not found", err)
		}
	})
}
