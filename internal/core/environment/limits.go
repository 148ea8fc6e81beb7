package environment

import (
	"fmt"
	"strings"

	"github.com/bridle-ci/bridle/internal/core/text"
)

// Limits bound variables that somebody sets.
type Limits struct {
	Names int
	Bytes int // of names and values together
}

var (
	// OfBuilds are for what a build is made with; schedules keep the same for theirs.
	OfBuilds = Limits{Names: 1000, Bytes: 256 << 10}
	// OfPipelines are for the variables of visual steps.
	OfPipelines = Limits{Names: 500, Bytes: 64 << 10}
)

// Problem tells what is wrong with variables, as the rest of a sentence, and nothing when they can be set.
func (l Limits) Problem(env map[string]string) string {
	if len(env) > l.Names {
		return fmt.Sprintf("has too many variables (maximum is %d)", l.Names)
	}
	total := 0
	for name, value := range env {
		if name == "" || strings.Contains(name, "=") || text.Problem(name, l.Bytes) != "" || text.Problem(value, l.Bytes) != "" {
			return fmt.Sprintf("has an invalid variable %.40q", name)
		}
		total += len(name) + len(value)
	}
	if total > l.Bytes {
		return fmt.Sprintf("is too large (maximum is %d bytes)", l.Bytes)
	}
	return ""
}
