package markup

import (
	"bytes"
	"html"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer"
	goldhtml "github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/util"
)

// Markdown renders the body of an annotation: CommonMark with tables, strikethrough and bare links, HTML within limits,
// and fences marked `term` or `terminal` as terminal output. It never fails: what is not understood is text.
func Markdown(source string) Fragment {
	if tooNested(source) {
		return verbatim(source)
	}
	var b bytes.Buffer
	if err := newMarkdown().Convert([]byte(source), &b); err != nil {
		return verbatim(source)
	}
	fragment := sanitize(annotationPolicy, b.String(), MaxArtifacts)
	balanced, err := balance(fragment.html)
	if err != nil {
		return verbatim(source)
	}
	fragment.html = balanced
	return fragment
}

// verbatim shows a text that cannot be rendered as it was written.
func verbatim(source string) Fragment {
	return Fragment{html: "<pre><code>" + html.EscapeString(source) + "</code></pre>\n"}
}

// newMarkdown makes a converter for one text: its renderer counts.
func newMarkdown() goldmark.Markdown {
	return goldmark.New(
		goldmark.WithParser(boundedParser()),
		goldmark.WithExtensions(
			extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignAttribute)),
			extension.Strikethrough,
			extension.Linkify,
		),
		// HTML of users passes here because the sanitizer comes after.
		goldmark.WithRendererOptions(
			goldhtml.WithUnsafe(),
			renderer.WithNodeRenderers(util.Prioritized(&fences{}, 100)),
		),
	)
}

// fences renders fenced code.
type fences struct {
	terminals int
}

// RegisterFuncs is how goldmark asks for what it renders.
func (f *fences) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(ast.KindFencedCodeBlock, f.render)
}

func (f *fences) render(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	fence := n.(*ast.FencedCodeBlock)
	var text bytes.Buffer
	for i := range fence.Lines().Len() {
		segment := fence.Lines().At(i)
		text.Write(segment.Value(source))
	}
	if !f.isTerminal(fence, source) {
		return ast.WalkContinue, writeAll(w, "<pre><code>", html.EscapeString(text.String()), "</code></pre>\n")
	}
	var rendered strings.Builder
	renderTerminal(bytes.TrimSuffix(text.Bytes(), []byte("\n")), false, func(line string) { rendered.WriteString(line) })
	return ast.WalkContinue, writeAll(w, `<pre class="term"><code>`, rendered.String(), "</code></pre>\n")
}

func (f *fences) isTerminal(fence *ast.FencedCodeBlock, source []byte) bool {
	switch string(fence.Language(source)) {
	case "term", "terminal":
		f.terminals++
		return f.terminals <= MaxTerminalBlocks
	}
	return false
}

func writeAll(w util.BufWriter, parts ...string) error {
	for _, part := range parts {
		if _, err := w.WriteString(part); err != nil {
			return err
		}
	}
	return nil
}
