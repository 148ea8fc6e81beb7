package store

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestSpan(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		patterns []string
		from, to string
	}{
		"a beginning":               {[]string{"feature/*"}, "feature/", "feature0"},
		"two beginnings":            {[]string{"release/*", "feature/*-x"}, "feature/", "release0"},
		"the same beginning":        {[]string{"a*", "ab*"}, "a", "b"},
		"an end":                    {[]string{"*-hotfix"}, "", ""},
		"a beginning and an end":    {[]string{"feature/*", "*-hotfix"}, "", ""},
		"before the surrogates":     {[]string{"\ud7ff*"}, "\ud7ff", "\ue000"},
		"the last character":        {[]string{"a\U0010ffff*"}, "a\U0010ffff", "b"},
		"nothing is behind it":      {[]string{"\U0010ffff\U0010ffff*"}, "", ""},
		"what is not a character":   {[]string{"a\xff*"}, "a\xff", "b"},
		"more than one byte a rune": {[]string{"ä*"}, "ä", "å"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if from, to := span(c.patterns); from != c.from || to != c.to {
				t.Errorf("from %q to %q, want from %q to %q", from, to, c.from, c.to)
			}
		})
	}
}

// TestAfter compares the texts before after with those that have the beginning.
func TestAfter(t *testing.T) {
	t.Parallel()
	text := rapid.StringOf(rapid.SampledFrom([]rune{'a', 'b', '/', '\u007f', 'ä', '\ud7ff', '\ue000', '\U0010ffff'}))
	rapid.Check(t, func(t *rapid.T) {
		start := text.Draw(t, "start")
		other := rapid.OneOf(text, rapid.Map(text, func(rest string) string { return start + rest })).Draw(t, "other")
		end := after(start)
		between := other >= start && (end == "" || other < end)
		if begins := strings.HasPrefix(other, start); begins && !between || between && !begins && end != "" {
			t.Errorf("%q begins with %q: %t, and is before %q: %t", other, start, begins, end, between)
		}
	})
}
