//go:build unix

package agentbin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// The tests here are not parallel: they put scripts on PATH in place of agents
// and of Go.

// world is a machine without an agent and without Go.
type world struct {
	dir    string
	finder Finder
	said   []string
	cached string // where the finder looks for and puts the agent it builds
}

func newWorld(t *testing.T) *world {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", filepath.Join(dir, "path"))
	w := &world{
		dir:    dir,
		cached: filepath.Join(dir, "cache", moduleKey(), "buildkite-agent"),
	}
	w.finder = Finder{
		CacheDir:   filepath.Join(dir, "cache"),
		Progress:   func(line string) { w.said = append(w.said, line) },
		executable: func() (string, error) { return filepath.Join(dir, "bin", "bridle"), nil },
	}
	return w
}

// script writes an executable at a path below the world's folder.
func (w *world) script(t *testing.T, path, body string) string {
	t.Helper()
	path = filepath.Join(w.dir, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("#!/bin/sh\nPATH=/usr/bin:/bin\n"+body), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func (w *world) agent(t *testing.T, path, version string) string {
	t.Helper()
	return w.script(t, path, fmt.Sprintf(`test "$*" = --version && echo "buildkite-agent version %s+1.abc"`, version))
}

func (w *world) rel(t *testing.T, path string) string {
	t.Helper()
	rel, err := filepath.Rel(w.dir, path)
	if err != nil {
		t.Fatal(err)
	}
	return rel
}

func (w *world) wantAgent(t *testing.T, path, version, origin string) {
	t.Helper()
	got, err := w.finder.Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if want := (Agent{Path: path, Version: version, Origin: origin}); got != want {
		t.Errorf("found %+v, want %+v", got, want)
	}
}

func (w *world) wantSaid(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(w.said, want) {
		t.Errorf("said %q, want %q", w.said, want)
	}
}

// wantCacheHas checks the names in the folder of the agent built here.
func (w *world) wantCacheHas(t *testing.T, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(w.cached))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, entry := range entries {
		got = append(got, entry.Name())
	}
	if !slices.Equal(got, want) {
		t.Errorf("the cache has %q, want %q", got, want)
	}
}

func TestFindOrder(t *testing.T) {
	w := newWorld(t)
	cached := w.agent(t, w.rel(t, w.cached), "3.138.1")
	w.wantAgent(t, cached, "3.138.1", "cache")
	onPath := w.agent(t, "path/buildkite-agent", "3.120.0")
	w.wantAgent(t, onPath, "3.120.0", "PATH")
	beside := w.agent(t, "bin/buildkite-agent", "3.130.0")
	w.wantAgent(t, beside, "3.130.0", "beside bridle")
	w.finder.Explicit = w.agent(t, "mine/buildkite-agent", "3.131.0")
	w.wantAgent(t, w.finder.Explicit, "3.131.0", "--agent")
	w.wantSaid(t)
}

func TestFindBesideTheResolvedExecutable(t *testing.T) {
	w := newWorld(t)
	beside := w.agent(t, "opt/buildkite-agent", "3.130.0")
	w.script(t, "opt/bridle", "")
	link := filepath.Join(w.dir, "link")
	if err := os.Symlink(filepath.Join(w.dir, "opt", "bridle"), link); err != nil {
		t.Fatal(err)
	}
	w.finder.executable = func() (string, error) { return link, nil }
	w.wantAgent(t, beside, "3.130.0", "beside bridle")
}

func TestFindPassesOver(t *testing.T) {
	w := newWorld(t)
	w.agent(t, w.rel(t, w.cached), "3.138.1")
	beside := w.script(t, "bin/buildkite-agent", "echo some other program")
	onPath := w.agent(t, "path/buildkite-agent", "3.119.2")
	w.wantAgent(t, w.cached, "3.138.1", "cache")
	w.wantSaid(t,
		"Passing over "+beside+": it does not print a version as buildkite-agent does",
		"Passing over "+onPath+": version 3.119.2 is older than 3.120.0",
	)
}

func TestFindSaysOnceThatOneAgentIsTooOld(t *testing.T) {
	w := newWorld(t)
	w.agent(t, w.rel(t, w.cached), "3.138.1")
	old := w.agent(t, "path/buildkite-agent", "3.99.0")
	w.finder.executable = func() (string, error) { return filepath.Join(w.dir, "path", "bridle"), nil }
	w.wantAgent(t, w.cached, "3.138.1", "cache")
	w.wantSaid(t, "Passing over "+old+": version 3.99.0 is older than 3.120.0")
}

func TestExplicit(t *testing.T) {
	w := newWorld(t)
	w.agent(t, "path/buildkite-agent", "3.138.1")
	tests := []struct {
		name, path, err string
	}{
		{"missing", filepath.Join(w.dir, "buildkite-agent"), "no such file"},
		{"a folder", filepath.Dir(w.agent(t, "buildkite-agent.d/x", "3.138.1")), "must be called buildkite-agent"},
		{"another name", w.agent(t, "agent-3", "3.138.1"), "must be called buildkite-agent"},
		{"not an agent", w.script(t, "other/buildkite-agent", "echo hello"), "does not print a version"},
		{"fails", w.script(t, "fails/buildkite-agent", "exit 3"), "exit status 3"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w.finder.Explicit = tt.path
			_, err := w.finder.Find(t.Context())
			if err == nil || !strings.Contains(err.Error(), tt.err) || !strings.HasPrefix(err.Error(), "--agent "+tt.path) {
				t.Errorf("error %v, want one about --agent with %q", err, tt.err)
			}
		})
	}

	t.Run("old, from the working directory", func(t *testing.T) {
		old := w.agent(t, "old/buildkite-agent", "3.40.0")
		t.Chdir(filepath.Dir(old))
		w.finder.Explicit = "buildkite-agent"
		w.wantAgent(t, old, "3.40.0", "--agent")
		w.wantSaid(t, "The agent given with --agent is version 3.40.0; jobs start sooner with 3.120.0 or newer")
	})
}

// fakeGo answers go list with two packages to compile, and go build with an
// agent. It logs its calls, and its environment and folder at the last one.
func (w *world) fakeGo(t *testing.T) {
	t.Helper()
	w.script(t, "path/go", fmt.Sprintf(`
cd -P . && echo "$@" >> %[1]s/calls && env > %[1]s/env && ls . > %[1]s/files
case $1 in
list)
	echo "go: downloading example.com/a v1.0.0" >&2
	echo example.com/a
	echo %[2]s
	;;
build)
	echo example.com/a >&2
	echo %[2]s >&2
	cat > $4 <<-'EOF'
		#!/bin/sh
		echo "buildkite-agent version 3.138.1+x..dirty"
	EOF
	chmod +x $4
	;;
esac
`, w.dir, agentPackage))
}

func (w *world) lines(t *testing.T, file string) []string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(w.dir, file))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(data)), "\n")
}

func TestBuild(t *testing.T) {
	w := newWorld(t)
	w.fakeGo(t)
	t.Setenv("GOFLAGS", "-mod=vendor -tags=mine")
	t.Setenv("GOOS", "plan9")
	leftOver := w.script(t, filepath.Join(w.rel(t, filepath.Dir(w.cached)), "building", "left-over"), "")

	w.wantAgent(t, w.cached, "3.138.1", "built")
	w.wantSaid(t,
		"Building the official agent "+moduleVersion()+" with "+filepath.Join(w.dir, "path", "go")+"; this takes about two minutes and is done once",
		"Downloading modules",
		"Compiling 2 packages",
	)
	calls := w.lines(t, "calls")
	if len(calls) != 2 || !strings.HasPrefix(calls[0], "list -deps ") ||
		calls[1] != "build -v -o "+filepath.Dir(leftOver)+"/buildkite-agent -trimpath -buildvcs=false -ldflags=-s -w "+agentPackage {
		t.Errorf("calls of go: %q", calls)
	}
	env := w.lines(t, "env")
	for _, want := range []string{"CGO_ENABLED=0", "GOFLAGS=-mod=readonly", "GOWORK=off", "GOTMPDIR=" + filepath.Dir(leftOver)} {
		if !slices.Contains(env, want) {
			t.Errorf("go ran without %s", want)
		}
	}
	if slices.Contains(env, "GOOS=plan9") {
		t.Error("go built for another system")
	}
	if files := w.lines(t, "files"); !slices.Equal(files, []string{"go.mod", "go.sum", "zzglob"}) {
		t.Errorf("go ran among %q", files)
	}
	w.wantCacheHas(t, "buildkite-agent", "lock")

	w.wantAgent(t, w.cached, "3.138.1", "cache")
	if calls := w.lines(t, "calls"); len(calls) != 2 {
		t.Errorf("built again: %q", calls)
	}
}

func TestBuildRepairsTheCache(t *testing.T) {
	w := newWorld(t)
	w.fakeGo(t)
	w.script(t, w.rel(t, w.cached), "exit 1")
	w.wantAgent(t, w.cached, "3.138.1", "built")
}

func TestBuildErrors(t *testing.T) {
	tests := []struct {
		name, script string
		want         []string
	}{
		{"no Go", "", []string{"no buildkite-agent 3.120.0 or newer", "install Go", "--agent PATH"}},
		{
			"modules", `echo "go: downloading x v1.0.0" >&2; echo "go: x@v1.0.0: not served" >&2; exit 1`,
			[]string{"download the agent's modules", "exit status 1\ngo: x@v1.0.0: not served\n", "--agent PATH"},
		},
		{
			"compiling", `test $1 = list || { echo x >&2; echo "# x" >&2; echo "x.go:1:1: wrong" >&2; exit 2; }`,
			[]string{"compile the agent", "exit status 2\n# x\nx.go:1:1: wrong\n", "--agent PATH"},
		},
		{
			"useless result", `test $1 = list || { echo "#!/bin/false" > $4; chmod +x $4; }`,
			[]string{"does not run", "--agent PATH"},
		},
		{"no result", ``, []string{"put the built agent in its place", "--agent PATH"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			if tt.name != "no Go" {
				w.script(t, "path/go", tt.script)
			}
			_, err := w.finder.Find(t.Context())
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(w.cached), "building")); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the temporary folder is left: %v", err)
			}
		})
	}
}

func TestCancelEndsGoAndItsChildren(t *testing.T) {
	w := newWorld(t)
	// The pipe ends when the last process that has it open does. Opening it
	// waits for the other side, so its child has started by then.
	held := filepath.Join(w.dir, "held")
	if err := syscall.Mkfifo(held, 0o600); err != nil {
		t.Fatal(err)
	}
	w.script(t, "path/go", fmt.Sprintf(`
mkfifo "$GOTMPDIR/never"
(exec 9> %s; cat "$GOTMPDIR/never") &
wait
`, held))

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	found := make(chan error, 1)
	go func() {
		_, err := w.finder.Find(ctx)
		found <- err
	}()
	pipe, err := os.Open(held)
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	cancel()
	if err := <-found; !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if _, err := io.ReadAll(pipe); err != nil {
		t.Error(err)
	}
	w.wantCacheHas(t, "lock")
}

func TestFindAfterCancel(t *testing.T) {
	w := newWorld(t)
	w.fakeGo(t)
	w.agent(t, "path/buildkite-agent", "3.138.1")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, explicit := range []string{"", filepath.Join(w.dir, "path", "buildkite-agent")} {
		w.finder.Explicit = explicit
		if _, err := w.finder.Find(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("explicit %q: error %v", explicit, err)
		}
	}
	w.wantSaid(t)
}

func TestOneBuildsAndTheOtherWaits(t *testing.T) {
	w := newWorld(t)
	w.script(t, "path/go", "echo the other process builds >&2; exit 1")
	if err := os.MkdirAll(filepath.Dir(w.cached), 0o755); err != nil {
		t.Fatal(err)
	}
	unlock, err := lock(t.Context(), filepath.Join(filepath.Dir(w.cached), "lock"), func() { t.Error("waiting for nobody") })
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()

	said := make(chan string, 1)
	w.finder.Progress = func(line string) { said <- line }
	type result struct {
		agent Agent
		err   error
	}
	find := func(ctx context.Context) <-chan result {
		results := make(chan result, 1)
		go func() {
			agent, err := w.finder.Find(ctx)
			results <- result{agent, err}
		}()
		return results
	}

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	impatient := find(ctx)
	if got := <-said; got != "Waiting for another process that is building the agent" {
		t.Errorf("said %q", got)
	}
	cancel()
	if got := <-impatient; !errors.Is(got.err, context.Canceled) {
		t.Errorf("canceled while waiting: %+v", got)
	}

	patient := find(t.Context())
	<-said
	w.agent(t, w.rel(t, w.cached), "3.138.1")
	unlock()
	if got := <-patient; got.err != nil || got.agent.Origin != "cache" {
		t.Errorf("after waiting: %+v", got)
	}
}
