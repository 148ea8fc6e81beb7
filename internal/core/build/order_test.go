package build_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/build/buildtest"
)

// TestIndependentEventsCommute lets events happen to jobs of different steps in two orders. Where both orders are
// allowed they lead to the same build.
func TestIndependentEventsCommute(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := newStory(t, false, nil)
		for range rapid.IntRange(0, 12).Draw(t, "events") {
			s.happen()
		}
		events := s.independent()
		if len(events) < 2 {
			return // nothing can happen at once
		}
		other := rapid.Permutation(events).Draw(t, "other order")
		a, okA := s.after(events)
		b, okB := s.after(other)
		if !okA || !okB {
			return // one event took away the ground of another
		}
		if diff := cmp.Diff(picture(a), picture(b)); diff != "" {
			t.Fatalf("the order of %+v and %+v matters:\n%s", events, other, diff)
		}
	})
}

// after is the build after events, and false when one of them was refused.
func (s *story) after(events []build.Event) (*buildtest.World, bool) {
	s.t.Helper()
	w := s.w.Clone()
	for _, ev := range events {
		_, err := w.Apply(ev)
		var refusal *build.Refusal
		if errors.As(err, &refusal) {
			return w, false
		}
		if err != nil {
			s.t.Fatal(err)
		}
		if err := w.Audit(); err != nil {
			s.t.Fatalf("after %#v: %v", ev, err)
		}
	}
	return w, true
}

// independent draws events for jobs of up to four steps. At most one of them uploads, since the order of uploads is
// that of their steps.
func (s *story) independent() []build.Event {
	var events []build.Event
	steps, uploaded := map[string]bool{}, false
	for _, j := range s.w.Latest() {
		if len(events) == 4 || steps[j.StepID] || s.p.chance(20, "leave out") {
			continue
		}
		choices := s.possible(j)
		if j.Type == build.Script && j.State == build.JobRunning && !uploaded && s.p.chance(30, "upload") {
			uploaded = true
			s.p.prefix = "new_"
			choices = []build.Event{build.Uploaded{JobID: j.ID, Plan: s.p.plan()}}
		}
		if len(choices) == 0 {
			continue
		}
		steps[j.StepID] = true
		events = append(events, rapid.SampledFrom(choices).Draw(s.t, "event"))
	}
	return events
}

// possible are the events that may happen next to a job which can get on. Retries are not among them: they take back
// what others have built on. Nor is the cancel of a job that waits: whether its dependents give up on a step that never
// came depends on whether anything else can get on at that time.
func (s *story) possible(j build.Job) []build.Event {
	id := j.ID
	finished := build.Finished{JobID: id, ExitStatus: rapid.IntRange(0, 3).Draw(s.t, "status")}
	canceled, lost := build.CanceledJob{JobID: id}, build.AgentLost{JobID: id}
	switch {
	case j.Type == build.Manual && j.State == build.JobBlocked:
		return []build.Event{build.Unblocked{JobID: id, UserID: "user"}}
	case j.Type == build.Trigger && j.State == build.JobScheduled:
		return []build.Event{build.ChildCreated{JobID: id, BuildID: "child"}, build.ChildRefused{JobID: id}, canceled}
	case j.Type == build.Trigger && j.State == build.JobRunning:
		return []build.Event{
			build.ChildChanged{JobID: id, State: build.Passed},
			build.ChildChanged{JobID: id, State: build.Failed},
			build.ChildChanged{JobID: id, State: build.Blocked},
			build.ChildChanged{JobID: id, State: build.Skipped},
		}
	case j.Type != build.Script:
		return nil
	}
	switch j.State {
	case build.JobLimiting, build.JobLimited:
		return []build.Event{build.Admitted{JobID: id}, canceled}
	case build.JobScheduled:
		return []build.Event{finished, build.Expired{JobID: id}, canceled, build.CanceledStep{StepID: j.StepID}}
	case build.JobAccepted:
		return []build.Event{build.Started{JobID: id}, finished, lost, canceled}
	case build.JobRunning:
		return []build.Event{
			finished, finished, lost, canceled,
			build.TimedOut{JobID: id},
			build.Promised{JobID: id, ExitStatus: rapid.IntRange(1, 3).Draw(s.t, "promise")},
		}
	case build.JobTimingOut:
		return []build.Event{finished, lost}
	case build.JobCanceling:
		return []build.Event{finished, build.ForceCanceled{StepID: j.StepID}}
	}
	return nil
}
