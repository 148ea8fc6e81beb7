package artifact

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// Pattern matches paths as a search does: `*` stands for any text, slashes as well, `**/` for any directories or none,
// `?` for one character, `[abc]` and `[^abc]` for one of some or none of them, `\` takes the next character as it is. A
// pattern matches whole paths. See docs/contract/agent-api.md, section 12, and docs/contract/pipelines.md, section 27.
type Pattern struct {
	tokens []token
	// literal is the path a pattern without any sign stands for.
	literal   string
	isLiteral bool
}

type tokenKind byte

const (
	char tokenKind = iota
	anyChar
	class
	anyText // any characters, also none
	anyDirs // nothing, or any characters up to and with a slash
)

type token struct {
	kind    tokenKind
	char    rune
	set     string
	negated bool
}

// ErrPattern says that a pattern is too long, not UTF-8 or empty.
var ErrPattern = errors.New("the search pattern must be between 1 and 1024 bytes of UTF-8 text")

// ParsePattern reads a pattern. Signs that do not make sense where they stand are ordinary characters.
func ParsePattern(text string) (Pattern, error) {
	if text == "" || len(text) > MaxPatternBytes || !utf8.ValidString(text) {
		return Pattern{}, ErrPattern
	}
	var (
		tokens  []token
		literal strings.Builder
		plain   = true
		rs      = []rune(text)
	)
	for i := 0; i < len(rs); {
		t, width := nextToken(rs, i)
		i += width
		if t.kind != char {
			plain = false
		}
		literal.WriteRune(t.char)
		if n := len(tokens); t.kind == anyText && n > 0 && tokens[n-1].kind == anyText {
			continue
		}
		tokens = append(tokens, t)
	}
	if plain {
		return Pattern{literal: literal.String(), isLiteral: true}, nil
	}
	return Pattern{tokens: tokens}, nil
}

// Literal returns the one path a pattern without signs matches.
func (p Pattern) Literal() (path string, ok bool) { return p.literal, p.isLiteral }

func nextToken(rs []rune, i int) (t token, width int) {
	switch r := rs[i]; r {
	case '*':
		if i+2 < len(rs) && rs[i+1] == '*' && rs[i+2] == '/' && (i == 0 || rs[i-1] == '/') {
			return token{kind: anyDirs}, 3
		}
		return token{kind: anyText}, 1
	case '?':
		return token{kind: anyChar}, 1
	case '[':
		if t, width, ok := readClass(rs[i:]); ok {
			return t, width
		}
		return token{char: r}, 1
	case '\\':
		if i+1 < len(rs) {
			return token{char: rs[i+1]}, 2
		}
		return token{char: r}, 1
	default:
		return token{char: r}, 1
	}
}

// readClass reads `[abc]`; ranges are not part of the contract, so a hyphen is itself.
func readClass(rs []rune) (t token, width int, ok bool) {
	t.kind = class
	i := 1
	if i < len(rs) && (rs[i] == '^' || rs[i] == '!') {
		t.negated = true
		i++
	}
	start := i
	for ; i < len(rs); i++ {
		if rs[i] == ']' && i > start {
			t.set = string(rs[start:i])
			return t, i + 1, true
		}
	}
	return token{}, 0, false
}

// Match reports whether the pattern stands for the path. Its time is at most the product of both lengths, whatever they
// hold: after a sign for any text has been passed, only the latest such sign is ever tried again.
func (p Pattern) Match(path string) bool {
	if p.isLiteral {
		return path == p.literal
	}
	var (
		at, next         int
		retryAt, retryTo = -1, 0
	)
	for {
		if next < len(p.tokens) && p.tokens[next].kind >= anyText {
			retryAt, retryTo = at, next
			next++
			continue
		}
		if at == len(path) && next == len(p.tokens) {
			return true
		}
		if at < len(path) && next < len(p.tokens) {
			r, width := utf8.DecodeRuneInString(path[at:])
			if p.tokens[next].matches(r) {
				at += width
				next++
				continue
			}
		}
		// A later place for the latest sign for any text.
		if retryAt < 0 {
			return false
		}
		retryAt = p.tokens[retryTo].grow(path, retryAt)
		if retryAt < 0 {
			return false
		}
		at, next = retryAt, retryTo+1
	}
}

func (t token) matches(r rune) bool {
	switch t.kind {
	case char:
		return r == t.char
	case anyChar:
		return true
	default:
		return strings.ContainsRune(t.set, r) != t.negated
	}
}

// grow returns the next larger place where the text that t stands for may end, -1 when there is none.
func (t token) grow(path string, at int) int {
	if t.kind == anyDirs {
		slash := strings.IndexByte(path[at:], '/')
		if slash < 0 {
			return -1
		}
		return at + slash + 1
	}
	if at >= len(path) {
		return -1
	}
	_, width := utf8.DecodeRuneInString(path[at:])
	return at + width
}
