package build_test

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/build/buildtest"
	"github.com/bridle-ci/bridle/internal/core/pipeline"
)

// TestBuildsEndAsTheContractSays compares the end of builds, whose jobs end in any order and are retried, with what the
// contract's tables say about it. It makes no difference whether a pipeline is stored or uploaded by a job that passes.
func TestBuildsEndAsTheContractSays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m, plan := drawModel(t)
		r := &rehearsal{t: t, m: m, w: buildtest.New(), steps: map[string]*modelStep{}}
		if !r.begin(plan, rapid.Bool().Draw(t, "uploaded")) {
			return // a cycle of dependencies
		}
		r.finish()
		r.compare()
		for range rapid.IntRange(0, 3).Draw(t, "rounds of retries") {
			r.retry()
			r.finish()
			r.compare()
		}
	})
}

// rehearsal is a build beside its model.
type rehearsal struct {
	t *rapid.T
	m *model
	w *buildtest.World
	// steps are those of the model by id; uploader is the one that has uploaded them, if any.
	steps    map[string]*modelStep
	uploader string
}

// begin puts the plan into the build, and returns false when it is refused.
func (r *rehearsal) begin(plan pipeline.Plan, uploaded bool) bool {
	r.t.Helper()
	events := []build.Event{build.Created{Plan: plan}}
	if uploaded {
		up := pipeline.Step{Kind: pipeline.KindCommand, Command: &pipeline.Command{Jobs: []pipeline.JobSpec{{}}}}
		if _, err := r.w.Apply(build.Created{Plan: pipeline.Plan{Steps: []pipeline.Step{up}}}); err != nil {
			r.t.Fatal(err)
		}
		job := r.w.Latest()[0]
		r.uploader = job.StepID
		events = []build.Event{
			build.Acquired{JobID: job.ID, AgentID: "agent"},
			build.Started{JobID: job.ID},
			build.Uploaded{JobID: job.ID, Plan: plan},
			build.Finished{JobID: job.ID},
		}
	}
	for _, ev := range events {
		_, err := r.w.Apply(ev)
		if refusal := (*build.Refusal)(nil); errors.As(err, &refusal) {
			return false
		}
		if err != nil {
			r.t.Fatal(err)
		}
	}
	for _, s := range r.w.Steps() {
		if s.ID != r.uploader {
			r.steps[s.ID] = r.m.byKey[s.Key]
		}
	}
	return true
}

// jobs are the latest attempts of the model's jobs.
func (r *rehearsal) jobs() []build.Job {
	return slices.DeleteFunc(r.w.Latest(), func(j build.Job) bool { return j.StepID == r.uploader })
}

// finish lets jobs meet their fates in any order until the build has ended.
func (r *rehearsal) finish() {
	r.t.Helper()
	for r.unblock(); !r.w.Build.State.Terminal(); r.unblock() {
		runnable := slices.DeleteFunc(r.w.Latest(), func(j build.Job) bool { return j.State != build.JobScheduled })
		if len(runnable) == 0 {
			r.t.Fatalf("the build is %s and nothing can run", r.w.Build.State)
		}
		j := runnable[rapid.IntRange(0, len(runnable)-1).Draw(r.t, "next")]
		meet(r.t, r.w, j, r.steps[j.StepID].fates[j.Index])
	}
}

// unblock lets everything go that waits for a person.
func (r *rehearsal) unblock() {
	r.t.Helper()
	for offered := true; offered; {
		offered = false
		for _, j := range r.w.Latest() {
			if j.State != build.JobBlocked {
				continue
			}
			offered = true
			if _, err := r.w.Apply(build.Unblocked{JobID: j.ID, UserID: "user"}); err != nil {
				r.t.Fatal(err)
			}
		}
	}
}

// retry gives some of the jobs that did not end well another fate.
func (r *rehearsal) retry() {
	r.t.Helper()
	for _, j := range r.jobs() {
		s := r.steps[j.StepID]
		if !s.ran || s.Kind != pipeline.KindCommand || !rapid.Bool().Draw(r.t, "retry") {
			continue
		}
		next := []fate{passes, passes, fails, cancels, expires, timesOut}
		switch s.fates[j.Index] {
		case passes, expires:
			continue
		case softly:
			next = []fate{passes, softly}
		}
		if _, err := r.w.Apply(build.Retried{JobID: j.ID, UserID: "user"}); err != nil {
			r.t.Fatal(err)
		}
		s.fates[j.Index] = rapid.SampledFrom(next).Draw(r.t, "new fate")
	}
}

// compare works the model out anew.
func (r *rehearsal) compare() {
	r.t.Helper()
	for _, s := range r.m.all {
		s.known, s.end, s.missing = false, ends{}, false
	}
	for _, s := range r.m.all {
		r.m.work(s)
	}
	for _, j := range r.jobs() {
		if s := r.steps[j.StepID]; j.State != s.want(j) {
			r.t.Errorf("a job of %s is %s and should be %s", s.Key, j.State, s.want(j))
		}
	}
	want := r.m.result()
	if want == build.NotRun && r.uploader != "" {
		want = build.Passed
	}
	if r.w.Build.State != want {
		r.t.Errorf("the build is %s and should be %s", r.w.Build.State, want)
	}
}

// meet lets a job that can run meet its fate.
func meet(t *rapid.T, w *buildtest.World, j build.Job, f fate) {
	t.Helper()
	status := map[fate]int{fails: 1, softly: 1, timesOut: 255}[f]
	events := []build.Event{build.Finished{JobID: j.ID, ExitStatus: status}}
	switch f {
	case cancels:
		events = []build.Event{build.CanceledJob{JobID: j.ID}}
	case expires:
		events = []build.Event{build.Expired{JobID: j.ID}}
	case timesOut:
		events = append([]build.Event{
			build.Acquired{JobID: j.ID, AgentID: "agent"}, build.Started{JobID: j.ID}, build.TimedOut{JobID: j.ID},
		}, events...)
	}
	for _, ev := range events {
		if _, err := w.Apply(ev); err != nil {
			t.Fatalf("%#v: %v", ev, err)
		}
	}
}
