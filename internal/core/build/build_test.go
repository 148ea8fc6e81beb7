package build_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/build/buildtest"
	"github.com/bridle-ci/bridle/internal/core/pipeline"
)

// compile turns a document into a plan.
func compile(t testing.TB, doc string) pipeline.Plan {
	t.Helper()
	parsed, err := pipeline.Parse([]byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := parsed.Compile(pipeline.Options{Branch: "main"})
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// created returns a world with a build of the document.
func created(t testing.TB, doc string) *buildtest.World {
	t.Helper()
	w := buildtest.New()
	apply(t, w, build.Created{Plan: compile(t, doc)})
	return w
}

func apply(t testing.TB, w *buildtest.World, ev build.Event) *build.Changes {
	t.Helper()
	changes, err := w.Apply(ev)
	if err != nil {
		t.Fatalf("%T: %v", ev, err)
	}
	return changes
}

func job(t testing.TB, w *buildtest.World, key string) build.Job {
	t.Helper()
	j, ok := w.Job(key, 0)
	if !ok {
		t.Fatalf("no job of %s", key)
	}
	return j
}

// start brings the first job of a step to an agent and lets it run.
func start(t testing.TB, w *buildtest.World, key string) build.Job {
	t.Helper()
	j := job(t, w, key)
	if err := w.Assign(j.ID, "agent"); err != nil {
		t.Fatal(err)
	}
	apply(t, w, build.Accepted{JobID: j.ID, AgentID: "agent"})
	apply(t, w, build.Started{JobID: j.ID})
	return job(t, w, key)
}

func finish(t testing.TB, w *buildtest.World, key string, status int) *build.Changes {
	t.Helper()
	j := start(t, w, key)
	return apply(t, w, build.Finished{JobID: j.ID, ExitStatus: status})
}

// told names effects, and whom they concern.
func told(effects []build.Effect) []string {
	var list []string
	for _, e := range effects {
		switch e := e.(type) {
		case build.JobRunnable:
			list = append(list, "runnable "+e.Job.Spec.Label)
		case build.JobWithdrawn:
			list = append(list, "withdrawn "+e.Job.Spec.Label)
		case build.JobStarted:
			list = append(list, "started "+e.Job.Spec.Label)
		case build.JobEnded:
			list = append(list, "ended "+e.Job.Spec.Label+" "+string(e.Job.State))
		case build.JobOffered:
			list = append(list, "offered "+e.Job.Spec.Label)
		case build.JobRetrying:
			list = append(list, "retrying "+e.Old.Spec.Label)
		case build.JobCancel:
			list = append(list, "cancel "+e.Job.Spec.Label)
		case build.TriggerBuild:
			list = append(list, "trigger "+e.Step.Settings.Trigger.Pipeline)
		case build.CancelChild:
			list = append(list, "cancel child of "+e.Job.Spec.Label)
		case build.BuildChanged:
			list = append(list, "build "+string(e.From)+" to "+string(e.To))
		}
	}
	return list
}

func TestEffects(t *testing.T) {
	t.Parallel()
	const doc = `[{label: a, key: a, command: a, retry: {automatic: {exit_status: 9, limit: 1}}},
		{label: t, key: t, trigger: child}, {block: ask, key: ask}, {label: b, key: b, command: b}]`
	tests := map[string]struct {
		before func(*testing.T, *buildtest.World)
		event  func(*testing.T, *buildtest.World) build.Event
		want   []string
	}{
		"Started": {
			before: func(t *testing.T, w *buildtest.World) {
				if err := w.Assign(job(t, w, "a").ID, "agent"); err != nil {
					t.Fatal(err)
				}
				apply(t, w, build.Accepted{JobID: job(t, w, "a").ID, AgentID: "agent"})
			},
			event: func(t *testing.T, w *buildtest.World) build.Event { return build.Started{JobID: job(t, w, "a").ID} },
			want:  []string{"build scheduled to running", "started a"},
		},
		"FinishedBadly": {
			before: func(t *testing.T, w *buildtest.World) { start(t, w, "a") },
			event: func(t *testing.T, w *buildtest.World) build.Event {
				return build.Finished{JobID: job(t, w, "a").ID, ExitStatus: 1}
			},
			want: []string{"ended a finished", "ended ask blocked_failed", "ended b waiting_failed", "build running to failing"},
		},
		"FinishedToBeRetried": {
			before: func(t *testing.T, w *buildtest.World) { start(t, w, "a") },
			event: func(t *testing.T, w *buildtest.World) build.Event {
				return build.Finished{JobID: job(t, w, "a").ID, ExitStatus: 9}
			},
			want: []string{"ended a finished", "retrying a", "runnable a"},
		},
		"TimedOut": {
			before: func(t *testing.T, w *buildtest.World) { start(t, w, "a") },
			event:  func(t *testing.T, w *buildtest.World) build.Event { return build.TimedOut{JobID: job(t, w, "a").ID} },
			want:   []string{"cancel a"},
		},
		"Offered": {
			before: func(t *testing.T, w *buildtest.World) {
				finish(t, w, "a", 0)
				apply(t, w, build.ChildCreated{JobID: job(t, w, "t").ID, BuildID: "child"})
			},
			event: func(t *testing.T, w *buildtest.World) build.Event {
				return build.ChildChanged{JobID: job(t, w, "t").ID, State: build.Passed}
			},
			want: []string{"ended t finished", "offered ask", "build running to blocked"},
		},
		"CanceledBuild": {
			before: func(t *testing.T, w *buildtest.World) {
				apply(t, w, build.ChildCreated{JobID: job(t, w, "t").ID, BuildID: "child"})
			},
			event: func(*testing.T, *buildtest.World) build.Event { return build.CanceledBuild{Reason: "enough"} },
			want: []string{
				"withdrawn a", "ended a canceled", "cancel child of t", "ended ask canceled", "ended b canceled",
				"build running to canceling",
			},
		},
		"SkippedBuild": {
			before: func(*testing.T, *buildtest.World) {},
			event:  func(*testing.T, *buildtest.World) build.Event { return build.SkippedBuild{} },
			want: []string{
				"withdrawn a", "ended a skipped", "ended t skipped", "ended ask skipped", "ended b skipped",
				"build scheduled to skipped",
			},
		},
		"CanceledAfterAccept": {
			before: func(t *testing.T, w *buildtest.World) {
				if err := w.Assign(job(t, w, "a").ID, "agent"); err != nil {
					t.Fatal(err)
				}
				apply(t, w, build.Accepted{JobID: job(t, w, "a").ID, AgentID: "agent"})
			},
			event: func(t *testing.T, w *buildtest.World) build.Event { return build.CanceledJob{JobID: job(t, w, "a").ID} },
			want:  []string{"cancel a"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := buildtest.New()
			want := []string{"runnable a", "trigger child", "build creating to scheduled"}
			if diff := cmp.Diff(want, told(apply(t, w, build.Created{Plan: compile(t, doc)}).Effects)); diff != "" {
				t.Fatalf("on creation:\n%s", diff)
			}
			tt.before(t, w)
			if diff := cmp.Diff(tt.want, told(apply(t, w, tt.event(t, w)).Effects)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTimes(t *testing.T) {
	t.Parallel()
	w := created(t, "[{key: a, command: a}, {key: b, command: b}]")
	at := func(minutes int) *time.Time {
		w.Now = buildtest.Epoch.Add(time.Duration(minutes) * time.Minute)
		now := w.Now
		return &now
	}
	started := at(1)
	j := start(t, w, "a")
	ended := *at(2)
	reported := ended.Add(-time.Second)
	apply(t, w, build.Finished{JobID: j.ID, ExitStatus: 1, At: reported})
	at(3)
	finish(t, w, "b", 0)
	if b := w.Build; !b.StartedAt.Equal(*started) || !b.FailingAt.Equal(ended) || !b.FinishedAt.Equal(w.Now) {
		t.Errorf("build started %v, failing %v, finished %v", b.StartedAt, b.FailingAt, b.FinishedAt)
	}
	if j := job(t, w, "a"); !j.RunnableAt.Equal(buildtest.Epoch) || !j.StartedAt.Equal(*started) || !j.FinishedAt.Equal(reported) {
		t.Errorf("job runnable %v, started %v, finished %v", j.RunnableAt, j.StartedAt, j.FinishedAt)
	}

	resumed := at(4)
	apply(t, w, build.Retried{JobID: j.ID, UserID: "user"})
	if b := w.Build; !b.StartedAt.Equal(*resumed) || !b.FailingAt.Equal(ended) || b.FinishedAt != nil {
		t.Errorf("resumed build started %v, failing %v, finished %v", b.StartedAt, b.FailingAt, b.FinishedAt)
	}
}

// TestReturnedKeepsItsPlace: the time by which a job waits for an agent is that of its first entry into the queue.
func TestReturnedKeepsItsPlace(t *testing.T) {
	t.Parallel()
	w := created(t, "[{key: a, command: a}]")
	id := job(t, w, "a").ID
	if err := w.Assign(id, "agent"); err != nil {
		t.Fatal(err)
	}
	w.Now = buildtest.Epoch.Add(time.Minute)
	apply(t, w, build.Returned{JobID: id})
	if j := job(t, w, "a"); !j.RunnableAt.Equal(buildtest.Epoch) || j.AgentID != "" || j.AssignedAt != nil {
		t.Errorf("runnable %v, agent %q, assigned %v", j.RunnableAt, j.AgentID, j.AssignedAt)
	}
}
