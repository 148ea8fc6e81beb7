package conditional

import (
	"fmt"
	"strings"

	"github.com/dlclark/regexp2"
)

// regex is a regular expression literal.
type regex struct {
	position
	compiled *regexp2.Regexp
}

// compileRegex compiles a pattern the way conditions understand it: RE2 with look-ahead (docs/contract/pipelines.md,
// section 7.3). The error is a message for the author of the pattern.
func compileRegex(pattern string, ignoreCase bool) (*regexp2.Regexp, error) {
	if len(pattern) > MaxRegexLength {
		return nil, fmt.Errorf("the regular expression is longer than %d bytes", MaxRegexLength)
	}
	if construct := refusedConstruct(pattern); construct != "" {
		return nil, fmt.Errorf("the regular expression uses %s, which conditions do not support", construct)
	}
	var options regexp2.RegexOptions = regexp2.RE2
	if ignoreCase {
		options |= regexp2.IgnoreCase
	}
	compiled, err := regexp2.Compile(pattern, options)
	if err != nil {
		return nil, fmt.Errorf("the regular expression is invalid: %w", err)
	}
	compiled.MatchTimeout = MatchTimeout
	return compiled, nil
}

// refusedGroups are the openings of groups that the engine knows and the contract refuses. Longer ones come first.
var refusedGroups = []struct{ opening, construct string }{
	{"(?<=", "look-behind"},
	{"(?<!", "look-behind"},
	{"(?>", "an atomic group"},
	{"(?<", "a named group"},
	{"(?'", "a named group"},
	{"(?P<", "a named group"},
	{"(?(", "a conditional group"},
}

// refusedConstruct names the first construct in pattern that the contract refuses, or returns "". It looks only outside
// escapes, character classes and comments.
func refusedConstruct(pattern string) string {
	quantified := false
	for i := 0; i < len(pattern); {
		rest := pattern[i:]
		length := elementLength(rest)
		switch {
		case strings.HasPrefix(rest, "(?"):
			for _, g := range refusedGroups {
				if strings.HasPrefix(rest, g.opening) {
					return g.construct
				}
			}
			quantified = false
		case rest[0] == '+' && quantified:
			return "a possessive quantifier"
		case strings.IndexByte("*+?", rest[0]) >= 0, rest[0] == '{' && length > 1:
			quantified = true
		default:
			quantified = false
		}
		i += length
	}
	return ""
}

// elementLength is the length in bytes of the escape, class, comment, group opening, quantifier or plain byte at the
// start of s.
func elementLength(s string) int {
	switch {
	case s[0] == '\\':
		return escapeLength(s)
	case s[0] == '[':
		return classLength(s)
	case strings.HasPrefix(s, "(?#"):
		if end := strings.IndexByte(s, ')'); end >= 0 {
			return end + 1
		}
		return len(s)
	case strings.HasPrefix(s, "(?"):
		return 2
	case s[0] == '{':
		return countLength(s)
	default:
		return 1
	}
}

// escapeLength includes the braces of escapes such as \p{Greek} and \x{41}, which otherwise read as quantifiers.
func escapeLength(s string) int {
	if len(s) > 2 && s[2] == '{' && strings.IndexByte("pPxu", s[1]) >= 0 {
		if end := strings.IndexByte(s, '}'); end >= 0 {
			return end + 1
		}
	}
	return min(2, len(s))
}

// classLength is the length of a character class with its brackets. A `]` right after the opening is a member.
func classLength(s string) int {
	i := 1
	if strings.HasPrefix(s[i:], "^") {
		i++
	}
	if strings.HasPrefix(s[i:], "]") {
		i++
	}
	for i < len(s) && s[i] != ']' {
		switch {
		case s[i] == '\\':
			i += 2
		case strings.HasPrefix(s[i:], "[:") && strings.Contains(s[i:], ":]"):
			i += strings.Index(s[i:], ":]") + 2
		default:
			i++
		}
	}
	return min(i+1, len(s))
}

// countLength is the length of a counted quantifier such as {2,3}, and 1 for a brace that is none.
func countLength(s string) int {
	end := strings.IndexByte(s, '}')
	if end < 0 {
		return 1
	}
	from, to, _ := strings.Cut(s[1:end], ",")
	const digits = "0123456789"
	if from == "" || strings.Trim(from, digits) != "" || strings.Trim(to, digits) != "" {
		return 1
	}
	return end + 1
}
