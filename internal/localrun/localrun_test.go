package localrun_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bridle-ci/bridle/internal/agentbin"
	"github.com/bridle-ci/bridle/internal/localrun"
	"github.com/bridle-ci/bridle/internal/localrun/prompt"
	"github.com/bridle-ci/bridle/internal/localrun/render"
	"github.com/bridle-ci/bridle/internal/localrun/snapshot"
)

// agent is the official agent, found or built once.
var agent string

func TestMain(m *testing.M) {
	finder := agentbin.Finder{Progress: func(line string) { fmt.Fprintln(os.Stderr, line) }}
	found, err := finder.Find(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, "find the agent:", err)
		os.Exit(1)
	}
	agent = found.Path
	os.Exit(m.Run())
}

// repository makes one whose working tree has the files and nothing committed but a first commit.
func repository(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "app")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"init", "--quiet", "--initial-branch=main"},
		{"-c", "user.name=Ada", "-c", "user.email=ada@example.com", "commit", "--quiet", "--allow-empty", "--message=First"},
	} {
		cmd := exec.Command("git", args...)
		cmd.Dir, cmd.Env = dir, snapshot.CleanEnvironment(os.Environ())
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %s: %v\n%s", args, err, out)
		}
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// pipeline makes a repository with that pipeline.
func pipeline(t *testing.T, text string) string {
	t.Helper()
	return repository(t, map[string]string{".buildkite/pipeline.yml": text})
}

// result is what a run came to.
type result struct {
	status int
	err    error
	events []event
}

type event struct {
	Event   string `json:"event"`
	Message string `json:"message"`
	Text    string `json:"text"`
	Name    string `json:"name"`
	Body    string `json:"body"`
	State   string `json:"state"`
	Kept    string `json:"kept"`
	Job     job    `json:"job"`
	Jobs    []job  `json:"jobs"`
}

type job struct {
	Name    string `json:"name"`
	State   string `json:"state"`
	StepKey string `json:"step_key"`
}

// run runs a pipeline with one agent.
func run(t *testing.T, o localrun.Options) result {
	t.Helper()
	var out syncBuffer
	o.Output = render.NewJSON(&out, time.Now)
	if o.Agents == 0 {
		o.Agents = 1
	}
	o.Agent, o.CacheDir, o.Environment = agent, t.TempDir(), os.Environ()
	var r result
	r.status, r.err = localrun.Run(t.Context(), o)
	for line := range strings.Lines(out.String()) {
		var e event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		r.events = append(r.events, e)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("status %d, error %v, output\n%s", r.status, r.err, out.String())
		}
	})
	return r
}

// log is what the jobs of a name printed.
func (r result) log(name string) string {
	var text strings.Builder
	for _, e := range r.events {
		if e.Event == "log" && e.Name == name {
			text.WriteString(e.Text + "\n")
		}
	}
	return text.String()
}

// summary is each job of the table at the end with its state.
func (r result) summary() map[string]string {
	states := map[string]string{}
	for _, e := range r.events {
		if e.Event == "finish" {
			for _, j := range e.Jobs {
				states[j.Name] = j.State
			}
		}
	}
	return states
}

func (r result) find(name string) event {
	for _, e := range r.events {
		if e.Event == name {
			return e
		}
	}
	return event{}
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func TestRunPasses(t *testing.T) {
	t.Parallel()
	dir := repository(t, map[string]string{
		".buildkite/pipeline.yml": `
env:
  TOP: "top of $BUILDKITE_PIPELINE_SLUG"
steps:
  - label: build
    key: build
    command: scripts/build.sh
    artifact_paths: "out/*.txt"
  - wait
  - label: check
    command: |
      buildkite-agent artifact download "out/*.txt" .
      echo "got $$(cat out/result.txt), version $$(buildkite-agent meta-data get version), $$TOP, $$MINE, source $$BUILDKITE_SOURCE"
      buildkite-agent annotate "All **good**" --style success
      echo 'steps: [{label: more, command: echo dynamic}]' | buildkite-agent pipeline upload
`,
		"scripts/build.sh": "#!/bin/sh\nmkdir out\necho uncommitted > out/result.txt\nchmod a-w out\n",
	})
	r := run(t, localrun.Options{
		Dir: filepath.Join(dir, "scripts"), Env: map[string]string{"MINE": "mine"}, MetaData: map[string]string{"version": "1.2.3"}, Keep: true,
	})
	if r.err != nil || r.status != localrun.Passed {
		t.Fatalf("status %d, error %v", r.status, r.err)
	}
	if diff := cmp.Diff(map[string]string{"build": "passed", "wait": "passed", "check": "passed", "more": "passed"}, r.summary()); diff != "" {
		t.Error(diff)
	}
	if want := "got uncommitted, version 1.2.3, top of app, mine, source ui\n"; !strings.Contains(r.log("check"), want) {
		t.Errorf("log of check has no %q:\n%s", want, r.log("check"))
	}
	if !strings.Contains(r.log("more"), "dynamic\n") {
		t.Errorf("log of more:\n%s", r.log("more"))
	}
	if got := r.find("annotation").Body; got != "All **good**" {
		t.Errorf("annotation %q", got)
	}
	kept := filepath.Join(dir, r.find("finish").Kept)
	for name, want := range map[string]string{"artifacts/01-build/out/result.txt": "uncommitted\n", "logs/04-more.log": "dynamic\n"} {
		text, err := os.ReadFile(filepath.Join(kept, name))
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
}

func TestRunFails(t *testing.T) {
	t.Parallel()
	r := run(t, localrun.Options{Dir: pipeline(t, `
steps:
  - label: bad
    key: bad
    command: "exit 3"
  - label: after
    command: echo never
    depends_on: bad
`)})
	if r.err != nil || r.status != localrun.Failed {
		t.Errorf("status %d, error %v", r.status, r.err)
	}
	if diff := cmp.Diff(map[string]string{"bad": "failed", "after": "waiting_failed"}, r.summary()); diff != "" {
		t.Error(diff)
	}
}

// What the agent refuses to upload is shown, although its step is not otherwise.
func TestRunShowsWhyTheUploadFailed(t *testing.T) {
	t.Parallel()
	r := run(t, localrun.Options{Dir: pipeline(t, "steps:\n  - command: echo ${MISSING?is needed}\n")})
	if r.status != localrun.Failed || !strings.Contains(r.log("Pipeline upload"), "is needed") {
		t.Errorf("status %d, log %q", r.status, r.log("Pipeline upload"))
	}
}

func TestRunOnlyAStep(t *testing.T) {
	t.Parallel()
	r := run(t, localrun.Options{Step: "b", Dir: pipeline(t, `
steps:
  - { label: a, key: a, command: echo a }
  - { label: b, key: b, command: echo b, depends_on: a }
  - { label: c, key: c, command: exit 1 }
`)})
	if diff := cmp.Diff(map[string]string{"a": "passed", "b": "passed"}, r.summary()); diff != "" || r.status != localrun.Passed {
		t.Errorf("status %d\n%s", r.status, diff)
	}
}

const blocked = `
steps:
  - input: Release
    key: release
    fields:
      - { text: Version, key: version, format: "[0-9.]+" }
      - { select: Where, key: where, multiple: true, required: false, options: [ { label: EU, value: eu }, { label: US, value: us } ] }
  - label: ship
    depends_on: release
    command: echo "version $$(buildkite-agent meta-data get version) to $$(buildkite-agent meta-data get where | tr '\n' ' ')"
`

func TestRunUnblocks(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		options localrun.Options
		typed   string
		want    string // in the log of ship
		err     string
	}{
		"flags":         {options: localrun.Options{Unblock: []string{"all"}, Fields: map[string][]string{"version": {"1.2"}, "where": {"eu", "us"}}}, want: "version 1.2 to eu us"},
		"by key":        {options: localrun.Options{Unblock: []string{"release"}, Fields: map[string][]string{"version": {"2"}}}, want: "version 2 to"},
		"asked":         {typed: "one\n3.4\nus\n", want: "version 3.4 to us"},
		"nobody":        {err: `"Release" waits for an answer and there is no terminal to ask in: give --unblock release --field version=…`},
		"field missing": {options: localrun.Options{Unblock: []string{"all"}}, err: "cannot be unblocked"},
		"typing ends":   {typed: "one\n", err: "the terminal is closed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := tt.options
			o.Dir = pipeline(t, blocked)
			if tt.typed != "" {
				o.Asker = prompt.NewAsker(strings.NewReader(tt.typed), io.Discard)
			}
			r := run(t, o)
			if tt.err != "" {
				if r.status != localrun.Failed || r.err == nil || !strings.Contains(r.err.Error(), tt.err) {
					t.Errorf("status %d, error %v, want %q", r.status, r.err, tt.err)
				}
				return
			}
			if r.status != localrun.Passed || !strings.Contains(r.log("ship"), tt.want) {
				t.Errorf("status %d, log of ship has no %q:\n%s", r.status, tt.want, r.log("ship"))
			}
		})
	}
}

// Nothing starts, and no agent is looked for, when the pipeline cannot run.
func TestRunRefuses(t *testing.T) {
	t.Parallel()
	broken := "steps:\n  - command: make\n    lable: Make\n"
	for name, tt := range map[string]struct {
		files   map[string]string
		options localrun.Options
		want    string
	}{
		"broken":           {files: map[string]string{".buildkite/pipeline.yml": broken}, want: ".buildkite/pipeline.yml:3: `lable` is not a valid property"},
		"broken, named":    {files: map[string]string{"ci/release.yml": broken}, options: localrun.Options{File: "ci/release.yml"}, want: "ci/release.yml:3: `lable`"},
		"no file":          {want: "there is no pipeline file"},
		"named file":       {options: localrun.Options{File: "other.yml"}, want: "other.yml: no such file"},
		"not in a commit":  {files: map[string]string{"a.yml": "steps: []"}, options: localrun.Options{File: "a.yml", Commit: "HEAD"}, want: "a.yml is not in commit HEAD"},
		"unknown commit":   {options: localrun.Options{Commit: "v9"}, want: "--commit v9: there is no such commit"},
		"unknown step":     {files: map[string]string{"buildkite.yml": "steps: [{command: a, key: b}]"}, options: localrun.Options{Step: "c"}, want: "--step c: no step of buildkite.yml has that key; it has b"},
		"no pipeline kept": {files: map[string]string{".gitignore": ".buildkite\n", ".buildkite/pipeline.yml": "steps: []"}, want: "there is no pipeline file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := tt.options
			o.Dir = repository(t, tt.files)
			r := run(t, o)
			if r.status != localrun.Failed || r.err == nil || !strings.Contains(r.err.Error(), tt.want) {
				t.Errorf("status %d, error %v, want %q", r.status, r.err, tt.want)
			}
			if len(r.events) != 0 {
				t.Errorf("something began: %v", r.events)
			}
		})
	}
}

// A file that git ignores can still be named.
func TestRunAnIgnoredFile(t *testing.T) {
	t.Parallel()
	dir := repository(t, map[string]string{".gitignore": "mine.yml\n", "mine.yml": "steps: [{label: mine, command: echo mine}]\n"})
	if r := run(t, localrun.Options{Dir: dir, File: "mine.yml"}); r.status != localrun.Passed {
		t.Errorf("status %d, error %v", r.status, r.err)
	}
}

// What the agents have to say is told when they end before the build.
func TestRunWithAgentsThatDie(t *testing.T) {
	t.Parallel()
	dying := filepath.Join(t.TempDir(), "buildkite-agent")
	script := "#!/bin/sh\nif [ \"$1\" = --version ]; then echo 'buildkite-agent version 3.138.1'; exit; fi\necho 'fatal: no luck' >&2\nexit 7\n"
	if err := os.WriteFile(dying, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	var out syncBuffer
	status, err := localrun.Run(t.Context(), localrun.Options{
		Dir: pipeline(t, "steps: [{command: echo never}]"), Agents: 1, Agent: dying, CacheDir: t.TempDir(),
		Environment: os.Environ(), Output: render.NewJSON(&out, time.Now),
	})
	if status != localrun.Failed || err == nil || !strings.Contains(err.Error(), "exit status 7") || !strings.Contains(err.Error(), "fatal: no luck") {
		t.Errorf("status %d, error %v", status, err)
	}
}
