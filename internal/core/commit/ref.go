package commit

import (
	"fmt"
	"strings"

	"github.com/bridle-ci/bridle/internal/core/text"
)

const (
	// MaxRefBytes bounds the name of a commit, branch or tag.
	MaxRefBytes = 1024
	// MaxMessageBytes bounds the message of a build.
	MaxMessageBytes = 64 << 10
)

// RefProblem tells what is wrong with the name of a commit or branch, as the rest of a sentence, and nothing when it may
// become an argument of git on an agent.
func RefProblem(ref string) string {
	switch {
	case strings.TrimSpace(ref) == "":
		return "can't be blank"
	case len(ref) > MaxRefBytes:
		return tooLong(MaxRefBytes)
	case strings.HasPrefix(ref, "-") || strings.ContainsAny(ref, "\x00\r\n"):
		return "is invalid"
	}
	return text.Problem(ref, MaxRefBytes)
}

// MessageProblem is RefProblem for a message.
func MessageProblem(message string) string {
	if len(message) > MaxMessageBytes {
		return tooLong(MaxMessageBytes)
	}
	return text.Problem(message, MaxMessageBytes)
}

func tooLong(most int) string { return fmt.Sprintf("is too long (maximum is %d bytes)", most) }
