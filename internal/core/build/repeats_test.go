package build_test

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/bridle-ci/bridle/internal/core/build"
)

// TestLateRepeatsChangeNothing says everything again that agents, nodes and people have said to a build, however long
// ago: they retry when an answer is lost.
func TestLateRepeatsChangeNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := newStory(t, true, nil)
		for range rapid.IntRange(0, 30).Draw(t, "events") {
			s.happen()
		}
		s.repeat()
		s.complete()
		s.repeat()
	})
}

func (s *story) repeat() {
	s.t.Helper()
	var events []build.Event
	for _, j := range s.w.Jobs() {
		events = append(events, saidOf(j)...)
	}
	if s.w.Build.CancelRequested {
		events = append(events, build.CanceledBuild{Reason: "again"})
	}
	if s.w.Build.SkipRequested {
		events = append(events, build.SkippedBuild{})
	}
	for _, ev := range events {
		changes, err := s.w.Try(ev)
		var refusal *build.Refusal
		if errors.As(err, &refusal) {
			continue
		}
		if err != nil || !changes.Empty() {
			s.t.Fatalf("%#v, said again: %+v, error %v", ev, changes, err)
		}
	}
}

// saidOf are the events that have brought a job to where it is, as far as it tells.
func saidOf(j build.Job) []build.Event {
	var said []build.Event
	add := func(happened bool, ev build.Event) {
		if happened {
			said = append(said, ev)
		}
	}
	add(j.AcceptedAt != nil, build.Accepted{JobID: j.ID, AgentID: j.AgentID})
	add(j.StartedAt != nil && j.Type == build.Script, build.Started{JobID: j.ID})
	add(j.ConcurrencyWait != nil, build.Admitted{JobID: j.ID})
	add(j.State == build.JobLimited, build.Limited{JobID: j.ID})
	add(j.State == build.JobTimingOut || j.State == build.JobTimedOut, build.TimedOut{JobID: j.ID})
	add(j.State == build.JobExpired, build.Expired{JobID: j.ID})
	add(j.State == build.JobCanceling || j.State == build.JobCanceled, build.CanceledJob{JobID: j.ID})
	add(j.UnblockedAt != nil, build.Unblocked{JobID: j.ID, UserID: j.UnblockedBy})
	add(j.Retried(), build.Retried{JobID: j.ID, UserID: "user"})
	add(j.TriggeredBuildID != "", build.ChildCreated{JobID: j.ID, BuildID: j.TriggeredBuildID})
	if j.PromisedExitStatus != nil {
		said = append(said, build.Promised{JobID: j.ID, ExitStatus: *j.PromisedExitStatus})
	}
	if j.ExitStatus == nil || !j.State.Terminal() {
		return said
	}
	if j.Type == build.Trigger {
		child := map[bool]build.State{true: build.Passed, false: build.Failed}[j.Passed()]
		return append(said, build.ChildChanged{JobID: j.ID, State: child})
	}
	return append(said, build.Finished{
		JobID: j.ID, ExitStatus: *j.ExitStatus, Signal: j.Signal, SignalReason: j.SignalReason,
	})
}
