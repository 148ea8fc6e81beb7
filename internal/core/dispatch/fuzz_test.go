package dispatch_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/bridle-ci/bridle/internal/core/dispatch"
)

// FuzzMatches holds the matching of query rules against what the contract says of one rule at a time.
func FuzzMatches(f *testing.F) {
	f.Add("os=linux gpu=* queue=x docker", "queue=default os=linux gpu=2 docker")
	f.Add("= == a=b=c *", "a=b=c =x ==")
	f.Add("", "os=linux")
	f.Fuzz(func(t *testing.T, rules, tags string) {
		want := true
		for _, rule := range strings.Fields(rules) {
			want = want && fulfils(rule, strings.Fields(tags))
		}
		if got := dispatch.Matches(strings.Fields(rules), strings.Fields(tags)); got != want {
			t.Errorf("Matches(%q, %q) is %v, want %v", rules, tags, got, want)
		}
	})
}

// fulfils is the contract's sentence: the pair itself, or for a wildcard, a blank value or a bare key any tag of the key.
func fulfils(rule string, tags []string) bool {
	key, value, _ := strings.Cut(rule, "=")
	anyValue := value == "" || value == "*"
	return key == "queue" || !anyValue && slices.Contains(tags, rule) || anyValue && slices.ContainsFunc(tags, func(tag string) bool {
		return tag == key || strings.HasPrefix(tag, key+"=")
	})
}
