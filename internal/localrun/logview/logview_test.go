package logview_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/bridle-ci/bridle/internal/localrun/logview"
)

func decode(pieces ...string) []logview.Line {
	var d logview.Decoder
	var lines []logview.Line
	for _, p := range pieces {
		lines = append(lines, d.Write([]byte(p))...)
	}
	return append(lines, d.Close()...)
}

func TestDecoder(t *testing.T) {
	t.Parallel()
	out := func(text string) logview.Line { return logview.Line{Text: text} }
	for name, tt := range map[string]struct {
		log  string
		want []logview.Line
	}{
		"lines":               {"one\r\ntwo\nthree", []logview.Line{out("one"), out("two"), out("three")}},
		"blank line":          {"a\n\nb\n", []logview.Line{out("a"), out(""), out("b")}},
		"progress":            {"10%\r50%\r100%\r\n", []logview.Line{out("100%")}},
		"shorter over longer": {"loading...\rdone\n", []logview.Line{out("doneing...")}},
		"erase":               {"loading...\r\x1b[Kdone\n", []logview.Line{out("done")}},
		"erase line":          {"loading...\x1b[2K\rdone\n", []logview.Line{out("done")}},
		"spinner":             {"work |\b/\b-\b\\\n", []logview.Line{out(`work \`)}},
		"columns":             {"ab\x1b[3Cc\x1b[1GX\x1b[DY\n", []logview.Line{out("Yb   c")}},
		"color":               {"\x1b[31mred\x1b[0m plain\n", []logview.Line{out("\x1b[31mred\x1b[0m plain")}},
		"color over lines":    {"\x1b[1;31mred\nstill\x1b[m\nplain\n", []logview.Line{out("\x1b[1;31mred\x1b[0m"), out("\x1b[1;31mstill\x1b[0m"), out("plain")}},
		"reset and color":     {"\x1b[31ma\x1b[0;32mb\n", []logview.Line{out("\x1b[31ma\x1b[0m\x1b[32mb\x1b[0m")}},
		"time":                {"\x1b_bk;t=1795417133914\x07hello\r\n", []logview.Line{{Text: "hello", At: time.UnixMilli(1795417133914).UTC()}}},
		"times in a line":     {"\x1b_bk;t=1000\x07a\x1b_bk;t=2000\x07b\n", []logview.Line{{Text: "ab", At: time.UnixMilli(1000).UTC()}}},
		"headers": {"--- a\n~~~ b\n+++ \x1b[33mc\x1b[0m\n^^^ +++\n---d\n", []logview.Line{
			{Kind: logview.Collapsed, Text: "a"},
			{Kind: logview.Muted, Text: "b"},
			{Kind: logview.Expanded, Text: "\x1b[33mc\x1b[0m"},
			{Kind: logview.Opens},
			out("---d"),
		}},
		"colored header":    {"\x1b[1m--- a\x1b[0m\n", []logview.Line{{Kind: logview.Collapsed, Text: "\x1b[1ma\x1b[0m"}}},
		"title of a window": {"\x1b]0;title\x07text\n", []logview.Line{out("text")}},
		"hyperlink":         {"\x1b]8;;https://a.example\x1b\\text\x1b]8;;\x1b\\\n", []logview.Line{out("text")}},
		"link":              {"see \x1b]1339;url='https://a.example/?a;b';content='the docs'\x07.\n", []logview.Line{out("see the docs (https://a.example/?a;b).")}},
		"bare link":         {"\x1b]1339;url=https://a.example\x07\n", []logview.Line{out("https://a.example")}},
		"image":             {"\x1b]1338;url='artifact://a.png';alt='A cat'\x07\n", []logview.Line{out("[image: A cat]")}},
		"inline image":      {"\x1b]1337;File=name=YQ==;inline=1:" + strings.Repeat("QUJD", 10_000) + "\x07\n", []logview.Line{out("[image]")}},
		"clear screen":      {"\x1b[2J\x1b[Htext\x1b[?25l\n", []logview.Line{out("text")}},
		"charset":           {"\x1b(Btext\x1b=\n", []logview.Line{out("text")}},
		"controls":          {"a\x00b\x07c\x7fd\u0085e\n", []logview.Line{out("abcde")}},
		"unicode":           {"héllo 🚀 世界\n", []logview.Line{out("héllo 🚀 世界")}},
		"bad bytes":         {"a\xffb\xe4\xb8c\n", []logview.Line{out("a\uFFFDb\uFFFDc")}},
		"cut off":           {"a\xe4\xb8", []logview.Line{out("a\uFFFD")}},
		"unclosed string":   {"a\x1b]0;title\x1b[31mb\n", []logview.Line{out("a\x1b[31mb\x1b[0m")}},
		"tab":               {"a\tb\n", []logview.Line{out("a\tb")}},
		"style of nonsense": {"\x1b[>4;1mtext\n", []logview.Line{out("text")}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, decode(tt.log)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDecoderBreaksEndlessLines(t *testing.T) {
	t.Parallel()
	lines := decode(strings.Repeat("x", 40_000) + "\n")
	if len(lines) != 3 {
		t.Fatalf("%d lines, want 3", len(lines))
	}
	total := 0
	for _, l := range lines {
		total += len(l.Text)
	}
	if total != 40_000 {
		t.Errorf("%d characters of 40000", total)
	}
}

func TestPlain(t *testing.T) {
	t.Parallel()
	if got := (logview.Line{Text: "\x1b[1;31mred\x1b[0m and \x1b[4mmore\x1b[0m"}).Plain(); got != "red and more" {
		t.Errorf("plain %q", got)
	}
}

// A log gives the same lines however it is cut into pieces, and nothing a terminal would obey but styles.
func TestDecoderPieces(t *testing.T) {
	t.Parallel()
	token := rapid.SampledFrom([]string{
		"a", "é", "🚀", " ", "\n", "\r", "\b", "\t", "\xff", "\xe4", "\x1b[31m", "\x1b[0m", "\x1b[K", "\x1b[5C", "\x1b[2D",
		"\x1b_bk;t=1000\x07", "\x1b]1339;url='u'\x07", "--- ", "^^^ +++", "\x1b", "\x1b[", "\x1b]", "\x07", "\\", "m",
	})
	rapid.Check(t, func(t *rapid.T) {
		log := strings.Join(rapid.SliceOfN(token, 0, 40).Draw(t, "log"), "")
		cut := rapid.IntRange(0, len(log)).Draw(t, "cut")
		whole := decode(log)
		if diff := cmp.Diff(whole, decode(log[:cut], log[cut:])); diff != "" {
			t.Fatalf("%q cut at %d:\n%s", log, cut, diff)
		}
		for _, l := range whole {
			if !utf8.ValidString(l.Text) || strings.ContainsAny(l.Plain(), "\x1b\x07\r\n\b") {
				t.Fatalf("%q has %q", log, l.Text)
			}
		}
	})
}

func FuzzDecoder(f *testing.F) {
	f.Add([]byte("\x1b_bk;t=1\x07--- a\r\n\x1b[31mb\x1b]1338;url='x'\x1b\\"))
	f.Fuzz(func(t *testing.T, log []byte) {
		var d logview.Decoder
		for _, l := range append(d.Write(log), d.Close()...) {
			if !utf8.ValidString(l.Text) || strings.ContainsAny(l.Plain(), "\x1b\x07\r\n\b") {
				t.Fatalf("line %q", l.Text)
			}
		}
	})
}

func BenchmarkDecoder(b *testing.B) {
	log := []byte(strings.Repeat("\x1b_bk;t=1795417133914\x07\x1b[32mok\x1b[0m  github.com/acme/app/internal/thing  0.123s\r\n", 1000))
	b.SetBytes(int64(len(log)))
	for b.Loop() {
		var d logview.Decoder
		d.Write(log)
	}
}
