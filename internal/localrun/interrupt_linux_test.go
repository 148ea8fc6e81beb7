package localrun_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bridle-ci/bridle/internal/localrun"
	"github.com/bridle-ci/bridle/internal/localrun/logview"
	"github.com/bridle-ci/bridle/internal/localrun/render"
)

// interrupter is an output that presses Ctrl-C when lines come by.
type interrupter struct {
	render.Output
	keys  chan os.Signal
	lines map[string]bool
	dir   string
}

func (i *interrupter) Line(j render.Job, line logview.Line) {
	text := line.Plain()
	if dir, ok := strings.CutPrefix(text, "dir="); ok {
		i.dir = dir
	}
	if i.lines[text] {
		i.keys <- os.Interrupt
	}
	i.Output.Line(j, line)
}

func TestInterrupt(t *testing.T) {
	t.Parallel()
	const job = `
steps:
  - label: slow
    command: |
      trap 'echo cleaning up; sleep $$PATIENCE; echo cleaned up; exit 1' TERM
      setsid sleep 600 >/dev/null 2>&1 </dev/null &
      echo "dir=$$BRIDLE_RUN_DIR"
      echo ready
      sleep 600 & wait
`
	for name, tt := range map[string]struct {
		keys     []string // lines after which Ctrl-C is pressed
		patience string
		cleaned  bool
	}{
		"once":  {[]string{"ready"}, "0", true},
		"twice": {[]string{"ready", "cleaning up"}, "600", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out syncBuffer
			o := &interrupter{
				Output: render.NewText(&out, render.TextOptions{}), keys: make(chan os.Signal, len(tt.keys)), lines: map[string]bool{},
			}
			for _, line := range tt.keys {
				o.lines[line] = true
			}
			status, err := localrun.Run(t.Context(), localrun.Options{
				Dir: pipeline(t, job), Env: map[string]string{"PATIENCE": tt.patience}, Agents: 1, Agent: agent, CacheDir: t.TempDir(),
				Environment: os.Environ(), Output: o, Interrupts: o.keys,
			})
			if status != localrun.Interrupted || err != nil {
				t.Errorf("status %d, error %v", status, err)
			}
			if cleaned := strings.Contains(out.String(), "| cleaned up\n"); cleaned != tt.cleaned {
				t.Errorf("cleaned up: %v, want %v:\n%s", cleaned, tt.cleaned, out.String())
			}
			if o.dir == "" {
				t.Fatalf("the job did not say where it ran:\n%s", out.String())
			}
			if _, err := os.Stat(filepath.Dir(o.dir)); !os.IsNotExist(err) {
				t.Errorf("the folder of the run is still there: %v", err)
			}
			if left := processesOf(t, o.dir); len(left) > 0 {
				t.Errorf("processes are still running: %v", left)
			}
		})
	}
}

func TestInterruptBeforeAnythingStarted(t *testing.T) {
	t.Parallel()
	keys := make(chan os.Signal, 1)
	keys <- os.Interrupt
	var out syncBuffer
	status, err := localrun.Run(t.Context(), localrun.Options{
		Dir: pipeline(t, "steps: [{command: sleep 600}]"), Agents: 1, Agent: agent, CacheDir: t.TempDir(),
		Environment: os.Environ(), Output: render.NewJSON(&out, time.Now), Interrupts: keys,
	})
	if status != localrun.Interrupted || err != nil {
		t.Errorf("status %d, error %v", status, err)
	}
}

// processesOf lists the processes that know of a run.
func processesOf(t *testing.T, dir string) []string {
	t.Helper()
	environments, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, path := range environments {
		environment, err := os.ReadFile(path)
		if err == nil && bytes.Contains(environment, []byte("BRIDLE_RUN_DIR="+dir+"\x00")) {
			found = append(found, filepath.Dir(path))
		}
	}
	return found
}
