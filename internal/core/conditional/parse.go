package conditional

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Expr is a condition that has been parsed and checked.
type Expr struct {
	src  string
	root node
}

// String returns the condition as it was written.
func (e *Expr) String() string { return e.src }

// Parse reads the condition src for the place scope and checks all of it, also what evaluation might skip. It returns
// ErrBlank for a blank condition and an *Error with a position for every other fault.
func Parse(src string, scope Scope) (*Expr, error) {
	if strings.TrimSpace(src) == "" {
		return nil, ErrBlank
	}
	if len(src) > MaxLength {
		return nil, errorAt(src, 0, "the condition is %d bytes long, the limit is %d", len(src), MaxLength)
	}
	if !utf8.ValidString(src) {
		return nil, errorAt(src, 0, "the condition is not valid UTF-8 text")
	}
	root, err := parse(src)
	if err != nil {
		return nil, err
	}
	c := &checker{src: src, scope: scope}
	if err := c.condition(root); err != nil {
		return nil, err
	}
	return &Expr{src: src, root: root}, nil
}

func parse(src string) (node, error) {
	p := &parser{lexer: lexer{src: src}}
	if err := p.advance(); err != nil {
		return nil, err
	}
	root, err := p.ternary()
	if err != nil {
		return nil, err
	}
	if p.token.kind != tokenEnd {
		return nil, p.unexpected("expected an operator or the end of the condition")
	}
	return root, nil
}

// parser reads tokens by recursive descent, a method per level of precedence from the loosest inwards.
type parser struct {
	lexer   lexer
	token   token
	depth   int
	regexes int
}

func (p *parser) advance() (err error) {
	p.token, err = p.lexer.next()
	return err
}

// take moves past the present token when it is of kind and reports whether it was.
func (p *parser) take(kind tokenKind) (bool, error) {
	if p.token.kind != kind {
		return false, nil
	}
	return true, p.advance()
}

// expect moves past the present token, which must be of kind.
func (p *parser) expect(kind tokenKind, purpose string) error {
	taken, err := p.take(kind)
	if err == nil && !taken {
		err = p.unexpected("expected `" + string(kind) + "` " + purpose)
	}
	return err
}

func (p *parser) unexpected(expectation string) error {
	return p.errorAt(p.token.offset, "%s but found %s", expectation, p.token.describe())
}

func (p *parser) errorAt(offset int, format string, args ...any) error {
	return errorAt(p.lexer.src, offset, format, args...)
}

// enter counts a level of nesting; the caller must call leave unless it returns an error.
func (p *parser) enter() error {
	if p.depth == MaxDepth {
		return p.errorAt(p.token.offset, "the condition is nested more than %d levels deep", MaxDepth)
	}
	p.depth++
	return nil
}

func (p *parser) leave() { p.depth-- }

// ternary reads `condition ? yes : no`, which groups to the right.
func (p *parser) ternary() (node, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	condition, err := p.logical("||", func() (node, error) { return p.logical("&&", p.comparison) })
	if err != nil {
		return nil, err
	}
	at := position(p.token.offset)
	if taken, err := p.take("?"); err != nil || !taken {
		return condition, err
	}
	yes, err := p.ternary()
	if err != nil {
		return nil, err
	}
	if err := p.expect(":", "between the branches of `?`"); err != nil {
		return nil, err
	}
	no, err := p.ternary()
	if err != nil {
		return nil, err
	}
	return &ternaryNode{at, condition, yes, no}, nil
}

// logical reads operands joined with op.
func (p *parser) logical(op tokenKind, operand func() (node, error)) (node, error) {
	left, err := operand()
	for err == nil && p.token.kind == op {
		at := position(p.token.offset)
		if err = p.advance(); err != nil {
			break
		}
		var right node
		right, err = operand()
		left = &logicalNode{at, op, left, right}
	}
	return left, err
}

// comparison reads operands joined with the comparison operators, which group to the left.
func (p *parser) comparison() (node, error) {
	left, err := p.unary()
	for err == nil {
		at, op := position(p.token.offset), p.token.kind
		switch op {
		case "==", "!=", "=~", "!~", tokenIncludes:
		default:
			return left, nil
		}
		if err = p.advance(); err != nil {
			break
		}
		left, err = p.compared(at, op, left)
	}
	return left, err
}

// compared reads the right side of a comparison.
func (p *parser) compared(at position, op tokenKind, left node) (node, error) {
	if p.token.kind == tokenRegex && op != "==" && op != "!=" {
		pattern, err := p.regex()
		if op == tokenIncludes {
			return &includesNode{position: at, left: left, pattern: pattern}, err
		}
		return &matchNode{at, op, left, pattern}, err
	}
	if op == "=~" || op == "!~" {
		return nil, p.unexpected("expected a regular expression such as /^v1/ after `" + string(op) + "`")
	}
	right, err := p.unary()
	if op == tokenIncludes {
		return &includesNode{position: at, left: left, right: right}, err
	}
	return &equalNode{position: at, op: op, left: left, right: right}, err
}

// regex compiles the present token.
func (p *parser) regex() (*regex, error) {
	at := p.token.offset
	if p.regexes++; p.regexes > MaxRegexCount {
		return nil, p.errorAt(at, "the condition has more than %d regular expressions", MaxRegexCount)
	}
	compiled, err := compileRegex(p.token.text, p.token.ignoreCase)
	if err != nil {
		return nil, p.errorAt(at, "%s", err)
	}
	return &regex{position(at), compiled}, p.advance()
}

// unary reads an operand that may be negated.
func (p *parser) unary() (node, error) {
	at := position(p.token.offset)
	negated, err := p.take("!")
	if err != nil {
		return nil, err
	}
	if !negated {
		return p.operand()
	}
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	operand, err := p.unary()
	return &notNode{at, operand}, err
}

// operand reads a literal, a variable, a call, a substitution or something in parentheses.
func (p *parser) operand() (node, error) {
	t := p.token
	at := position(t.offset)
	switch t.kind {
	case tokenNumber:
		number, err := strconv.Atoi(t.text)
		if err != nil {
			return nil, p.errorAt(t.offset, "the number `%s` is too large", t.text)
		}
		return &constant{at, Int(number)}, p.advance()
	case tokenText:
		return &textNode{at, t.template}, p.advance()
	case tokenSubstitution:
		if len(t.template) > 1 {
			return &textNode{at, t.template}, p.advance()
		}
		return &substitutionNode{at, t.template[0].sub}, p.advance()
	case tokenName:
		return p.name()
	case "[":
		elements, err := p.list("[", "]")
		return &arrayNode{at, elements}, err
	case "(":
		return p.group()
	case tokenRegex:
		return nil, p.errorAt(t.offset, "a regular expression may only stand right after `=~`, `!~` or `includes`")
	default:
		return nil, p.unexpected("expected a value")
	}
}

// name reads a keyword, a variable or a call.
func (p *parser) name() (node, error) {
	t := p.token
	at := position(t.offset)
	if err := p.advance(); err != nil {
		return nil, err
	}
	switch t.text {
	case "true", "false":
		return &constant{at, Bool(t.text == "true")}, nil
	case "null":
		return &constant{at, Null()}, nil
	}
	if p.token.kind != "(" {
		return &variableNode{position: at, name: t.text}, nil
	}
	args, err := p.list("(", ")")
	return &callNode{at, t.text, args}, err
}

// group reads something in parentheses.
func (p *parser) group() (node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	inner, err := p.ternary()
	if err != nil {
		return nil, err
	}
	return inner, p.expect(")", "to close the parenthesis")
}

// list reads values separated by commas between two brackets.
func (p *parser) list(opening, closing tokenKind) ([]node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if taken, err := p.take(closing); err != nil || taken {
		return nil, err
	}
	var items []node
	for {
		item, err := p.ternary()
		if err != nil {
			return nil, err
		}
		items = append(items, item)
		more, err := p.take(",")
		if err != nil {
			return nil, err
		}
		if !more {
			return items, p.expect(closing, "or `,` after what follows `"+string(opening)+"`")
		}
	}
}
