// Package document prepares a pipeline file for a local run: it finds the file, tells early what is wrong with it, and
// cuts it down to one step and what that depends on. It knows nothing of agents, builds or git.
package document

import (
	"errors"
	"fmt"
	"strings"
)

// places are where the agent looks for a pipeline file (docs/contract/pipelines.md, section 15.1).
var places = func() []string {
	var paths []string
	for _, stem := range []string{".buildkite/pipeline", "buildkite", "buildkite/pipeline"} {
		for _, extension := range []string{".yml", ".yaml", ".json"} {
			paths = append(paths, stem+extension)
		}
	}
	return paths
}()

// Locate returns the one pipeline file of a repository. Paths have slashes and begin at the root. Errors are for the
// user.
func Locate(exists func(path string) bool) (string, error) {
	var found []string
	for _, path := range places {
		if exists(path) {
			found = append(found, path)
		}
	}
	switch len(found) {
	case 0:
		return "", errors.New("there is no pipeline file: write .buildkite/pipeline.yml, for example\n\n" +
			"  steps:\n    - label: Hello\n      command: echo hello\n\nor name a file: bridle run FILE")
	case 1:
		return found[0], nil
	}
	return "", fmt.Errorf("there are several pipeline files: %s; keep one, or name one: bridle run %s",
		strings.Join(found, ", "), found[0])
}

// Refusal is what is wrong with a file.
type Refusal struct {
	File string
	// Line counts from 1; 0 is the file as a whole.
	Line    int
	Message string
}

// Error returns `file:line: message`.
func (r *Refusal) Error() string {
	if r.Line == 0 {
		return r.File + ": " + r.Message
	}
	return fmt.Sprintf("%s:%d: %s", r.File, r.Line, r.Message)
}
