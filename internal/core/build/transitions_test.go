package build

import (
	"slices"
	"testing"
	"time"

	"github.com/bridle-ci/bridle/internal/core/pipeline"
)

var allJobStates = []JobState{
	JobPending, JobWaiting, JobWaitingFailed, JobBlocked, JobBlockedFailed, JobUnblocked, JobUnblockedFailed, JobLimiting,
	JobLimited, JobScheduled, JobReserved, JobAssigned, JobAccepted, JobRunning, JobFinished, JobCanceling, JobCanceled,
	JobTimingOut, JobTimedOut, JobSkipped, JobBroken, JobExpired,
}

var allStates = []State{
	Creating, Scheduled, Running, Failing, Blocked, Passed, Failed, Canceling, Canceled, Skipped, NotRun,
}

func TestJobMovesAreClosed(t *testing.T) {
	t.Parallel()
	revived := []JobState{JobWaitingFailed, JobBlockedFailed}
	for jobType, moves := range jobMoves {
		for from, targets := range moves {
			if !slices.Contains(allJobStates, from) {
				t.Errorf("%s: unknown state %q", jobType, from)
			}
			for _, to := range targets {
				if !slices.Contains(allJobStates, to) || to == JobPending || to == from {
					t.Errorf("%s: a move from %s to %q", jobType, from, to)
				}
				leavesEnd := from.Terminal() && !slices.Contains(revived, from)
				if leavesEnd && from != JobBroken && (jobType != Trigger || from != JobFinished) {
					t.Errorf("%s: %s is an end, but leads to %s", jobType, from, to)
				}
			}
		}
		for _, s := range allJobStates {
			if reachable(moves, s) && !s.Terminal() && len(moves[s]) == 0 {
				t.Errorf("%s: %s leads nowhere", jobType, s)
			}
		}
	}
}

func reachable(moves map[JobState][]JobState, s JobState) bool {
	for _, targets := range moves {
		if slices.Contains(targets, s) {
			return true
		}
	}
	return false
}

func TestBuildMovesAreClosed(t *testing.T) {
	t.Parallel()
	for _, from := range allStates {
		targets := buildMoves[from]
		for _, to := range targets {
			if !slices.Contains(allStates, to) || to == Creating || to == from {
				t.Errorf("a move from %s to %q", from, to)
			}
		}
		if from.Final() != (len(targets) == 0) {
			t.Errorf("%s is final: %t, but leads to %v", from, from.Final(), targets)
		}
	}
}

func TestIllegalMovesAreErrors(t *testing.T) {
	t.Parallel()
	for _, jobType := range []JobType{Script, Waiter, Manual, Trigger} {
		for _, from := range allJobStates {
			for _, to := range allJobStates {
				j := &Job{ID: "j", Type: jobType, State: from}
				r := newRun(&Machine{Build: &Build{}, Now: time.Unix(0, 0)})
				err := r.setJob(j, &Step{ID: "s"}, to, nil)
				if allowed := CanMove(jobType, from, to); allowed != (err == nil) || !allowed && j.State != from {
					t.Errorf("%s from %s to %s: allowed %t, error %v, now %s", jobType, from, to, allowed, err, j.State)
				}
			}
		}
	}
	r := newRun(&Machine{Build: &Build{State: Canceled}})
	if err := r.setBuild(Running); err == nil || r.Build.State != Canceled {
		t.Errorf("a canceled build went to %s: %v", r.Build.State, err)
	}
}

func TestRetryRule(t *testing.T) {
	t.Parallel()
	any2 := pipeline.RetryRule{Limit: 2}
	on1 := pipeline.RetryRule{ExitStatuses: []int{1, 3}, Limit: 1}
	killed := pipeline.RetryRule{Signals: []string{"SIGKILL"}, Limit: 1}
	unsignaled := pipeline.RetryRule{Signals: []string{"none"}, Limit: 1}
	stopped := pipeline.RetryRule{SignalReasons: []string{"agent_stop"}, Limit: 1}
	never := pipeline.RetryRule{SignalReasons: []string{"stack_error"}, ExitStatuses: []int{-1}}
	tests := map[string]struct {
		rules []pipeline.RetryRule
		exit  exit
		done  []int
		rule  int
		ok    bool
	}{
		"NoRules":             {exit: exit{status: 1}},
		"Passed":              {rules: []pipeline.RetryRule{any2}},
		"AnyStatus":           {rules: []pipeline.RetryRule{any2}, exit: exit{status: 77}, ok: true},
		"AnyIncludesLost":     {rules: []pipeline.RetryRule{any2}, exit: exit{status: -1}, ok: true},
		"LimitLeft":           {rules: []pipeline.RetryRule{any2}, exit: exit{status: 1}, done: []int{1}, ok: true},
		"LimitReached":        {rules: []pipeline.RetryRule{any2}, exit: exit{status: 1}, done: []int{2}},
		"SecondRule":          {rules: []pipeline.RetryRule{on1, any2}, exit: exit{status: 2}, rule: 1, ok: true},
		"ExhaustedStops":      {rules: []pipeline.RetryRule{on1, any2}, exit: exit{status: 3}, done: []int{1}},
		"OtherRuleCounts":     {rules: []pipeline.RetryRule{on1, any2}, exit: exit{status: 3}, done: []int{0, 2}, ok: true},
		"SignalSpelling":      {rules: []pipeline.RetryRule{killed}, exit: exit{status: 137, signal: "kill"}, ok: true},
		"OtherSignal":         {rules: []pipeline.RetryRule{killed}, exit: exit{status: 143, signal: "SIGTERM"}},
		"SignalMissing":       {rules: []pipeline.RetryRule{killed}, exit: exit{status: 137}},
		"NoneMatchesAbsence":  {rules: []pipeline.RetryRule{unsignaled}, exit: exit{status: 1}, ok: true},
		"NoneRefusesPresence": {rules: []pipeline.RetryRule{unsignaled}, exit: exit{status: 1, signal: "SIGTERM"}},
		"Reason":              {rules: []pipeline.RetryRule{stopped}, exit: exit{status: -1, signalReason: "agent_stop"}, ok: true},
		"OtherReason":         {rules: []pipeline.RetryRule{stopped}, exit: exit{status: -1, signalReason: "cancel"}},
		"LimitZeroIsNever": {
			rules: []pipeline.RetryRule{never, any2}, exit: exit{status: -1, signalReason: "stack_error"},
		},
		"ReasonWildcardIncludesNone": {rules: []pipeline.RetryRule{never, any2}, exit: exit{status: -1}, rule: 1, ok: true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rule, ok := retryRule(pipeline.RetryPolicy{Automatic: tt.rules}, tt.exit, tt.done)
			if ok != tt.ok || ok && rule != tt.rule {
				t.Errorf("rule %d, retried %t", rule, ok)
			}
		})
	}
}

func TestPathOrder(t *testing.T) {
	t.Parallel()
	up := topPath(1)
	group := uploadPath(up, 0, 1)
	inOrder := []string{
		topPath(0),
		up,
		uploadPath(up, 1, 0),
		uploadPath(uploadPath(up, 1, 0), 2, 0),
		uploadPath(up, 1, 1),
		uploadPath(up, 0, 0),
		group,
		childPath(group, 0),
		uploadPath(childPath(group, 0), 3, 0),
		childPath(group, 1),
		topPath(2),
		childPath(topPath(2), 0),
		uploadPath(childPath(topPath(2), 0), 4, 0),
		childPath(topPath(2), 1),
		topPath(10),
	}
	if !slices.IsSorted(inOrder) {
		t.Errorf("not in order: %q", inOrder)
	}
	for path, want := range map[string]bool{
		up: false, childPath(topPath(2), 0): false, uploadPath(up, 1, 0): true, group: true, childPath(group, 0): false,
		uploadPath(childPath(group, 0), 3, 0): true,
	} {
		if uploadedDirectly(path) != want {
			t.Errorf("%s is uploaded directly: %t", path, !want)
		}
	}
}
