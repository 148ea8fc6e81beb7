package markup_test

import (
	"strings"
	"testing"

	"github.com/bridle-ci/bridle/internal/core/markup"
	"github.com/google/go-cmp/cmp"
)

const stamp = "\x1b_bk;t=1795417133914\x07"

const stampHTML = `<time datetime="2026-11-23T06:58:53.914Z">2026-11-23T06:58:53.914Z</time>`

func TestLog(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		cut  bool
		want string
	}{
		"empty": {text: "", want: ""},
		"plain": {text: "a\r\nb <i>\r\n", want: "<pre class=\"term\">a\nb &lt;i&gt;\n</pre>\n"},
		"color": {text: "\x1b[32mok\x1b[0m", want: "<pre class=\"term\"><span class=\"term-fg32\">ok</span>\n</pre>\n"},
		"cut":   {text: "rest of a line\nwhole\n", cut: true, want: "<pre class=\"term\">whole\n</pre>\n"},
		"stamps": {
			text: stamp + "~~~ Preparing\n" + stamp + "x\n",
			want: `<details class="term-group term-group-muted"><summary>` + stampHTML + `Preparing</summary><pre class="term">` + stampHTML + "x\n</pre>\n</details>\n",
		},
		"last plain group opens": {
			text: "--- a\n1\n--- b\n2\n~~~ c\n",
			want: "<details class=\"term-group\"><summary>a</summary><pre class=\"term\">1\n</pre>\n</details>\n" +
				"<details class=\"term-group\" open><summary>b</summary><pre class=\"term\">2\n</pre>\n</details>\n" +
				"<details class=\"term-group term-group-muted\"><summary>c</summary></details>\n",
		},
		"an open group": {
			text: "+++ a\n--- b\n",
			want: "<details class=\"term-group\" open><summary>a</summary></details>\n<details class=\"term-group\"><summary>b</summary></details>\n",
		},
		"opening the previous": {
			text: "--- a\n1\n^^^ +++\n2\n--- b\n",
			want: "<details class=\"term-group\" open><summary>a</summary><pre class=\"term\">1\n2\n</pre>\n</details>\n<details class=\"term-group\" open><summary>b</summary></details>\n",
		},
		"no header without a blank": {text: "---\n+++x\n", want: "<pre class=\"term\">---\n+++x\n</pre>\n"},
		"script in a header":        {text: "--- <script>alert(1)</script>\n", want: "<details class=\"term-group\" open><summary>&lt;script&gt;alert(1)&lt;/script&gt;</summary></details>\n"},
		"bad link":                  {text: "\x1b]1339;url='javascript:alert(1)';content='x'\x07", want: "<pre class=\"term\">x\n</pre>\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := strings.ReplaceAll(markup.Log([]byte(c.text), c.cut).HTML(nil), "&#47;", "/")
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("Log(%q) (-want +got):\n%s", c.text, diff)
			}
		})
	}
}

func TestLogArtifacts(t *testing.T) {
	t.Parallel()
	fragment := markup.Log([]byte("\x1b]1338;url='artifact://tmp/shot 1.png';alt='Shot'\x07\n"), false)
	if diff := cmp.Diff([]string{"tmp/shot 1.png"}, fragment.Artifacts()); diff != "" {
		t.Fatalf("artifacts (-want +got):\n%s", diff)
	}
	if got := fragment.HTML(map[string]string{"tmp/shot 1.png": "/blobs/1"}); !strings.Contains(got, `src="/blobs/1"`) {
		t.Errorf("got %s, want the address", got)
	}
}

func TestLogKeepsTheEnd(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("0123456789\n", markup.MaxLogBytes/11+1000) + "last\n"
	got := markup.Log([]byte(text), false).HTML(nil)
	if n := strings.Count(got, "\n"); n > markup.MaxLogBytes/11+2 || n < markup.MaxLogBytes/11-2 {
		t.Errorf("%d lines rendered", n)
	}
	if !strings.Contains(got, "last\n") {
		t.Error("the last line is missing")
	}
}

func FuzzLog(f *testing.F) {
	for _, seed := range []string{
		"--- a\nb\n^^^ +++\n", stamp + "+++ x", "\x1b]1338;url='x\" onerror=';alt='\"'\x07",
		"\x1b]8;;javascript:alert(1)\x07x\x1b]8;;\x07", "\x1b]1337;File=name=YS5zdmc=;inline=1:PHN2Zz4=\x07", "\x1b[5Ax\x1b[2J",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		requireSafe(t, markup.Log(text, false).HTML(nil))
	})
}

func BenchmarkLog(b *testing.B) {
	text := []byte(strings.Repeat(stamp+"\x1b[32mok\x1b[0m package/name (1.2s)\r\n", 20000))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		markup.Log(text, true)
	}
}
