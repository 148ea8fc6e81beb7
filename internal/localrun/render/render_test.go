package render_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bridle-ci/bridle/internal/localrun/logview"
	"github.com/bridle-ci/bridle/internal/localrun/render"
)

var update = flag.Bool("update", false, "write the golden files anew")

var began = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func at(seconds float64) *time.Time {
	t := began.Add(time.Duration(seconds * float64(time.Second)))
	return &t
}

func exit(status int) *int { return &status }

// script plays a run with everything that can be shown.
func script(o render.Output) {
	o.Start(render.Start{
		At: began, Pipeline: ".buildkite/pipeline.yml", Branch: "main", Commit: "0123456789abcdef", Dirty: true,
		Message: "Add <things>", Agents: 2, AgentVersion: "3.138.1",
	})
	o.Note("Building the official agent 3.138.1\nCompiling 900 packages")
	build := render.Job{ID: "1", Type: "script", StepKey: "build", Name: "Build", State: render.Running, Attempt: 1, StartedAt: at(0)}
	test := render.Job{ID: "2", Type: "script", Name: "A rather long name of a test", Group: "Tests", State: render.Running, Attempt: 1, StartedAt: at(0)}
	o.Job(build)
	o.Job(test)
	lines(o, build, "~~~ Preparing working directory", "$ cd /tmp", "~~~ Running commands", "$ make", "\x1b[32mok\x1b[0m", "--- Packages", "a", "+++ Result", "done")
	lines(o, test, "~~~ Preparing plugins", "cloning", "^^^ +++", "slow")
	build.State, build.ExitStatus, build.FinishedAt = render.Passed, exit(0), at(1.25)
	o.Job(build)
	test.State, test.ExitStatus, test.FinishedAt, test.Retried = render.Failed, exit(2), at(62), true
	o.Job(test)
	again := test
	again.ID, again.Attempt, again.Retried, again.State, again.StartedAt, again.FinishedAt, again.ExitStatus = "3", 2, false, render.Running, at(62), nil, nil
	o.Job(again)
	lines(o, again, "~~~ Preparing working directory", "fatal: no")
	again.State, again.ExitStatus, again.FinishedAt = render.Failed, exit(1), at(63)
	o.Job(again)
	soft := render.Job{ID: "4", Type: "script", Name: "Lint", State: render.Failed, ExitStatus: exit(3), SoftFailed: true, Attempt: 1, StartedAt: at(1), FinishedAt: at(2)}
	o.Job(soft)
	manual := render.Job{ID: "5", Type: "manual", Name: "Ship?", State: render.Blocked}
	o.Job(manual)
	manual.State = render.Unblocked
	o.Job(manual)
	others := []render.Job{
		{ID: "6", Type: "script", Name: "Deploy", State: render.Broken, Reason: "branch_mismatch"},
		{ID: "7", Type: "script", Name: "Docs", State: render.Skipped, Reason: "not \x1b[31mtoday"},
		{ID: "8", Type: "script", Name: "Publish", State: render.WaitingFailed},
		{ID: "9", Type: "script", Name: "Slow", State: render.TimedOut, StartedAt: at(0), FinishedAt: at(4000)},
		{ID: "10", Type: "script", Name: "Killed", State: render.Failed, ExitStatus: exit(-1), Signal: "KILL", StartedAt: at(0), FinishedAt: at(1)},
		{ID: "11", Type: "script", Name: "Lost", State: render.Failed, ExitStatus: exit(-1), Reason: "agent_stop", StartedAt: at(0), FinishedAt: at(1)},
		{ID: "12", Type: "script", Name: "Stop\x1b[2Jped", State: render.Canceled, StartedAt: at(0), FinishedAt: at(1)},
		{ID: "13", Type: "trigger", Name: "Other", State: render.Passed},
		{ID: "14", Type: "waiter", Name: "wait", State: render.Passed},
	}
	for _, j := range others {
		o.Job(j)
	}
	o.Annotation(render.Annotation{Context: "coverage", Style: "info", Body: "**93 %**\r\n\x1b[2Jcovered\n"})
	o.Finish(render.Summary{
		At: *at(64), State: render.Failed, Took: 64 * time.Second, Artifacts: 2, Kept: ".bridle/1",
		Jobs: append([]render.Job{build, test, again, soft, manual}, others...),
	})
}

func lines(o render.Output, j render.Job, texts ...string) {
	var d logview.Decoder
	for _, line := range d.Write([]byte("\x1b_bk;t=1795417133914\x07" + strings.Join(texts, "\r\n") + "\r\n")) {
		o.Line(j, line)
	}
}

func TestGolden(t *testing.T) {
	t.Parallel()
	for name, output := range map[string]func(*bytes.Buffer) render.Output{
		"pretty.txt": func(b *bytes.Buffer) render.Output { return render.NewText(b, render.TextOptions{Pretty: true}) },
		"color.txt": func(b *bytes.Buffer) render.Output {
			return render.NewText(b, render.TextOptions{Pretty: true, Color: true})
		},
		"plain.txt": func(b *bytes.Buffer) render.Output { return render.NewText(b, render.TextOptions{}) },
		"json.txt":  func(b *bytes.Buffer) render.Output { return render.NewJSON(b, func() time.Time { return began }) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got bytes.Buffer
			script(output(&got))
			path := filepath.Join("testdata", name)
			if *update {
				if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got.String(), "\n")); diff != "" {
				t.Errorf("run with -update if this is meant:\n%s", diff)
			}
		})
	}
}

func TestJSONIsOneObjectALine(t *testing.T) {
	t.Parallel()
	var got bytes.Buffer
	script(render.NewJSON(&got, func() time.Time { return began }))
	events := map[string]int{}
	for line := range strings.Lines(got.String()) {
		var e struct {
			Event string    `json:"event"`
			At    time.Time `json:"at"`
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if !e.At.Equal(began) {
			t.Errorf("dated %s: %s", e.At, line)
		}
		events[e.Event]++
	}
	for _, name := range []string{"start", "note", "job", "log", "annotation", "finish"} {
		if events[name] == 0 {
			t.Errorf("no event %q", name)
		}
	}
}

// Without colors nothing but text reaches the terminal.
func TestPlainHasNoEscapes(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]render.TextOptions{"plain": {}, "pretty": {Pretty: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got bytes.Buffer
			script(render.NewText(&got, o))
			if strings.ContainsAny(got.String(), "\x1b\r\x07") {
				t.Errorf("%q", got.String())
			}
		})
	}
}
