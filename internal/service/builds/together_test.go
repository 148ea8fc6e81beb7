package builds_test

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/service/builds"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/google/go-cmp/cmp"
)

// manyJobs has what one job's event does to others: groups, waits, dependencies, parallel jobs, retries, soft failures.
const manyJobs = `steps:
  - group: First
    key: first
    steps:
      - {command: a, parallelism: 12}
      - {command: flaky, parallelism: 8, retry: {automatic: [{exit_status: 7, limit: 2}]}}
  - {command: soft, parallelism: 6, soft_fail: true, key: soft}
  - {command: after, depends_on: soft, parallelism: 5}
  - wait
  - {command: b, parallelism: 10, depends_on: first}
  - wait: ~
    continue_on_failure: true
  - {command: last, parallelism: 4}
`

// statusOf is how a job of manyJobs ends.
func statusOf(j store.Job) int {
	switch {
	case j.Spec.Command == "flaky" && j.RetriesCount == 0:
		return 7
	case j.Spec.Command == "soft":
		return 1
	}
	return 0
}

// runAll lets agents run a build's jobs until done, at once, and returns how many were run.
func runAll(t *testing.T, w *world, agents int, done func() bool, tolerate func(error) bool) int64 {
	t.Helper()
	var ran atomic.Int64
	var wg sync.WaitGroup
	for range agents {
		a := w.agent()
		wg.Go(func() {
			for !done() {
				got, err := runOne(t.Context(), w.service, a, w)
				if err != nil && !tolerate(err) {
					t.Errorf("run a job: %v", err)
					return
				}
				if got {
					ran.Add(1)
				} else {
					runtime.Gosched()
				}
			}
		})
	}
	wg.Wait()
	return ran.Load()
}

func runOne(ctx context.Context, s *builds.Service, a store.Agent, w *world) (bool, error) {
	id, err := s.Offer(ctx, a)
	if err != nil || id == "" {
		return false, err
	}
	got, err := s.Accept(ctx, a, id)
	if err == nil {
		err = s.Start(ctx, got.Job, w.clock.Now())
	}
	if err == nil {
		err = s.Finish(ctx, got.Job, builds.Finish{ExitStatus: statusOf(got.Job), FinishedAt: w.clock.Now()})
	}
	return err == nil, err
}

func finished(t *testing.T, w *world, b store.Build) func() bool {
	return func() bool {
		got, err := store.GetBuild(t.Context(), w.st.Read(), b.ID)
		if err != nil {
			t.Error(err)
		}
		return err != nil || got.State.Terminal()
	}
}

// Events of one build that come at the same moment lead to what they lead to one after the other.
func TestEventsAtOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		b := w.build(manyJobs)
		ran := runAll(t, w, 16, finished(t, w, b), func(error) bool { return false })
		if want := int64(12 + 8*2 + 6 + 5 + 10 + 4); ran != want {
			t.Errorf("%d jobs were run, want %d", ran, want)
		}
		got := w.reload(b)
		if got.State != build.Passed || got.Counts.Open != 0 {
			t.Errorf("the build is %s with %+v", got.State, got.Counts)
		}
		states := map[string]int{}
		for _, s := range w.states(b) {
			states[s]++
		}
		want := map[string]int{"passed": 12 + 8 + 5 + 10 + 4 + 2, "failed": 8 + 6} // with two waits
		if diff := cmp.Diff(want, states); diff != "" {
			t.Errorf("states (-want +got):\n%s", diff)
		}
		steps, err := store.OpenSteps(t.Context(), w.st.Read(), b.ID)
		if err != nil || len(steps) > 0 {
			t.Errorf("%d steps have not settled, %v", len(steps), err)
		}
	})
}

// A cancel in the middle of it ends every job.
func TestCancelAmongEvents(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		b := w.build(manyJobs)
		var offered atomic.Int64
		var cancel sync.Once
		ended := finished(t, w, b)
		done := func() bool {
			if offered.Add(1) == 60 {
				cancel.Do(func() {
					p, err := store.GetPipeline(t.Context(), w.st.Read(), b.PipelineID)
					if err == nil {
						_, err = w.service.Cancel(t.Context(), w.AdminActor(), p.Slug, "1", "")
					}
					if err != nil {
						t.Errorf("cancel: %v", err)
					}
				})
			}
			return ended()
		}
		// A job that was canceled before it was accepted or started refuses to be.
		runAll(t, w, 16, done, func(err error) bool { return fault.Is(err, fault.Conflict) })
		for _, j := range w.jobs(b) {
			if !j.State.Terminal() {
				t.Errorf("a job is %s", j.State)
			}
		}
		got := w.reload(b)
		if got.Counts.Open != 0 || !slices.Contains([]build.State{build.Canceled, build.Passed}, got.State) {
			t.Errorf("the build is %s with %+v", got.State, got.Counts)
		}
	})
}
