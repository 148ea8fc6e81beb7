package text_test

import (
	"strings"
	"testing"

	"github.com/bridle-ci/bridle/internal/core/text"
)

func TestProblem(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ value, optional, required string }{
		"empty":          {"", "", "can't be blank"},
		"spaces":         {" \t", "", "can't be blank"},
		"fits":           {"äöüßé", "", ""},
		"too long":       {"abcdef", "is too long (maximum is 5 characters)", "is too long (maximum is 5 characters)"},
		"NUL":            {"a\x00", "contains a NUL character", "contains a NUL character"},
		"broken":         {"a\xff", "is not valid UTF-8", "is not valid UTF-8"},
		"long in runes":  {strings.Repeat("ß", 6), "is too long (maximum is 5 characters)", "is too long (maximum is 5 characters)"},
		"control is let": {"a\nb", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := text.Problem(c.value, 5); got != c.optional {
				t.Errorf("Problem: got %q, want %q", got, c.optional)
			}
			if got := text.RequiredProblem(c.value, 5); got != c.required {
				t.Errorf("RequiredProblem: got %q, want %q", got, c.required)
			}
		})
	}
}

func TestEmojiAndColor(t *testing.T) {
	t.Parallel()
	for value, ok := range map[string]bool{
		":rocket:": true, ":+1:": true, ":docker-2:": true, "🚀": true, "👩‍💻": true,
		"": false, "rocket": false, ":rocket": false, ":a b:": false, "🚀x": false, "🚀\x00": false,
		strings.Repeat("🚀", 65): false,
	} {
		if problem := text.EmojiProblem(value); (problem == "") != ok {
			t.Errorf("emoji %q: %q", value, problem)
		}
	}
	for value, ok := range map[string]bool{
		"#A9CCE3": true, "#fff": true, "": false, "red": false, "A9CCE3": false, "#A9CCE": false, "#GGGGGG": false,
		"#A9CCE3\n": false, "#fff;}": false,
	} {
		if problem := text.ColorProblem(value); (problem == "") != ok {
			t.Errorf("color %q: %q", value, problem)
		}
	}
}
