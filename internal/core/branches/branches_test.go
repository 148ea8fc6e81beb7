package branches

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		patterns string
		branch   string
		want     bool
	}{
		{"blank matches everything", "", "main", true},
		{"white space is blank", " \t\n ", "main", true},
		{"blank matches the empty branch", "", "", true},
		{"same name", "main", "main", true},
		{"other name", "main", "mainline", false},
		{"prefix of the name only", "mainline", "main", false},
		{"case matters", "Main", "main", false},
		{"one of several", "develop main", "main", true},
		{"none of several", "develop main", "topic", false},
		{"several spaces between patterns", "  develop   main ", "main", true},
		{"patterns on lines", "develop\nmain", "main", true},
		{"star at the end", "feature/*", "feature/login", true},
		{"star matches nothing too", "feature/*", "feature/", true},
		{"star needs its prefix", "feature/*", "features/login", false},
		{"star crosses slashes", "feature/*", "feature/a/b", true},
		{"star at the start", "*-hotfix", "db/v1-hotfix", true},
		{"star at the start needs its suffix", "*-hotfix", "v1-hotfixes", false},
		{"star in the middle", "release/*-rc", "release/1.2-rc", true},
		{"star in the middle must not overlap", "ab*bc", "abc", false},
		{"several stars", "a*b*c", "a-b-b-c", true},
		{"several stars in order", "a*b*c", "a-c-b", false},
		{"last piece is taken at the end", "*ab*ab", "xabab", true},
		{"last piece found once only", "*ab*ab", "xab", false},
		{"neighboring stars", "a**b", "ab", true},
		{"only a star", "*", "anything/at all", true},
		{"only a star and the empty branch", "*", "", true},
		{"other signs are literal", "v[0-9]?", "v1", false},
		{"other signs match themselves", "v[0-9]?.(x)", "v[0-9]?.(x)", true},
		{"negated hit", "!main", "main", false},
		{"negated miss without positives", "!main", "topic", true},
		{"negated star", "!release/*", "release/1", false},
		{"negation beats a positive", "release/* !release/old", "release/old", false},
		{"negation may come first", "!release/old release/*", "release/old", false},
		{"positive with negation that misses", "release/* !release/old", "release/new", true},
		{"negation that misses is not enough", "release/* !release/old", "main", false},
		{"exclamation mark inside is literal", "fix!", "fix!", true},
		{"double negation negates a literal", "!!x", "!x", false},
		{"letters outside ASCII", "größe/*", "größe/ß", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := Match(tt.patterns, tt.branch); got != tt.want {
				t.Errorf("Match(%q, %q) = %v, want %v", tt.patterns, tt.branch, got, tt.want)
			}
		})
	}
}

// reference is the contract's wording, word by word, without a thought for speed.
func reference(patterns, branch string) bool {
	positives, hits := 0, 0
	for _, pattern := range strings.Fields(patterns) {
		if strings.HasPrefix(pattern, "!") {
			if naive(pattern[1:], branch) {
				return false
			}
			continue
		}
		positives++
		if naive(pattern, branch) {
			hits++
		}
	}
	return positives == 0 || hits > 0
}

// naive tries every length for every asterisk.
func naive(pattern, branch string) bool {
	if pattern == "" {
		return branch == ""
	}
	if pattern[0] == '*' {
		for i := range len(branch) + 1 {
			if naive(pattern[1:], branch[i:]) {
				return true
			}
		}
		return false
	}
	return branch != "" && branch[0] == pattern[0] && naive(pattern[1:], branch[1:])
}

func TestMatchAgreesWithReference(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		patterns := rapid.StringMatching(`[ab*! ]{0,14}`).Draw(t, "patterns")
		branch := rapid.StringMatching(`[ab!]{0,10}`).Draw(t, "branch")
		if got, want := Match(patterns, branch), reference(patterns, branch); got != want {
			t.Fatalf("Match(%q, %q) = %v, want %v", patterns, branch, got, want)
		}
	})
}

func TestNegationIsComplement(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.StringMatching(`[ab*][ab*!]{0,8}`).Draw(t, "pattern")
		branch := rapid.StringMatching(`[ab!]{0,8}`).Draw(t, "branch")
		if Match(pattern, branch) == Match("!"+pattern, branch) {
			t.Fatalf("%q and its negation agree on %q", pattern, branch)
		}
	})
}

func FuzzMatch(f *testing.F) {
	f.Add("main", "main")
	f.Add("feature/* !feature/old", "feature/new")
	f.Add("*a*a*b", "aaaaaaaa")
	f.Add("!*", "")
	f.Fuzz(func(t *testing.T, patterns, branch string) {
		got := Match(patterns, branch)
		if len(patterns) > 12 || len(branch) > 40 {
			return // The reference would take exponential time.
		}
		if want := reference(patterns, branch); got != want {
			t.Errorf("Match(%q, %q) = %v, want %v", patterns, branch, got, want)
		}
	})
}
