package build_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/build/buildtest"
	"github.com/bridle-ci/bridle/internal/core/pipeline"
)

// story plays random events on a random build and checks after each what must always hold.
type story struct {
	t *rapid.T
	p *planner
	w *buildtest.World
	// fleet gives out the slots of concurrency groups; without one they are given out at random.
	fleet *buildtest.Fleet
	// starts, runnable and triggers count announcements by job; returns the jobs that went back to their queue.
	starts, runnable, triggers, returns map[string]int
}

func newStory(t *rapid.T, failFast bool, fleet *buildtest.Fleet) *story {
	s := &story{
		t: t, fleet: fleet, p: &planner{t: t, failFast: failFast},
		starts: map[string]int{}, runnable: map[string]int{}, triggers: map[string]int{}, returns: map[string]int{},
	}
	for i := 0; ; i++ {
		s.w = buildtest.New()
		if fleet != nil {
			fleet.Add(s.w)
		}
		s.p.prefix, s.p.keys = "k", nil
		plan := s.p.plan()
		if i == 5 { // so many cycles: draw no dependencies any more
			plan = pipeline.Plan{Steps: []pipeline.Step{{Kind: pipeline.KindCommand, Key: "k0", Command: s.p.command()}}}
		}
		if s.apply(build.Created{Plan: plan}) {
			return s
		}
	}
}

// apply lets an event happen twice and reports whether it was not refused.
func (s *story) apply(ev build.Event) bool {
	s.t.Helper()
	changes, err := s.w.Apply(ev)
	var refusal *build.Refusal
	switch {
	case errors.As(err, &refusal):
		return false
	case err != nil:
		s.t.Fatal(err)
	}
	s.announced(changes.Effects)
	s.check(ev)
	again, err := s.w.Apply(ev)
	if err != nil && !errors.As(err, &refusal) {
		s.t.Fatalf("the second time: %v", err)
	}
	if err == nil && !again.Empty() && !repeatable(ev) {
		s.t.Fatalf("%#v changed something the second time: %+v", ev, again)
	}
	s.check(ev)
	if s.fleet != nil {
		if err := s.fleet.GiveSlots(); err != nil {
			s.t.Fatalf("after %#v: %v", ev, err)
		}
	}
	return true
}

// repeatable are uploads: their caller tells by an id whether one is the same again.
func repeatable(ev build.Event) bool {
	_, upload := ev.(build.Uploaded)
	return upload
}

func (s *story) announced(effects []build.Effect) {
	for _, e := range effects {
		switch e := e.(type) {
		case build.JobRunnable:
			s.runnable[e.Job.ID]++
		case build.JobStarted:
			if e.Job.Type == build.Script {
				s.starts[e.Job.ID]++
			}
		case build.TriggerBuild:
			s.triggers[e.Job.ID]++
		}
	}
}

func (s *story) check(ev build.Event) {
	s.t.Helper()
	if err := s.w.Audit(); err != nil {
		s.t.Fatalf("after %#v: %v", ev, err)
	}
	b := s.w.Build
	if !b.State.Terminal() && b.Counts.Moving+b.Counts.Offered == 0 {
		s.t.Fatalf("after %#v the build is %s, but nothing can happen: %+v", ev, b.State, b.Counts)
	}
	if b.State.Terminal() && b.Counts.Open > 0 {
		s.t.Fatalf("after %#v the build is %s with open jobs: %+v", ev, b.State, b.Counts)
	}
	if (b.FinishedAt != nil) != (b.State.Terminal() || b.State == build.Blocked) {
		s.t.Fatalf("after %#v the build is %s, finished at %v", ev, b.State, b.FinishedAt)
	}
	for _, j := range s.w.Jobs() {
		if s.starts[j.ID] > 1+s.returns[j.ID] || s.runnable[j.ID] > 1+s.returns[j.ID] || s.triggers[j.ID] > 1 {
			s.t.Fatalf("after %#v job %s of %s was let go more than once", ev, j.ID, j.StepPath)
		}
		if (j.FinishedAt != nil) != j.State.Terminal() && j.State != build.JobBroken {
			s.t.Fatalf("after %#v job %s is %s, finished at %v", ev, j.ID, j.State, j.FinishedAt)
		}
	}
}

// happen lets something likely or something odd happen.
func (s *story) happen() {
	open := slices.DeleteFunc(s.w.Latest(), func(j build.Job) bool { return j.State.Terminal() || j.State == build.JobWaiting })
	if len(open) == 0 || s.p.chance(40, "odd") {
		s.disturb()
		return
	}
	j := open[rapid.IntRange(0, len(open)-1).Draw(s.t, "open job")]
	switch rapid.IntRange(0, 3).Draw(s.t, "step") {
	case 0:
		s.upload(j)
	case 1:
		s.apply(build.Finished{JobID: j.ID, ExitStatus: rapid.IntRange(1, 3).Draw(s.t, "status")})
		s.apply(build.ChildChanged{JobID: j.ID, State: build.Failed})
	default:
		s.advance(j)
	}
}

// disturb draws one event for any job, which may well be refused.
func (s *story) disturb() {
	jobs := s.w.Jobs()
	j := jobs[rapid.IntRange(0, len(jobs)-1).Draw(s.t, "job")]
	status := rapid.IntRange(0, 3).Draw(s.t, "status")
	switch rapid.IntRange(0, 26).Draw(s.t, "event") {
	case 0, 1, 2, 3:
		s.start(j)
	case 4, 5, 6, 7, 8:
		s.apply(build.Finished{JobID: j.ID, ExitStatus: status})
	case 9:
		s.apply(build.Promised{JobID: j.ID, ExitStatus: status})
	case 10:
		s.apply(build.TimedOut{JobID: j.ID})
	case 11:
		s.apply(build.Expired{JobID: j.ID})
	case 12:
		s.apply(build.AgentLost{JobID: j.ID})
	case 13:
		s.apply(build.CanceledJob{JobID: j.ID})
	case 14:
		s.apply(build.CanceledStep{StepID: j.StepID})
		s.apply(build.ForceCanceled{StepID: j.StepID})
	case 15, 16:
		s.apply(build.Unblocked{JobID: j.ID, UserID: "user"})
	case 17, 18:
		s.apply(build.Retried{JobID: j.ID, UserID: "user"})
	case 19:
		s.apply(build.ChildCreated{JobID: j.ID, BuildID: "child" + j.ID})
	case 20:
		states := []build.State{build.Running, build.Passed, build.Failed, build.Blocked, build.Canceled, build.Skipped}
		s.apply(build.ChildChanged{JobID: j.ID, State: rapid.SampledFrom(states).Draw(s.t, "child")})
	case 21:
		s.apply(build.ChildRefused{JobID: j.ID, Reason: "no such pipeline"})
	case 22:
		if s.apply(build.Returned{JobID: j.ID}) {
			s.returns[j.ID]++
		}
	case 23:
		s.upload(j)
	case 24:
		switch rapid.IntRange(0, 9).Draw(s.t, "rare") {
		case 0:
			s.apply(build.CanceledBuild{Reason: "enough"})
		case 1:
			s.apply(build.SkippedBuild{})
		}
	case 25, 26:
		s.slot(j, status > 0)
	}
}

// slot gives a job the slot it asks for, or not.
func (s *story) slot(j build.Job, free bool) {
	switch {
	case s.fleet != nil:
	case free:
		s.apply(build.Admitted{JobID: j.ID})
	default:
		s.apply(build.Limited{JobID: j.ID})
	}
}

func (s *story) start(j build.Job) {
	if j.State == build.JobScheduled && j.Type == build.Script {
		if err := s.w.Assign(j.ID, "agent"); err != nil {
			s.t.Fatal(err)
		}
	}
	s.apply(build.Accepted{JobID: j.ID, AgentID: "agent"})
	s.apply(build.Started{JobID: j.ID})
}

func (s *story) upload(j build.Job) {
	if j.State != build.JobRunning {
		return
	}
	s.p.prefix = fmt.Sprintf("u%d_", s.w.Build.Uploads)
	plan := s.p.plan()
	if s.p.chance(30, "awaited key") { // which an earlier step may depend on in vain
		plan.Steps[0].Key = rapid.SampledFrom(s.p.keys).Draw(s.t, "key")
	}
	s.apply(build.Uploaded{JobID: j.ID, Plan: plan, Replace: s.p.chance(25, "replace")})
}

// complete lets everything that can happen go well, until the build is at its end.
func (s *story) complete() {
	s.t.Helper()
	for range 1000 {
		if s.w.Build.State.Terminal() {
			return
		}
		s.advanceAll()
	}
	s.t.Fatalf("the build is still %s: %+v", s.w.Build.State, s.w.Build.Counts)
}

func (s *story) advanceAll() {
	for _, j := range s.w.Latest() {
		if now, exists := s.w.JobByID(j.ID); exists { // others may have moved it meanwhile
			s.advance(now)
		}
	}
}

func (s *story) advance(j build.Job) {
	switch {
	case j.Type == build.Trigger && j.State == build.JobScheduled:
		s.apply(build.ChildCreated{JobID: j.ID, BuildID: "child" + j.ID})
	case j.Type == build.Trigger && j.State == build.JobRunning:
		s.apply(build.ChildChanged{JobID: j.ID, State: build.Passed})
	case j.Type == build.Trigger && j.State == build.JobCanceling:
		s.apply(build.ChildChanged{JobID: j.ID, State: build.Canceled})
	case j.State == build.JobBlocked:
		s.apply(build.Unblocked{JobID: j.ID, UserID: "user"})
	case j.State.AsksForSlot():
		s.slot(j, true)
	case j.State == build.JobScheduled:
		s.start(j)
	case j.State == build.JobAssigned:
		s.apply(build.Accepted{JobID: j.ID, AgentID: "agent"})
	case j.State == build.JobAccepted:
		s.apply(build.Started{JobID: j.ID})
	case j.State.OnAgent():
		s.apply(build.Finished{JobID: j.ID})
	}
}

// TestRandomStories plays random events on random plans: counters never drift, an event that happens again changes
// nothing, no job runs twice, and no build can neither move nor finish.
func TestRandomStories(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := newStory(t, true, nil)
		if s.p.chance(20, "limit") { // which uploads and retries soon come up against
			s.w.Limits.JobsPerBuild = s.w.Build.JobsCreated + rapid.IntRange(1, 6).Draw(t, "jobs left")
		}
		for range rapid.IntRange(0, 40).Draw(t, "events") {
			s.happen()
		}
		s.complete()
	})
}

// picture is a build without what tells in which order things happened.
func picture(w *buildtest.World) map[string]string {
	p := map[string]string{"build": fmt.Sprint(w.Build.State, w.Build.BlockedState, w.Build.Counts)}
	for _, j := range w.Jobs() {
		p[fmt.Sprint(j.StepPath, j.Index, j.RetriesCount)] = fmt.Sprint(j.State, j.Retried(), j.BrokenReason)
	}
	for _, s := range w.Steps() {
		p[s.Path] = fmt.Sprint(s.Outcome, s.Settled, s.Full, s.PriorFailed, s.Released)
	}
	return p
}
