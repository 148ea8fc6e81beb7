package conditional

import (
	"strings"
	"unicode/utf8"
)

// tokenKind is what a token is. Operators and marks are their own text.
type tokenKind string

const (
	tokenEnd          tokenKind = "end"
	tokenNumber       tokenKind = "number"
	tokenName         tokenKind = "name"
	tokenText         tokenKind = "text"
	tokenSubstitution tokenKind = "substitution"
	tokenRegex        tokenKind = "regex"
	tokenIncludes     tokenKind = "includes"
)

// marks are the operators and punctuation, longer ones before their prefixes.
var marks = []tokenKind{"==", "!=", "=~", "!~", "&&", "||", "!", "?", ":", "(", ")", "[", "]", ","}

// token is one word of a condition.
type token struct {
	kind   tokenKind
	offset int
	// text is the name, the digits, or the pattern of a regular expression.
	text string
	// template is the content of a string, or of a substitution with what follows it.
	template template
	// ignoreCase is the flag of a regular expression.
	ignoreCase bool
}

// describe names the token in messages.
func (t token) describe() string {
	switch t.kind {
	case tokenEnd:
		return "the end of the condition"
	case tokenNumber, tokenName:
		return "`" + t.text + "`"
	case tokenText:
		return "a string"
	case tokenSubstitution:
		return "a substitution"
	case tokenRegex:
		return "a regular expression"
	default:
		return "`" + string(t.kind) + "`"
	}
}

// lexer cuts a condition into tokens. Its position is a byte offset into src.
type lexer struct {
	src string
	pos int
}

// next reads a token. A slash always starts a comment or a regular expression, as the language has no division.
func (l *lexer) next() (token, error) {
	l.skipBlank()
	start := l.pos
	if start == len(l.src) {
		return token{kind: tokenEnd, offset: start}, nil
	}
	switch c := l.src[start]; {
	case c == '"':
		text, err := l.doubleQuoted(0)
		return token{kind: tokenText, offset: start, template: text}, err
	case c == '\'':
		text, err := l.singleQuoted()
		return token{kind: tokenText, offset: start, template: literal(text)}, err
	case c == '/':
		return l.regex()
	case c == '$':
		return l.operandSubstitution()
	case isDigit(c):
		return token{kind: tokenNumber, offset: start, text: l.takeWhile(isDigit)}, nil
	case isNameStart(c):
		return l.name()
	}
	for _, mark := range marks {
		if strings.HasPrefix(l.src[start:], string(mark)) {
			l.pos += len(mark)
			return token{kind: mark, offset: start}, nil
		}
	}
	r, _ := utf8.DecodeRuneInString(l.src[start:])
	return token{}, l.errorAt(start, "%q is not part of the language of conditions", string(r))
}

// skipBlank moves past white space and comments.
func (l *lexer) skipBlank() {
	for {
		l.takeWhile(func(c byte) bool { return strings.IndexByte(" \t\r\n\f\v", c) >= 0 })
		if !strings.HasPrefix(l.src[l.pos:], "//") {
			return
		}
		l.takeWhile(func(c byte) bool { return c != '\n' })
	}
}

// name reads a dotted name, which is flat: the language knows no objects.
func (l *lexer) name() (token, error) {
	start := l.pos
	l.takeWhile(isNamePart)
	for l.pos < len(l.src) && l.src[l.pos] == '.' {
		l.pos++
		if l.pos == len(l.src) || !isNameStart(l.src[l.pos]) {
			return token{}, l.errorAt(l.pos-1, "expected a name after `%s`", l.src[start:l.pos])
		}
		l.takeWhile(isNamePart)
	}
	text := l.src[start:l.pos]
	if text == string(tokenIncludes) {
		return token{kind: tokenIncludes, offset: start}, nil
	}
	return token{kind: tokenName, offset: start, text: text}, nil
}

// regex reads a regular expression and its flag. The first slash without a backslash ends it, in a character class too.
func (l *lexer) regex() (token, error) {
	start := l.pos
	end := start + 1
	for end < len(l.src) && l.src[end] != '/' && l.src[end] != '\n' {
		if l.src[end] == '\\' {
			end++
		}
		end++
	}
	if end >= len(l.src) || l.src[end] == '\n' {
		return token{}, l.errorAt(start, "the regular expression has no closing `/`")
	}
	l.pos = end + 1
	flagsAt := l.pos
	flags := l.takeWhile(isNamePart)
	if flags != "" && flags != "i" {
		return token{}, l.errorAt(flagsAt, "`%s` is not a flag of a regular expression: only `i` is", flags)
	}
	return token{kind: tokenRegex, offset: start, text: l.src[start+1 : end], ignoreCase: flags == "i"}, nil
}

// operandSubstitution reads `$NAME` or `${…}` outside of a string. Dotted text right after a bare name belongs to it:
// `$branch.x` is the value followed by ".x".
func (l *lexer) operandSubstitution() (token, error) {
	start := l.pos
	sub, err := l.substitution(0)
	if err != nil {
		return token{}, err
	}
	if sub == nil {
		return token{}, l.errorAt(start, "`$` must be followed by the name of an environment variable")
	}
	text := template{part{sub: sub}}
	if l.src[l.pos-1] != '}' {
		suffix := l.takeWhile(func(c byte) bool { return c == '.' || isNamePart(c) })
		text = append(text, literal(suffix)...)
	}
	return token{kind: tokenSubstitution, offset: start, template: text}, nil
}

// takeWhile moves past the bytes that satisfy ok and returns them.
func (l *lexer) takeWhile(ok func(byte) bool) string {
	start := l.pos
	for l.pos < len(l.src) && ok(l.src[l.pos]) {
		l.pos++
	}
	return l.src[start:l.pos]
}

func (l *lexer) errorAt(offset int, format string, args ...any) error {
	return errorAt(l.src, offset, format, args...)
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isNameStart(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' }

func isNamePart(c byte) bool { return isNameStart(c) || isDigit(c) }
