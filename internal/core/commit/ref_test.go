package commit_test

import (
	"strings"
	"testing"

	"github.com/bridle-ci/bridle/internal/core/commit"
)

func TestRefProblem(t *testing.T) {
	t.Parallel()
	for ref, want := range map[string]string{
		"main": "", "feature/größe": "", "HEAD~1": "",
		strings.Repeat("x", commit.MaxRefBytes):   "",
		strings.Repeat("x", commit.MaxRefBytes+1): "is too long (maximum is 1024 bytes)",
		"": "can't be blank", " ": "can't be blank",
		"--upload-pack=x": "is invalid", "a\nb": "is invalid", "a\x00": "is invalid",
		"\xff": "is not valid UTF-8",
	} {
		if got := commit.RefProblem(ref); got != want {
			t.Errorf("%.20q: %q, want %q", ref, got, want)
		}
	}
}

func TestMessageProblem(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]string{
		"": "", "two\nlines": "",
		strings.Repeat("x", commit.MaxMessageBytes+1): "is too long (maximum is 65536 bytes)",
		"\x00": "contains a NUL character",
	} {
		if got := commit.MessageProblem(message); got != want {
			t.Errorf("%.20q: %q, want %q", message, got, want)
		}
	}
}
