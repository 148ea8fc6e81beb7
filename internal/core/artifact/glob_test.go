package artifact_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/bridle-ci/bridle/internal/core/artifact"
	"pgregory.net/rapid"
)

func TestPatternMatch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, path string
		want          bool
	}{
		{"a.txt", "a.txt", true},
		{"a.txt", "b/a.txt", false},
		{"*", "a/b/c", true},
		{"*.xml", "a/b.xml", true},
		{"pkg/*.tar.gz", "pkg/a.tar.gz", true},
		{"pkg/*.tar.gz", "pkg/sub/a.tar.gz", true},
		{"pkg/*.tar.gz", "other/a.tar.gz", false},
		{"**/*.xml", "a.xml", true},
		{"**/*.xml", "x/y/a.xml", true},
		{"a/**/b", "a/b", true},
		{"a/**/b", "a/x/y/b", true},
		{"a/**/b", "a/xb", false},
		{"a**/b", "a/b", true},
		{"a**/b", "axx/b", true},
		{"**/a/**/b", "x/a/y/a/b", true},
		{"?.txt", "ä.txt", true},
		{"?.txt", "ab.txt", false},
		{"[ab].txt", "b.txt", true},
		{"[^ab].txt", "b.txt", false},
		{"[!ab].txt", "c.txt", true},
		{"[a-c].txt", "b.txt", false},
		{"[]a]", "]", true},
		{"[ab", "[ab", true},
		{`\*`, "*", true},
		{`\*`, "a", false},
		{`a\`, `a\`, true},
		{"a*b*c", "aXXbYYbZc", true},
		{"a*b*c", "aXXbYY", false},
		{"*a", "b/ca", true},
		{"A", "a", false},
	} {
		t.Run(c.pattern+" on "+c.path, func(t *testing.T) {
			t.Parallel()
			if got := parse(t, c.pattern).Match(c.path); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestPatternLiteral(t *testing.T) {
	t.Parallel()
	if path, ok := parse(t, `a\*b`).Literal(); !ok || path != "a*b" {
		t.Errorf("got %q, %v", path, ok)
	}
	if _, ok := parse(t, "a*").Literal(); ok {
		t.Error("a pattern with a star is no path")
	}
}

func TestParsePatternErrors(t *testing.T) {
	t.Parallel()
	for name, pattern := range map[string]string{
		"empty": "", "long": strings.Repeat("a", artifact.MaxPatternBytes+1), "not UTF-8": "\xff",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := artifact.ParsePattern(pattern); err == nil {
				t.Error("want an error")
			}
		})
	}
}

// TestPatternMatchBacktracking would not end in a lifetime if signs were tried in all combinations.
func TestPatternMatchBacktracking(t *testing.T) {
	t.Parallel()
	pattern := parse(t, strings.Repeat("a*", 500)+"b")
	if pattern.Match(strings.Repeat("a", artifact.MaxPathBytes)) {
		t.Error("matched")
	}
}

func TestPatternMatchLikeReference(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.StringMatching(`[ab/*?]{1,12}`).Draw(t, "pattern")
		path := rapid.StringMatching(`[ab/]{0,12}`).Draw(t, "path")
		p, err := artifact.ParsePattern(pattern)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := p.Match(path), reference(pattern).MatchString(path); got != want {
			t.Fatalf("%q on %q: got %v, want %v", pattern, path, got, want)
		}
	})
}

// reference is the pattern as a regular expression.
func reference(pattern string) *regexp.Regexp {
	var b strings.Builder
	for i := 0; i < len(pattern); i++ {
		switch {
		case strings.HasPrefix(pattern[i:], "**/") && (i == 0 || pattern[i-1] == '/'):
			b.WriteString("(?:.*/)?")
			i += 2
		case pattern[i] == '*':
			b.WriteString(".*")
		case pattern[i] == '?':
			b.WriteString(".")
		default:
			b.WriteString(regexp.QuoteMeta(pattern[i : i+1]))
		}
	}
	return regexp.MustCompile(`\A(?s:` + b.String() + `)\z`)
}

func FuzzPattern(f *testing.F) {
	f.Add("**/*.xml", "a/b.xml")
	f.Add("[^a]?\\*", "bc*")
	f.Add("a/**/**/b", "a/x/b")
	f.Fuzz(func(t *testing.T, pattern, path string) {
		p, err := artifact.ParsePattern(pattern)
		if err != nil {
			return
		}
		p.Match(path)
		if literal, ok := p.Literal(); ok && !p.Match(literal) {
			t.Fatalf("%q does not match its own path %q", pattern, literal)
		}
	})
}

func parse(t *testing.T, text string) artifact.Pattern {
	t.Helper()
	p, err := artifact.ParsePattern(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
