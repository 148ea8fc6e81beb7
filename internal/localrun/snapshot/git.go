package snapshot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// repository runs git in a folder.
type repository struct {
	dir string
	// gitDir holds HEAD and the index, commonDir the objects and branches; they differ in linked working trees.
	gitDir    string
	commonDir string
}

// localVariables bind git to one repository. They are set in hooks, and would lead git, and the jobs of the build, to
// the user's repository wherever they run.
var localVariables = []string{
	"GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_CONFIG", "GIT_DIR", "GIT_GRAFT_FILE",
	"GIT_IMPLICIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_INTERNAL_SUPER_PREFIX", "GIT_NO_REPLACE_OBJECTS",
	"GIT_OBJECT_DIRECTORY", "GIT_PREFIX", "GIT_REPLACE_REF_BASE", "GIT_SHALLOW_FILE", "GIT_WORK_TREE",
}

// CleanEnvironment returns an environment without the variables that bind git to one repository.
func CleanEnvironment(environment []string) []string {
	var clean []string
	for _, entry := range environment {
		name, _, _ := strings.Cut(entry, "=")
		if !slices.Contains(localVariables, name) {
			clean = append(clean, entry)
		}
	}
	return clean
}

// call is what a git command gets beside its arguments.
type call struct {
	env   []string
	stdin string
}

// run returns what git prints, without the last line break.
func (g repository) run(ctx context.Context, c *call, args ...string) (string, error) {
	out, err := g.output(ctx, c, args...)
	return strings.TrimSuffix(string(out), "\n"), err
}

// output returns what git prints. Errors hold what it complains of.
func (g repository) output(ctx context.Context, c *call, args ...string) ([]byte, error) {
	if c == nil {
		c = &call{}
	}
	var out, complaints bytes.Buffer
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = g.dir
	// The language is fixed for the messages that are looked into.
	cmd.Env = append(CleanEnvironment(os.Environ()), "LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_OPTIONAL_LOCKS=0",
		"GIT_DEFAULT_REF_FORMAT=files")
	cmd.Env = append(cmd.Env, c.env...)
	cmd.Stdin = strings.NewReader(c.stdin)
	cmd.Stdout = &limited{Writer: &out, left: maxFileBytes}
	cmd.Stderr = &complaints
	err := cmd.Run()
	switch {
	case err == nil:
		return out.Bytes(), nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, exec.ErrNotFound):
		return nil, ErrNoGit
	}
	return nil, &gitError{command: args[0], complaint: strings.TrimSpace(complaints.String()), err: err}
}

// gitError is a git command that failed.
type gitError struct {
	command   string
	complaint string
	err       error
}

func (e *gitError) Error() string {
	if e.complaint == "" {
		return fmt.Sprintf("git %s: %s", e.command, e.err)
	}
	return fmt.Sprintf("git %s: %s", e.command, e.complaint)
}

func (e *gitError) Unwrap() error { return e.err }

// limited fails once more was written than is left.
type limited struct {
	io.Writer
	left int
}

func (w *limited) Write(b []byte) (int, error) {
	if w.left -= len(b); w.left < 0 {
		return 0, errors.New("git printed too much")
	}
	return w.Writer.Write(b)
}

// find goes to the top of the working tree and learns where git keeps what belongs to it.
func (g *repository) find(ctx context.Context) error {
	text, err := g.run(ctx, nil, "rev-parse", "--is-inside-work-tree", "--absolute-git-dir", "--git-common-dir")
	if err != nil {
		var failed *gitError
		if errors.As(err, &failed) && strings.Contains(failed.complaint, "not a git repository") {
			return ErrNoRepository
		}
		return err
	}
	lines := strings.Split(text, "\n")
	if len(lines) != 3 {
		return fmt.Errorf("git rev-parse: unexpected answer %q", text)
	}
	if lines[0] != "true" {
		return ErrBare
	}
	g.gitDir, g.commonDir = lines[1], absolute(g.dir, lines[2])
	g.dir, err = g.run(ctx, nil, "rev-parse", "--show-toplevel")
	return err
}

// resolve returns the commit that a name stands for, "" when there is none.
func (g repository) resolve(ctx context.Context, name string) (string, error) {
	if strings.HasPrefix(name, "-") {
		return "", nil
	}
	commit, err := g.run(ctx, nil, "rev-parse", "--quiet", "--verify", name+"^{commit}")
	var failed *gitError
	if errors.As(err, &failed) {
		return "", nil
	}
	return commit, err
}
