package zzglob

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf8"
)

// parser translates a pattern into two regular expressions in one pass. The
// pattern is a sequence of small pieces; the expression for directories allows
// each piece to match nothing at the end of the text, and so accepts exactly
// the paths that could still grow into a match.
type parser struct {
	rest        string
	sep, esc    rune
	expandTilde bool

	full, dirs strings.Builder

	prefix  strings.Builder // the literal text before the first piece that is not
	special bool            // there was such a piece
}

func parse(pattern string, sep rune, opts ...ParseOption) (*Pattern, error) {
	p := &parser{rest: pattern, sep: sep, esc: '\\', expandTilde: true}
	if sep == '\\' {
		p.esc = '/'
	}
	for _, opt := range opts {
		opt(p)
	}

	if p.expandTilde {
		if err := p.tilde(); err != nil {
			return nil, err
		}
	}
	if _, err := p.sequence(true, false); err != nil {
		return nil, err
	}

	full, err := regexp.Compile(`\A(?s:` + p.full.String() + `)\z`)
	if err != nil {
		return nil, err
	}
	dirs, err := regexp.Compile(`\A(?s:` + p.dirs.String() + `)\z`)
	if err != nil {
		return nil, err
	}
	prefix := p.prefix.String()
	return &Pattern{
		base:      prefix[:strings.LastIndexByte(prefix, '/')+1],
		literal:   prefix,
		isLiteral: !p.special,
		full:      full,
		dirs:      dirs,
	}, nil
}

func (p *parser) tilde() error {
	after, found := strings.CutPrefix(p.rest, "~")
	if !found || after != "" && !strings.HasPrefix(after, string(p.sep)) {
		return nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return fmt.Errorf("expand ~: %w", err)
	}
	p.text(filepath.ToSlash(home))
	p.rest = after
	return nil
}

// sequence reads up to the end of the pattern or, inside braces, up to the
// comma or brace that ends the alternative, which it leaves unread. It takes
// and returns whether a path segment starts at this point.
func (p *parser) sequence(segmentStart, inBraces bool) (bool, error) {
	for p.rest != "" {
		if inBraces && (p.rest[0] == ',' || p.rest[0] == '}') {
			break
		}
		raw, r := p.next()
		switch r {
		case p.sep:
			p.text("/")
			segmentStart = true
			continue

		case p.esc:
			if p.rest == "" {
				return false, fmt.Errorf("nothing after the last %c", p.esc)
			}
			raw, _ = p.next()
			p.text(raw)

		case '?':
			p.wildcard(`[^/]`)

		case '*':
			if p.stars(segmentStart) {
				continue
			}

		case '[':
			class, err := p.class()
			if err != nil {
				return false, err
			}
			p.wildcard(class)

		case '{':
			var err error
			if segmentStart, err = p.alternatives(segmentStart); err != nil {
				return false, err
			}
			continue

		default:
			p.text(raw)
		}
		segmentStart = false
	}
	return segmentStart, nil
}

// stars reads the rest of a run of stars. It reports whether it took the
// separator after a ** too, since a whole ** segment may stand for none.
func (p *parser) stars(segmentStart bool) bool {
	if !strings.HasPrefix(p.rest, "*") {
		p.wildcard(`[^/]*`)
		return false
	}
	p.rest = strings.TrimLeft(p.rest, "*")
	if after, found := strings.CutPrefix(p.rest, string(p.sep)); found && segmentStart {
		p.rest = after
		p.wildcard(`(?:.*/)?`)
		return true
	}
	p.wildcard(`.*`)
	return false
}

// alternatives reads what follows an opening brace. A segment starts after the
// braces if it does after each alternative.
func (p *parser) alternatives(segmentStart bool) (bool, error) {
	p.special = true
	p.both(`(?:`)
	startsAfter := true
	for {
		starts, err := p.sequence(segmentStart, true)
		if err != nil {
			return false, err
		}
		startsAfter = startsAfter && starts
		if p.rest == "" {
			return false, errors.New("a { has no }")
		}
		if _, r := p.next(); r == '}' {
			p.both(`)`)
			return startsAfter, nil
		}
		p.both(`|`)
	}
}

// class reads what follows an opening bracket and returns the class for a
// regular expression, in which / is never a member.
func (p *parser) class() (string, error) {
	var ranges strings.Builder
	add := func(low, high rune) {
		if low <= high {
			fmt.Fprintf(&ranges, `\x{%x}-\x{%x}`, low, high)
		}
	}
	negated := false
	if after, found := strings.CutPrefix(p.rest, "^"); found {
		p.rest, negated = after, true
		add('/', '/')
	}
	empty := strings.HasPrefix(p.rest, "]")
	for !strings.HasPrefix(p.rest, "]") {
		low, err := p.member()
		if err != nil {
			return "", err
		}
		high := low
		if strings.HasPrefix(p.rest, "-") && !strings.HasPrefix(p.rest, "-]") {
			p.next()
			if high, err = p.member(); err != nil {
				return "", err
			}
			if high < low {
				return "", fmt.Errorf("the range %c-%c is empty", low, high)
			}
		}
		if !negated && low <= '/' && '/' <= high {
			add(low, '/'-1)
			low = '/' + 1
		}
		add(low, high)
	}
	p.next()
	if empty || ranges.Len() == 0 {
		return "", errors.New("a [] has no character to match")
	}
	if negated {
		return `[^` + ranges.String() + `]`, nil
	}
	return `[` + ranges.String() + `]`, nil
}

func (p *parser) member() (rune, error) {
	_, r := p.next()
	if r == p.esc {
		_, r = p.next()
	}
	if p.rest == "" {
		return 0, errors.New("a [ has no ]")
	}
	return r, nil
}

// next takes one character off the pattern. File names need not be valid
// UTF-8, so the bytes are returned beside the rune.
func (p *parser) next() (string, rune) {
	r, size := utf8.DecodeRuneInString(p.rest)
	raw := p.rest[:size]
	p.rest = p.rest[size:]
	return raw, r
}

func (p *parser) text(raw string) {
	if !p.special {
		p.prefix.WriteString(raw)
	}
	// The detour makes U+FFFD of each byte that is not UTF-8, as matching does.
	p.piece(regexp.QuoteMeta(string([]rune(raw))))
}

func (p *parser) wildcard(expr string) {
	p.special = true
	p.piece(expr)
}

func (p *parser) piece(expr string) {
	p.full.WriteString(expr)
	p.dirs.WriteString(`(?:` + expr + `|\z)`)
}

func (p *parser) both(expr string) {
	p.full.WriteString(expr)
	p.dirs.WriteString(expr)
}
