package build_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/build/buildtest"
)

func TestJobFields(t *testing.T) {
	t.Parallel()
	w := buildtest.New()
	w.Place = func(j *build.Job, agents []string) error {
		j.QueueID = strings.Join(agents, ",")
		return nil
	}
	w.Timeout = func(minutes int) int { return minutes + 1 }
	apply(t, w, build.Created{Plan: compile(t, `
env: {A: stored, B: stored}
steps:
  - {key: up, label: up it, command: up, agents: {queue: deploy}, priority: 3, timeout_in_minutes: 5, parallelism: 2,
     retry: {automatic: {limit: 2}}}
`)})
	j := job(t, w, "up")
	index, total := 0, 2
	want := build.Spec{Label: "up it", Command: "up", Agents: []string{"queue=deploy"}, ParallelIndex: &index, ParallelTotal: &total}
	if diff := cmp.Diff(want, j.Spec); diff != "" {
		t.Error(diff)
	}
	if j.QueueID != "queue=deploy" || j.Priority != 3 || j.TimeoutMinutes != 6 || !j.ScheduledAt.Equal(buildtest.Epoch) {
		t.Errorf("queue %s, priority %d, timeout %d, scheduled %v", j.QueueID, j.Priority, j.TimeoutMinutes, j.ScheduledAt)
	}

	w.Now = buildtest.Epoch.Add(time.Hour)
	running := start(t, w, "up")
	apply(t, w, build.Uploaded{JobID: running.ID, Plan: compile(t, `{env: {B: uploaded}, steps: [{key: new, command: new}]}`)})
	if diff := cmp.Diff(map[string]string{"A": "stored", "B": "stored"}, w.Build.PipelineEnv); diff != "" {
		t.Error(diff)
	}
	apply(t, w, build.Uploaded{JobID: running.ID, Plan: compile(t, `{env: {C: later}, steps: []}`)})
	if diff := cmp.Diff(map[string]string{"B": "uploaded", "C": "later"}, w.Build.UploadEnv); diff != "" {
		t.Error(diff)
	}
	uploaded := job(t, w, "new")
	if !uploaded.ScheduledAt.Equal(buildtest.Epoch) || !uploaded.CreatedAt.Equal(w.Now) {
		t.Errorf("uploaded job scheduled %v, created %v", uploaded.ScheduledAt, uploaded.CreatedAt)
	}

	apply(t, w, build.Finished{JobID: running.ID, ExitStatus: 1})
	next := job(t, w, "up")
	old, _ := w.JobByID(running.ID)
	attempt := build.Job{
		ID: next.ID, BuildID: "build", StepID: j.StepID, Type: build.Script, State: build.JobScheduled, StepPath: j.StepPath,
		Spec: j.Spec, Priority: 3, TimeoutMinutes: 6, QueueID: "queue=deploy", RetriesCount: 1, RuleRetries: []int{1},
		RetrySourceID: running.ID, RetryType: "automatic", CreatedAt: w.Now, ScheduledAt: buildtest.Epoch, RunnableAt: &w.Now,
	}
	if diff := cmp.Diff(attempt, next); diff != "" {
		t.Errorf("the retry:\n%s", diff)
	}
	if old.RetriedInJobID != next.ID || old.RetryType != "automatic" || old.RetriedByID != "" {
		t.Errorf("the old job was retried in %s, %s by %q", old.RetriedInJobID, old.RetryType, old.RetriedByID)
	}
}

func TestManualRetryFields(t *testing.T) {
	t.Parallel()
	w := created(t, "[{key: a, command: a}]")
	finish(t, w, "a", 1)
	old := job(t, w, "a")
	apply(t, w, build.Retried{JobID: old.ID, UserID: "user"})
	next := job(t, w, "a")
	old, _ = w.JobByID(old.ID)
	for _, j := range []build.Job{old, next} {
		if j.RetryType != "manual" || j.RetriedByID != "user" {
			t.Errorf("job %s: retry type %s by %s", j.ID, j.RetryType, j.RetriedByID)
		}
	}
	if old.RetriedInJobID != next.ID || next.RetrySourceID != old.ID || next.RetriesCount != 1 {
		t.Errorf("old %+v, new %+v", old, next)
	}
}

func TestPlaceMayRefuse(t *testing.T) {
	t.Parallel()
	w := buildtest.New()
	w.Place = func(*build.Job, []string) error {
		return &build.Refusal{Code: build.Invalid, Message: "there is no such queue"}
	}
	_, err := w.Apply(build.Created{Plan: compile(t, "[command: a]")})
	var refusal *build.Refusal
	if !errors.As(err, &refusal) || refusal.Message != "there is no such queue" || len(w.Steps()) > 0 {
		t.Errorf("error %v, steps %v", err, w.Steps())
	}
}

func TestUploadOrder(t *testing.T) {
	t.Parallel()
	w := created(t, `[{key: a, command: a}, {group: g, key: g, steps: [{key: up, command: up}, {key: c, command: c}]}, {key: z, command: z}]`)
	j := start(t, w, "up")
	apply(t, w, build.Uploaded{JobID: j.ID, Plan: compile(t, `[{key: first, command: x}, {group: h, key: h, steps: [{key: inner, command: x}]}]`)})
	apply(t, w, build.Uploaded{JobID: j.ID, Plan: compile(t, `[{key: second, command: x}, {key: third, command: x}]`)})
	var keys []string
	groups := map[string]string{}
	byID := map[string]string{}
	for _, s := range w.Steps() {
		keys = append(keys, s.Key)
		byID[s.ID] = s.Key
	}
	for _, s := range w.Steps() {
		groups[s.Key] = byID[s.GroupID]
	}
	if diff := cmp.Diff([]string{"a", "g", "up", "second", "third", "first", "h", "inner", "c", "z"}, keys); diff != "" {
		t.Error(diff)
	}
	want := map[string]string{
		"a": "", "g": "", "up": "g", "second": "g", "third": "g", "first": "g", "h": "", "inner": "h", "c": "g", "z": "",
	}
	if diff := cmp.Diff(want, groups); diff != "" {
		t.Error(diff)
	}
}

// TestEdgeCount holds the number of edges to what steps and waits add up to.
func TestEdgeCount(t *testing.T) {
	t.Parallel()
	const steps, waits = 40, 10
	var doc strings.Builder
	for range waits {
		for range steps {
			doc.WriteString("- command: a\n")
		}
		doc.WriteString("- wait\n")
	}
	w := created(t, doc.String())
	// Each step is covered by one wait and depends on one, and each wait depends on the one before.
	if most := 2*steps*waits + waits; len(w.Edges()) > most {
		t.Errorf("%d edges for %d steps and %d waits", len(w.Edges()), steps*waits, waits)
	}
}

func TestCycles(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ doc, want string }{
		"Self":         {`[{key: a, command: a, depends_on: a}]`, "a → a"},
		"Two":          {`[{key: a, command: a, depends_on: b}, {key: b, command: b, depends_on: a}]`, "a → b → a"},
		"ThroughWait":  {`[{key: a, command: a, depends_on: z}, wait, {key: z, command: z}]`, "a → z → wait → a"},
		"ThroughBlock": {`[{key: a, command: a, depends_on: z}, {block: Ask}, {key: z, command: z}]`, "a → z → Ask → a"},
		"OwnGroup":     {`[{group: g, key: g, steps: [{key: a, command: a, depends_on: g}]}]`, "g → a → g"},
		"TwoGroups": {
			`[{group: g, key: g, depends_on: h, steps: [{key: a, command: a}]}, {group: h, key: h, depends_on: a, steps: [{key: b, command: b}]}]`,
			"g → a → h → b → a",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := buildtest.New()
			_, err := w.Apply(build.Created{Plan: compile(t, tt.doc)})
			var refusal *build.Refusal
			if !errors.As(err, &refusal) || refusal.Code != build.Invalid {
				t.Fatalf("not refused: %v", err)
			}
			names := strings.TrimPrefix(refusal.Message, "Dependency cycle: ")
			if !strings.Contains(tt.want+" → "+tt.want, names) || names != tt.want && name != "TwoGroups" {
				t.Errorf("refused with %q", refusal.Message)
			}
		})
	}
}

// TestCostOfAnEvent holds an event to what depends on what it is about: the size of the build must not show.
func TestCostOfAnEvent(t *testing.T) {
	t.Parallel()
	layouts := map[string]func(jobs int) string{
		"Steps":    func(jobs int) string { return strings.Repeat("- command: a\n", jobs) },
		"Parallel": func(jobs int) string { return fmt.Sprintf("[{command: a, parallelism: %d}]", jobs) },
		"Waited":   func(jobs int) string { return strings.Repeat("- command: a\n", jobs) + "- wait\n- command: z\n" },
		"Grouped": func(jobs int) string {
			return "- group: g\n  steps:\n" + strings.Repeat("  - command: a\n", jobs) + "- wait\n- command: z\n"
		},
	}
	for name, layout := range layouts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			few, many := lastFinish(t, layout(20)), lastFinish(t, layout(200))
			if few != many {
				t.Errorf("the last end loads %d parts of a small build and %d of a large one", few, many)
			}
		})
	}
}

// lastFinish finishes all scheduled jobs and returns the number of parts the last end asked for.
func lastFinish(t testing.TB, doc string) int {
	t.Helper()
	w := created(t, doc)
	for _, j := range w.Latest() {
		if j.State == build.JobScheduled {
			apply(t, w, build.Finished{JobID: j.ID})
		}
	}
	return w.Loaded
}
