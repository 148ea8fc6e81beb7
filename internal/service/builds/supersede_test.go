package builds_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/service/builds"
	"github.com/bridle-ci/bridle/internal/store"
)

const oneStep = "steps:\n  - command: one\n"

func skips(filter *string) func(*store.Pipeline) {
	return func(p *store.Pipeline) { p.SkipQueuedBranchBuilds, p.SkipQueuedBranchBuildsFilter = true, filter }
}

func cancels(filter *string) func(*store.Pipeline) {
	return func(p *store.Pipeline) { p.CancelRunningBranchBuilds, p.CancelRunningBranchBuildsFilter = true, filter }
}

// newer makes another build of a branch and lets it do to older ones what it does.
func (w *world) newer(p store.Pipeline, branch string) store.Build {
	w.t.Helper()
	b := w.create(p, builds.NewBuild{Branch: branch})
	w.drain(time.Second)
	return b
}

func (w *world) wantState(b store.Build, want build.State) {
	w.t.Helper()
	if got := w.reload(b).State; got != want {
		w.t.Errorf("build %d is %s, want %s", b.Number, got, want)
	}
}

// TestSupersede checks every state of an older build against both settings.
func TestSupersede(t *testing.T) {
	t.Parallel()
	const blocks = "steps:\n  - block: Go\n  - command: one\n"
	const two = "steps:\n  - command: one\n  - command: two\n"
	reach := map[string]struct {
		configuration string
		into          func(w *world, p store.Pipeline) store.Build
	}{
		"scheduled": {oneStep, func(w *world, p store.Pipeline) store.Build { return w.create(p, builds.NewBuild{}) }},
		"running": {oneStep, func(w *world, p store.Pipeline) store.Build {
			b := w.create(p, builds.NewBuild{})
			w.take(w.agent())
			return b
		}},
		"failing": {two, func(w *world, p store.Pipeline) store.Build {
			b := w.create(p, builds.NewBuild{})
			w.runNext(w.agent(), 1)
			return b
		}},
		"blocked": {blocks, func(w *world, p store.Pipeline) store.Build { return w.create(p, builds.NewBuild{}) }},
		"passed": {oneStep, func(w *world, p store.Pipeline) store.Build {
			b := w.create(p, builds.NewBuild{})
			w.runNext(w.agent(), 0)
			return b
		}},
	}
	skipping, canceling, both := skips(nil), cancels(nil), func(p *store.Pipeline) { skips(nil)(p); cancels(nil)(p) }
	for _, tt := range []struct {
		setting string
		edit    func(*store.Pipeline)
		state   string
		want    build.State
	}{
		{"neither", func(*store.Pipeline) {}, "scheduled", build.Scheduled},
		{"neither", func(*store.Pipeline) {}, "running", build.Running},
		{"skip queued", skipping, "scheduled", build.Skipped},
		{"skip queued", skipping, "running", build.Running},
		{"skip queued", skipping, "failing", build.Failing},
		{"skip queued", skipping, "blocked", build.Blocked},
		{"cancel running", canceling, "scheduled", build.Scheduled},
		{"cancel running", canceling, "running", build.Canceling},
		{"cancel running", canceling, "failing", build.Canceled},
		{"cancel running", canceling, "blocked", build.Canceled},
		{"cancel running", canceling, "passed", build.Passed},
		{"both", both, "scheduled", build.Skipped},
		{"both", both, "running", build.Canceling},
		{"both", both, "passed", build.Passed},
	} {
		t.Run(tt.setting+", "+tt.state, func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, w *world) {
				r := reach[tt.state]
				p := w.pipeline(r.configuration, tt.edit)
				older := r.into(w, p)
				w.wantState(older, build.State(tt.state))
				newer := w.newer(p, "main")
				w.wantState(older, tt.want)
				if state := w.reload(newer).State; state.Terminal() {
					t.Errorf("the newer build is %s", state)
				}
			})
		})
	}
}

func TestSupersededJobs(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		p := w.pipeline("steps:\n  - command: one\n  - wait\n  - command: two\n", skips(nil), cancels(nil))
		skipped := w.create(p, builds.NewBuild{})
		w.newer(p, "main")
		w.wantBuild(skipped, build.Skipped, "skipped", "skipped", "skipped")
		running := w.newer(p, "main")
		got := w.take(w.agent())
		w.newer(p, "main")
		w.wantBuild(running, build.Canceling, "canceling", "canceled", "canceled")
		w.finish(got, -1)
		w.wantBuild(running, build.Canceled, "canceled", "canceled", "canceled")
		if reason := w.reload(running).CancelReason; !strings.Contains(reason, "#4") {
			t.Errorf("cancel reason %q", reason)
		}
	})
}

func TestSupersedeKeepsToBranchAndPipeline(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		p := w.pipeline(oneStep, skips(nil), cancels(nil))
		other := w.pipeline(oneStep, skips(nil), cancels(nil))
		elsewhere := []store.Build{w.create(p, builds.NewBuild{Branch: "feature"}), w.create(other, builds.NewBuild{})}
		older := w.create(p, builds.NewBuild{})
		w.newer(p, "main")
		w.wantState(older, build.Skipped)
		for _, b := range elsewhere {
			w.wantState(b, build.Scheduled)
		}
	})
}

func TestSupersedeFilters(t *testing.T) {
	t.Parallel()
	for filter, want := range map[string]map[string]bool{
		"":               {"main": true, "feature/a": true},
		"feature/*":      {"main": false, "feature/a": true, "features": false},
		"!main":          {"main": false, "feature/a": true},
		"main release/*": {"main": true, "release/1": true, "feature/a": false},
	} {
		t.Run("filter "+filter, func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, w *world) {
				skip, cancel := w.pipeline(oneStep, skips(&filter)), w.pipeline(oneStep, cancels(&filter))
				for branch, superseded := range want {
					running := w.create(cancel, builds.NewBuild{Branch: branch})
					w.take(w.agent())
					scheduled := w.create(skip, builds.NewBuild{Branch: branch})
					w.newer(skip, branch)
					w.newer(cancel, branch)
					if got := w.reload(scheduled).State == build.Skipped; got != superseded {
						t.Errorf("build of %s skipped: %v, want %v", branch, got, superseded)
					}
					if got := w.reload(running).State == build.Canceling; got != superseded {
						t.Errorf("build of %s canceled: %v, want %v", branch, got, superseded)
					}
					w.finishAll()
				}
			})
		})
	}
}

// finishAll runs whatever there is to run.
func (w *world) finishAll() {
	w.t.Helper()
	a := w.agent()
	for got := w.take(a); got != nil; got = w.take(a) {
		w.finish(got, 0)
	}
}

// TestResumedBuildIsSupersededByWhatStartsLater resumes an older build by a retry, before or after a newer one starts.
func TestResumedBuildIsSupersededByWhatStartsLater(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		resumeFirst bool
		want        build.State
	}{
		"resumed before the newer one starts": {true, build.Canceled},
		"resumed while the newer one runs":    {false, build.Running},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, w *world) {
				p := w.pipeline("steps:\n  - {command: one, agents: {of: \"${BUILDKITE_BUILD_NUMBER}\"}}\n", cancels(nil))
				agents := map[string]store.Agent{}
				for _, number := range []string{"1", "2"} {
					agents[number] = w.agent(func(a *store.Agent) { a.Tags = append(a.Tags, "of="+number) })
				}
				older := w.create(p, builds.NewBuild{})
				failed := w.runNext(agents["1"], 1)
				newer := w.newer(p, "main")
				resume := func() {
					w.clock.Advance(time.Second)
					_, _, err := w.service.RetryJob(t.Context(), w.AdminActor(), builds.JobRef{JobID: failed.Job.ID})
					must(t, err)
				}
				if tt.resumeFirst {
					resume()
				}
				w.drain(time.Second)
				w.wantState(newer, build.Scheduled)
				if w.take(agents["2"]) == nil {
					t.Fatal("the newer build has no job")
				}
				if !tt.resumeFirst {
					resume()
				}
				w.drain(time.Second)
				w.wantState(newer, build.Running)
				w.wantState(older, tt.want)
			})
		})
	}
}

// TestQueuedBuildThatStartsLateIsCanceled: an older build that waited when the newer one was created, and started
// before it.
func TestQueuedBuildThatStartsLateIsCanceled(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		p := w.pipeline(oneStep, cancels(nil))
		older := w.create(p, builds.NewBuild{})
		newer := w.newer(p, "main")
		w.wantState(older, build.Scheduled)
		w.take(w.agent())
		w.drain(time.Second)
		w.wantState(older, build.Running)
		w.take(w.agent())
		w.drain(time.Second)
		w.wantState(newer, build.Running)
		w.wantState(older, build.Canceling)
	})
}

// TestConcurrentBuildsLeaveTheLast makes builds of a branch at the same time, while their tasks are done as they come.
func TestConcurrentBuildsLeaveTheLast(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		p := w.pipeline(oneStep, skips(nil), cancels(nil))
		var group sync.WaitGroup
		for range 12 {
			group.Go(func() {
				w.create(p, builds.NewBuild{})
				if err := w.queue.Drain(t.Context(), w.clock.Now()); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		w.drain(time.Second)
		for _, b := range w.builtOf(p) {
			want := build.Skipped
			if b.Number == 12 {
				want = build.Scheduled
			}
			w.wantState(b, want)
		}
	})
}

// TestSupersededChildSkipsItsTriggerJob: whether the child waited, ran or was blocked, the parent does not fail for it.
func TestSupersededChildSkipsItsTriggerJob(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		configuration string
		run           bool
	}{
		"queued":  {oneStep, false},
		"running": {oneStep, true},
		"blocked": {"steps:\n  - block: Go\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, w *world) {
				child := w.pipeline(tt.configuration, skips(nil), cancels(nil))
				parent := w.build("steps:\n  - trigger: " + child.Slug + "\n  - wait\n  - command: after\n")
				w.drain(0)
				var got *builds.Assignment
				if tt.run {
					got = w.take(w.agent())
				}
				w.newer(child, "main")
				if got != nil {
					w.wantBuild(parent, build.Running, "running", "waiting", "waiting")
					w.finish(got, -1)
					w.drain(time.Second)
				}
				w.wantBuild(parent, build.Running, "skipped", "passed", "scheduled")
				w.finishAll()
				w.wantBuild(parent, build.Passed, "skipped", "passed", "passed")
			})
		})
	}
}
