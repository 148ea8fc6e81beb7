package build_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/build/buildtest"
	"github.com/bridle-ci/bridle/internal/core/pipeline"
)

// groups are the concurrency groups that changes tell of.
func groups(c *build.Changes) []string {
	var names []string
	for _, e := range c.Effects {
		if e, ok := e.(build.GroupChanged); ok {
			names = append(names, e.Group)
		}
	}
	return names
}

func wantGroups(t *testing.T, c *build.Changes, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, groups(c)); diff != "" {
		t.Errorf("groups that changed (-want +got):\n%s", diff)
	}
}

func admit(t *testing.T, w *buildtest.World, key string) build.Job {
	t.Helper()
	apply(t, w, build.Admitted{JobID: job(t, w, key).ID})
	return job(t, w, key)
}

func TestGroupIsToldOnce(t *testing.T) {
	t.Parallel()
	w := buildtest.New()
	wantGroups(t, apply(t, w, build.Created{Plan: compile(t, `
- {command: a, parallelism: 5, concurrency: 2, concurrency_group: g}
- {command: b, concurrency: 1, concurrency_group: f}
- {command: c}
- {command: d, skip: true, concurrency: 1, concurrency_group: never}
- wait
- {command: e, concurrency: 1, concurrency_group: later}
`)}), "f", "g")
	if w.Build.State != build.Scheduled {
		t.Errorf("the build is %s", w.Build.State)
	}
}

func TestGroupIsToldOfWhoLeaves(t *testing.T) {
	t.Parallel()
	const limited = `concurrency: 1, concurrency_group: g`
	tests := map[string]struct {
		doc   string
		event func(*testing.T, *buildtest.World) *build.Changes
	}{
		"finished": {`[{key: a, command: a, ` + limited + `}]`, func(t *testing.T, w *buildtest.World) *build.Changes {
			admit(t, w, "a")
			return finish(t, w, "a", 0)
		}},
		"failed and retried": {`[{key: a, command: a, ` + limited + `, retry: {automatic: true}}]`, func(t *testing.T, w *buildtest.World) *build.Changes {
			admit(t, w, "a")
			return finish(t, w, "a", 1)
		}},
		"canceled while it asks": {`[{key: a, command: a, ` + limited + `}]`, func(t *testing.T, w *buildtest.World) *build.Changes {
			return apply(t, w, build.CanceledJob{JobID: job(t, w, "a").ID})
		}},
		"canceled while it waits": {`[{key: b, command: b}, wait, {key: a, command: a, ` + limited + `}]`, func(t *testing.T, w *buildtest.World) *build.Changes {
			return apply(t, w, build.CanceledBuild{})
		}},
		"its dependency fails": {`[{key: b, command: b}, wait, {key: a, command: a, ` + limited + `}]`, func(t *testing.T, w *buildtest.World) *build.Changes {
			return finish(t, w, "b", 1)
		}},
		"replaced while it waits": {`[{key: b, command: b}, wait, {key: a, command: a, ` + limited + `}]`, func(t *testing.T, w *buildtest.World) *build.Changes {
			return apply(t, w, build.Uploaded{JobID: start(t, w, "b").ID, Plan: compile(t, "[command: c]"), Replace: true})
		}},
		"held by a block that comes": {`[{key: b, command: b}, {key: a, command: a, depends_on: b, ` + limited + `}]`, func(t *testing.T, w *buildtest.World) *build.Changes {
			return apply(t, w, build.Uploaded{JobID: start(t, w, "b").ID, Plan: compile(t, "[{block: sure}]")})
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantGroups(t, tt.event(t, created(t, tt.doc)), "g")
		})
	}
}

func TestConcurrencyWait(t *testing.T) {
	t.Parallel()
	const doc = `[{key: a, command: a, concurrency: 3, concurrency_group: g, concurrency_method: eager, priority: 4}]`
	t.Run("passed straight through", func(t *testing.T) {
		t.Parallel()
		w := created(t, doc)
		if j := job(t, w, "a"); j.State != build.JobLimiting || j.ConcurrencyWait != nil || j.RunnableAt != nil {
			t.Errorf("%s, wait %v, runnable at %v", j.State, j.ConcurrencyWait, j.RunnableAt)
		}
		w.Now = w.Now.Add(time.Second)
		if j := admit(t, w, "a"); j.State != build.JobScheduled || *j.ConcurrencyWait != 0 || !j.RunnableAt.Equal(w.Now) {
			t.Errorf("%s, wait %v, runnable at %v", j.State, *j.ConcurrencyWait, j.RunnableAt)
		}
	})
	t.Run("limited and retried", func(t *testing.T) {
		t.Parallel()
		w := created(t, doc)
		apply(t, w, build.Limited{JobID: job(t, w, "a").ID})
		w.Now = w.Now.Add(90 * time.Second)
		first := admit(t, w, "a")
		if *first.ConcurrencyWait != 90*time.Second {
			t.Errorf("waited %v", *first.ConcurrencyWait)
		}
		finish(t, w, "a", 1)
		apply(t, w, build.Retried{JobID: first.ID})
		next := job(t, w, "a")
		if next.State != build.JobLimiting || next.ConcurrencyWait != nil || !next.ScheduledAt.Equal(first.ScheduledAt) {
			t.Errorf("%s, wait %v, scheduled at %v", next.State, next.ConcurrencyWait, next.ScheduledAt)
		}
		want := pipeline.Concurrency{Group: "g", Limit: 3, Method: pipeline.Eager}
		if diff := cmp.Diff(want, next.Concurrency); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("no group", func(t *testing.T) {
		t.Parallel()
		w := created(t, `[{key: a, command: a}]`)
		if j := job(t, w, "a"); j.State != build.JobScheduled || j.ConcurrencyWait != nil {
			t.Errorf("%s, wait %v", j.State, j.ConcurrencyWait)
		}
	})
}

func TestSlotsAreOnlyForWhoAsks(t *testing.T) {
	t.Parallel()
	w := created(t, `[{key: a, command: a}, {key: b, command: b, concurrency: 1, concurrency_group: g}]`)
	admit(t, w, "b")
	for name, ev := range map[string]build.Event{
		"admitted without a group": build.Admitted{JobID: job(t, w, "a").ID},
		"limited without a group":  build.Limited{JobID: job(t, w, "a").ID},
		"limited once admitted":    build.Limited{JobID: job(t, w, "b").ID},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := w.Try(ev); err == nil {
				t.Error("was not refused")
			}
		})
	}
	if again := apply(t, w, build.Admitted{JobID: job(t, w, "b").ID}); !again.Empty() {
		t.Errorf("admitted again changes %+v", again)
	}
}

func TestHeldSteps(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		doc  string
		held bool
	}{
		"no dependency":                {`[{key: x, command: x}]`, false},
		"behind a command":             {`[{command: a}, wait, {key: x, command: x}]`, false},
		"behind a block":               {`[{block: b}, {key: x, command: x}]`, true},
		"behind a block, further down": {`[{block: b}, {command: a}, wait, {key: x, command: x}]`, true},
		"beside an input":              {`[{input: i}, {key: x, command: x}]`, false},
		"behind an input":              {`[{input: i, key: i}, {key: x, command: x, depends_on: i}]`, true},
		"before a block":               {`[{command: a}, wait, {key: x, command: x}, {block: b}]`, false},
		"behind a group with a block":  {`[{group: g, key: g, steps: [{block: b}]}, {key: x, command: x, depends_on: g}]`, true},
		"behind a group without":       {`[{group: g, key: g, steps: [{command: c}]}, {key: x, command: x, depends_on: g}]`, false},
		"behind an excluded block":     {`[{block: b, key: b, if: "false"}, {command: a}, wait, {key: x, command: x}]`, false},
		"behind what stands below":     {`[{key: x, command: x, depends_on: a}, {key: a, command: a}]`, true},
		"behind a key nobody has":      {`[{command: a}, {key: x, command: x, depends_on: later}]`, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := created(t, tt.doc)
			if s, _ := w.Step("x"); s.Held() != tt.held {
				t.Errorf("held is %t", s.Held())
			}
		})
	}
}
