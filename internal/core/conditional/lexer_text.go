package conditional

import (
	"strconv"
	"strings"
)

// singleQuoted reads a string that is taken as it stands, but for \\ and \'.
func (l *lexer) singleQuoted() (string, error) {
	start := l.pos
	var text strings.Builder
	for l.pos++; l.pos < len(l.src); l.pos++ {
		c := l.src[l.pos]
		switch {
		case c == '\'':
			l.pos++
			return text.String(), nil
		case c == '\\' && l.pos+1 < len(l.src) && (l.src[l.pos+1] == '\\' || l.src[l.pos+1] == '\''):
			l.pos++
			c = l.src[l.pos]
		}
		text.WriteByte(c)
	}
	return "", l.errorAt(start, "the string has no closing `'`")
}

// doubleQuoted reads a string with escapes and substitutions.
func (l *lexer) doubleQuoted(depth int) (template, error) {
	start := l.pos
	l.pos++
	text, err := l.templateUntil(`"`, depth)
	if err != nil {
		return nil, err
	}
	if l.pos == len(l.src) {
		return nil, l.errorAt(start, "the string has no closing `\"`")
	}
	l.pos++
	return text, nil
}

// templateUntil reads text with escapes and substitutions up to one of the bytes in ends, or to the end of the source,
// and leaves the position there. Unless it is the content of a string, quoted strings in it lose their quotes.
func (l *lexer) templateUntil(ends string, depth int) (template, error) {
	var b templateBuilder
	quotes := ends != `"`
	for l.pos < len(l.src) && strings.IndexByte(ends, l.src[l.pos]) < 0 {
		var err error
		switch c := l.src[l.pos]; {
		case c == '$':
			err = l.dollar(&b, depth)
		case c == '\\':
			var text string
			text, err = l.escape()
			b.text.WriteString(text)
		case c == '"' && quotes:
			var inner template
			inner, err = l.doubleQuoted(depth)
			b.addAll(inner)
		case c == '\'' && quotes:
			var inner string
			inner, err = l.singleQuoted()
			b.text.WriteString(inner)
		default:
			b.text.WriteByte(c)
			l.pos++
		}
		if err != nil {
			return nil, err
		}
	}
	return b.template(), nil
}

// dollar reads what starts with a dollar sign inside text: `$$` is a dollar sign, and so is one that starts nothing.
func (l *lexer) dollar(b *templateBuilder, depth int) error {
	if strings.HasPrefix(l.src[l.pos:], "$$") {
		b.text.WriteByte('$')
		l.pos += 2
		return nil
	}
	sub, err := l.substitution(depth)
	if err != nil {
		return err
	}
	if sub == nil {
		b.text.WriteByte('$')
		l.pos++
		return nil
	}
	b.add(sub)
	return nil
}

// substitution reads `$NAME` or `${…}`. At a dollar sign that starts neither it returns nil and stays.
func (l *lexer) substitution(depth int) (*substitution, error) {
	start := l.pos
	rest := l.src[start+1:]
	switch {
	case strings.HasPrefix(rest, "{"):
		return l.bracedSubstitution(depth + 1)
	case rest != "" && isNameStart(rest[0]):
		l.pos++
		return &substitution{position: position(start), name: l.takeWhile(isNamePart)}, nil
	default:
		return nil, nil
	}
}

// bracedSubstitution reads from `${` to its closing brace.
func (l *lexer) bracedSubstitution(depth int) (*substitution, error) {
	start := l.pos
	if depth > MaxDepth {
		return nil, l.errorAt(start, "the substitution is nested more than %d levels deep", MaxDepth)
	}
	l.pos += len("${")
	if l.pos == len(l.src) || !isNameStart(l.src[l.pos]) {
		return nil, l.errorAt(start, "expected the name of an environment variable after `${`")
	}
	sub := &substitution{position: position(start), name: l.takeWhile(isNamePart)}
	if err := l.operation(sub, depth); err != nil {
		return nil, err
	}
	if l.pos == len(l.src) {
		return nil, l.errorAt(start, "the substitution has no closing `}`")
	}
	if l.src[l.pos] != '}' {
		return nil, l.errorAt(l.pos, "`${%s` must be followed by `}` or by one of `-`, `+`, `?` and `:`", sub.name)
	}
	l.pos++
	return sub, nil
}

// operation reads the operator and arguments of a substitution, if it has them.
func (l *lexer) operation(sub *substitution, depth int) error {
	for _, op := range substitutionOps {
		if strings.HasPrefix(l.src[l.pos:], string(op)) {
			sub.op = op
			l.pos += len(op)
			break
		}
	}
	var err error
	switch sub.op {
	case opValue:
	case opSubstring:
		if sub.arg, err = l.templateUntil(":}", depth); err == nil && strings.HasPrefix(l.src[l.pos:], ":") {
			l.pos++
			sub.length, err = l.templateUntil("}", depth)
			if sub.length == nil {
				sub.length = template{part{}} // An empty length is an error, not a length left out.
			}
		}
	default:
		sub.arg, err = l.templateUntil("}", depth)
	}
	return err
}

// controlEscapes are the letters that stand for a control character or a space after a backslash.
var controlEscapes = map[byte]string{
	'n': "\n", 's': " ", 'r': "\r", 't': "\t", 'v': "\v", 'f': "\f", 'b': "\b", 'a': "\a", 'e': "\x1b",
}

// escape reads a backslash and what it escapes: a letter above, \xHH and \ooo as one byte, else the next character.
func (l *lexer) escape() (string, error) {
	start := l.pos
	if start+1 == len(l.src) {
		return "", l.errorAt(start, "nothing follows the backslash")
	}
	c := l.src[start+1]
	l.pos += 2
	if text, ok := controlEscapes[c]; ok {
		return text, nil
	}
	if c == 'x' && l.pos+2 <= len(l.src) {
		if b, err := strconv.ParseUint(l.src[l.pos:l.pos+2], 16, 8); err == nil {
			l.pos += 2
			return string([]byte{byte(b)}), nil
		}
	}
	if !isOctal(c) {
		return string([]byte{c}), nil
	}
	for l.pos < len(l.src) && l.pos < start+4 && isOctal(l.src[l.pos]) {
		l.pos++
	}
	b, err := strconv.ParseUint(l.src[start+1:l.pos], 8, 8)
	if err != nil {
		return "", l.errorAt(start, "`%s` is not a byte: octal escapes end at \\377", l.src[start:l.pos])
	}
	return string([]byte{byte(b)}), nil
}

func isOctal(c byte) bool { return '0' <= c && c <= '7' }
