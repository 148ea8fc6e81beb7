package markup

import (
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// Markdown that is made to be hard takes a parser time with the square of its length. A job's text is not to be trusted
// with that, so the three ways there are bounded. What is beyond the bounds stays as it was written; no text by a person
// comes near them.
const (
	// maxNesting is how many quotes and lists may begin on one line.
	maxNesting = 64
	// linkBudget is how many bytes and lines may be looked at, in all, for the ends and the texts of links.
	linkBudget = 50 << 20
	// maxReferenceLines is how many lines a paragraph may have that begins with link definitions.
	maxReferenceLines = 1000
)

// tooNested reports whether a line begins more quotes and lists than may be.
func tooNested(source string) bool {
	for line := range strings.Lines(source) {
		if nesting(line) > maxNesting {
			return true
		}
	}
	return false
}

// nesting counts the markers of quotes and lists that a line begins with.
func nesting(line string) int {
	n := 0
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '>':
			n++
		case c == ' ' || c == '\t' || (c >= '0' && c <= '9'):
		case strings.IndexByte("-+*.)", c) >= 0:
			if i+1 < len(line) && (line[i+1] == ' ' || line[i+1] == '\t') {
				n++
			}
		default:
			return n
		}
	}
	return n
}

// boundedParser is the default parser of CommonMark within bounds. It is for one text: it counts.
func boundedParser() parser.Parser {
	inline := parser.DefaultInlineParsers()
	for i, p := range inline {
		if links, ok := p.Value.(linkParser); ok && isLinkParser(links) {
			inline[i] = util.Prioritized(&boundedLinks{linkParser: links, budget: linkBudget}, p.Priority)
		}
	}
	paragraphs := parser.DefaultParagraphTransformers()
	for i, p := range paragraphs {
		if t, ok := p.Value.(parser.ParagraphTransformer); ok {
			paragraphs[i] = util.Prioritized(boundedReferences{t}, p.Priority)
		}
	}
	return parser.NewParser(
		parser.WithBlockParsers(parser.DefaultBlockParsers()...),
		parser.WithInlineParsers(inline...),
		parser.WithParagraphTransformers(paragraphs...),
	)
}

// linkParser is what goldmark's parser of links offers.
type linkParser interface {
	parser.InlineParser
	parser.CloseBlocker
}

func isLinkParser(p linkParser) bool { return strings.Contains(string(p.Trigger()), "]") }

// boundedLinks takes brackets for text once the budget is spent.
type boundedLinks struct {
	linkParser
	budget int
}

// Parse is how goldmark asks for a link at a bracket.
func (b *boundedLinks) Parse(parent ast.Node, block text.Reader, pc parser.Context) ast.Node {
	line, segment := block.PeekLine()
	if line[0] == ']' {
		b.budget -= parent.Lines().Len()
		if len(line) > 1 && line[1] == '(' {
			b.budget -= rest(parent, segment)
		}
	}
	if b.budget < 0 {
		return nil
	}
	return b.linkParser.Parse(parent, block, pc)
}

// rest is the length of a block's text from a segment of it on.
func rest(block ast.Node, from text.Segment) int {
	lines := block.Lines()
	if lines.Len() == 0 {
		return from.Len()
	}
	return max(lines.At(lines.Len()-1).Stop-from.Start, from.Len())
}

// boundedReferences leaves paragraphs alone that have very many lines.
type boundedReferences struct {
	parser.ParagraphTransformer
}

// Transform is how goldmark has link definitions taken out of a paragraph.
func (b boundedReferences) Transform(p *ast.Paragraph, reader text.Reader, pc parser.Context) {
	if p.Lines().Len() <= maxReferenceLines {
		b.ParagraphTransformer.Transform(p, reader, pc)
	}
}
