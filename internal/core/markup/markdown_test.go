package markup_test

import (
	"strings"
	"testing"

	"github.com/bridle-ci/bridle/internal/core/markup"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

func TestMarkdown(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ source, want string }{
		"paragraph":          {"hello *you* **there**", "<p>hello <em>you</em> <strong>there</strong></p>\n"},
		"empty":              {"", ""},
		"heading":            {"### Tests", "<h3>Tests</h3>\n"},
		"list":               {"1. a\n2. b", "<ol>\n<li>a</li>\n<li>b</li>\n</ol>\n"},
		"list from a number": {"3. a", "<ol start=\"3\">\n<li>a</li>\n</ol>\n"},
		"no task list":       {"- [x] done", "<ul>\n<li>[x] done</li>\n</ul>\n"},
		"table": {
			"| a | b |\n|---|--:|\n| 1 | 2 |",
			"<table>\n<thead>\n<tr>\n<th>a</th>\n<th align=\"right\">b</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>1</td>\n<td align=\"right\">2</td>\n</tr>\n</tbody>\n</table>\n",
		},
		"strikethrough":       {"~~old~~", "<p><del>old</del></p>\n"},
		"bare link":           {"see https://example.com/x", "<p>see <a href=\"https://example.com/x\" rel=\"nofollow noreferrer\">https://example.com/x</a></p>\n"},
		"fence":               {"```go\nif a < b {}\n```", "<pre><code>if a &lt; b {}\n</code></pre>\n"},
		"term fence":          {"```term\n\x1b[31mred\x1b[0m <b>\n```", "<pre class=\"term\"><code><span class=\"term-fg31\">red</span> &lt;b&gt;</code></pre>\n"},
		"terminal fence":      {"```terminal\nplain\n```", "<pre class=\"term\"><code>plain</code></pre>\n"},
		"rendered terminal":   {`<pre class="term"><code><span class="term-fg31">x</span></code></pre>`, `<pre class="term"><code><span class="term-fg31">x</span></code></pre>`},
		"details":             {"<details open>\n<summary>More</summary>\n\nbody\n\n</details>", "<details open=\"\">\n<summary>More</summary>\n<p>body</p>\n</details>"},
		"allowed class":       {`<div class="flex mb2 fixed nonsense">x</div>`, `<div class="flex mb2">x</div>`},
		"no allowed class":    {`<div class="fixed">x</div>`, `<div>x</div>`},
		"style stripped":      {`<p style="position:fixed">x</p>`, `<p>x</p>`},
		"script":              {"<script>alert(1)</script>after", "after"},
		"handler":             {`<img src="/x.png" onerror="alert(1)">`, `<img src="/x.png"/>`},
		"javascript address":  {"[x](javascript:alert(1))", "<p>x</p>\n"},
		"data address":        {"[x](data:text/html;base64,PHNjcmlwdD4=)", "<p>x</p>\n"},
		"iframe":              {`<iframe src="https://example.com"></iframe>ok`, "ok"},
		"closing the outside": {"</div></div><b>x", "x"},
		"unclosed":            {"<div><span>x", "<div><span>x</span></div>"},
		"image size":          {`<img src="https://e.com/a.png" alt="A" height=250 width="1e9">`, `<img src="https://e.com/a.png" alt="A" height="250"/>`},
		"emoji stay":          {":rocket: done", "<p>:rocket: done</p>\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, markup.Markdown(c.source).HTML(nil)); diff != "" {
				t.Errorf("Markdown(%q) (-want +got):\n%s", c.source, diff)
			}
		})
	}
}

func TestMarkdownTerminalBlocks(t *testing.T) {
	t.Parallel()
	source := strings.Repeat("```term\n\x1b[1mbold\n```\n\n", markup.MaxTerminalBlocks+2)
	got := markup.Markdown(source).HTML(nil)
	if n := strings.Count(got, `class="term"`); n != markup.MaxTerminalBlocks {
		t.Errorf("%d terminal blocks, want %d", n, markup.MaxTerminalBlocks)
	}
}

func TestArtifacts(t *testing.T) {
	t.Parallel()
	links := map[string]string{
		"indy.png":        "https://ci.example/blobs/1?a=1&b=2",
		"my dir/a%b.html": "https://ci.example/blobs/2",
	}
	source := `<img src="artifact://indy.png" alt="I"> [report](<artifact://my dir/a%b.html>) <a href="artifact://gone.txt">gone</a>`
	fragment := markup.Markdown(source)
	if diff := cmp.Diff([]string{"indy.png", "my dir/a%b.html", "gone.txt"}, fragment.Artifacts()); diff != "" {
		t.Errorf("artifacts (-want +got):\n%s", diff)
	}
	want := `<p><img src="https://ci.example/blobs/1?a=1&amp;b=2" alt="I"/>` +
		` <a href="https://ci.example/blobs/2" rel="nofollow noreferrer">report</a> <a rel="nofollow noreferrer">gone</a></p>` + "\n"
	if diff := cmp.Diff(want, fragment.HTML(links)); diff != "" {
		t.Errorf("html (-want +got):\n%s", diff)
	}
}

func TestArtifactsLimit(t *testing.T) {
	t.Parallel()
	fragment := markup.Markdown(strings.Repeat("![x](artifact://a.png)\n\n", markup.MaxArtifacts+5))
	if diff := cmp.Diff([]string{"a.png"}, fragment.Artifacts()); diff != "" {
		t.Errorf("artifacts (-want +got):\n%s", diff)
	}
	got := fragment.HTML(map[string]string{"a.png": "/blob"})
	if n := strings.Count(got, `src="/blob"`); n != markup.MaxArtifacts {
		t.Errorf("%d resolved, want %d", n, markup.MaxArtifacts)
	}
}

func TestArtifactsForgedAddress(t *testing.T) {
	t.Parallel()
	got := markup.Markdown(`<a href="artifact:%%%">x</a><a href="artifact:alert(1)">y</a>`).HTML(map[string]string{"": "/z"})
	if strings.Contains(got, "href") {
		t.Errorf("got %s, want no address", got)
	}
}

// TestMarkdownMadeToBeHard would take minutes for some of these without bounds.
func TestMarkdownMadeToBeHard(t *testing.T) {
	t.Parallel()
	for name, source := range map[string]string{
		"links":       strings.Repeat("![a](b", 150_000),
		"definitions": strings.Repeat("[a]: b\n", 100_000),
		"markers":     strings.Repeat("+ ", 300_000) + "x",
		"quotes":      strings.Repeat("> ", 20000) + "x",
		"elements":    strings.Repeat("<div>", 20000) + "x",
		"lists":       strings.Repeat("- ", 5000) + "x",
		"emphasis":    strings.Repeat("*a **b ", 20000),
		"brackets":    strings.Repeat("[", 50000),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := markup.Markdown(source).HTML(nil); !strings.Contains(got, "x") && !strings.Contains(got, "a") && !strings.Contains(got, "[") {
				t.Errorf("got %.80q, want the text", got)
			}
		})
	}
}

func TestMarkdownNesting(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{64: "<blockquote>", 65: "<pre><code>&gt; "} {
		if got := markup.Markdown(strings.Repeat("> ", n) + "x").HTML(nil); !strings.HasPrefix(got, want) {
			t.Errorf("%d quotes: got %.40q, want it to begin with %q", n, got, want)
		}
	}
}

func TestMarkdownManyLinks(t *testing.T) {
	t.Parallel()
	const n = 2000
	for name, source := range map[string]string{
		"a list":  strings.Repeat("- [test failed](https://ci.example/1)\n", n),
		"a line":  strings.Repeat("[a](https://ci.example/1) ", n/4),
		"defined": strings.Repeat("see [it]\n\n", n) + "[it]: https://ci.example/1\n",
	} {
		want := n
		if name == "a line" {
			want = n / 4
		}
		if got := strings.Count(markup.Markdown(source).HTML(nil), "<a href="); got != want {
			t.Errorf("%s: %d links, want %d", name, got, want)
		}
	}
}

func FuzzMarkdown(f *testing.F) {
	for _, seed := range []string{
		"# a\n\n```term\n\x1b[31mx\n```", `<img src=x onerror=alert(1)>`, `<a href="jav&#x09;ascript:alert(1)">x</a>`,
		"[a](javascript:alert(1))", "<svg><script>1</script></svg>", "![x](artifact://a b.png)",
		"<scr<script>ipt>alert(1)</script>", "<details open onclick=x><summary>s", "<a href='artifact:x'>",
		"<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, source string) {
		fragment := markup.Markdown(source)
		links := map[string]string{}
		for _, path := range fragment.Artifacts() {
			links[path] = "/blobs/x"
		}
		requireSafe(t, fragment.HTML(links))
	})
}

// requireSafe parses HTML as a browser does and looks for whatever could run.
func requireSafe(t *testing.T, text string) {
	t.Helper()
	nodes, err := html.ParseFragment(strings.NewReader(text), &html.Node{Type: html.ElementNode, Data: "div", DataAtom: atom.Div})
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	for _, node := range nodes {
		requireSafeNode(t, node, text)
	}
}

func requireSafeNode(t *testing.T, n *html.Node, text string) {
	t.Helper()
	if n.Type == html.ElementNode {
		switch n.Data {
		case "script", "style", "iframe", "object", "embed", "link", "meta", "base", "form", "svg", "math", "template":
			t.Fatalf("element %s in %q", n.Data, text)
		}
		for _, a := range n.Attr {
			key, value := strings.ToLower(a.Key), strings.ToLower(strings.TrimSpace(a.Val))
			if strings.HasPrefix(key, "on") || key == "style" || key == "srcdoc" || key == "formaction" {
				t.Fatalf("attribute %s in %q", a.Key, text)
			}
			if key != "href" && key != "src" {
				continue
			}
			for _, bad := range []string{"javascript:", "vbscript:", "artifact:"} {
				if strings.HasPrefix(value, bad) {
					t.Fatalf("address %q in %q", a.Val, text)
				}
			}
			if strings.HasPrefix(value, "data:") && !strings.HasPrefix(value, "data:image/") {
				t.Fatalf("address %q in %q", a.Val, text)
			}
		}
	}
	for child := range n.ChildNodes() {
		requireSafeNode(t, child, text)
	}
}
