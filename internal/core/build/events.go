package build

import (
	"time"

	"github.com/bridle-ci/bridle/internal/core/pipeline"
)

// Event is something that happens to a build. The set is closed.
type Event interface{ event() }

// Created puts the stored configuration's plan into a new build.
type Created struct {
	Plan pipeline.Plan
}

// Uploaded inserts a plan after the step of the job that uploads it. Replace first removes every step that has not
// started.
type Uploaded struct {
	JobID   string
	Plan    pipeline.Plan
	Replace bool
}

// Acquired says that an agent took a job that was assigned to nobody, by its id; Accepted that it took the one assigned
// to it; Started that it runs it; Returned that an assignment or reservation ran out and the job goes back to its queue.
type (
	Acquired struct{ JobID, AgentID string }
	Accepted struct{ JobID, AgentID string }
	Started  struct {
		JobID string
		At    time.Time
	}
	Returned struct{ JobID string }
)

// Admitted says that a job's concurrency group has a slot for it, Limited that it has none for now.
type (
	Admitted struct{ JobID string }
	Limited  struct{ JobID string }
)

// Finished is the report of a job's end: its agent's, or a stack's that could not provide one.
type Finished struct {
	JobID        string
	ExitStatus   int
	Signal       string
	SignalReason string
	At           time.Time
}

// Promised is a running job's promise to fail (docs/contract/pipelines.md, section 11).
type Promised struct {
	JobID      string
	ExitStatus int
	Reason     string
}

// TimedOut says that a running job's time is over, Expired that a scheduled job waited too long for an agent.
type (
	TimedOut struct{ JobID string }
	Expired  struct{ JobID string }
)

// AgentLost ends the job of an agent that vanished, with exit status -1.
type AgentLost struct{ JobID string }

// CanceledBuild cancels the whole build; CanceledJob one job; CanceledStep all jobs of a step. ForceCanceled ends jobs
// of a step that are still canceling after the grace period.
type (
	CanceledBuild struct{ Reason string }
	CanceledJob   struct{ JobID string }
	CanceledStep  struct{ StepID string }
	ForceCanceled struct{ StepID string }
)

// SkippedBuild supersedes a build that has not started.
type SkippedBuild struct{}

// Unblocked is a person letting a manual job go on. Fields have been validated.
type Unblocked struct {
	JobID  string
	UserID string
}

// Retried replaces a job that ended by a new attempt at a person's wish.
type Retried struct {
	JobID  string
	UserID string
}

// ChildCreated says that a trigger job's build exists; ChildChanged that it is in a new state; ChildRefused that it
// could not be made.
type (
	ChildCreated struct{ JobID, BuildID string }
	ChildChanged struct {
		JobID string
		State State
	}
	ChildRefused struct{ JobID, Reason string }
)

func (Created) event()       {}
func (Uploaded) event()      {}
func (Acquired) event()      {}
func (Accepted) event()      {}
func (Started) event()       {}
func (Returned) event()      {}
func (Admitted) event()      {}
func (Limited) event()       {}
func (Finished) event()      {}
func (Promised) event()      {}
func (TimedOut) event()      {}
func (Expired) event()       {}
func (AgentLost) event()     {}
func (CanceledBuild) event() {}
func (CanceledJob) event()   {}
func (CanceledStep) event()  {}
func (ForceCanceled) event() {}
func (SkippedBuild) event()  {}
func (Unblocked) event()     {}
func (Retried) event()       {}
func (ChildCreated) event()  {}
func (ChildChanged) event()  {}
func (ChildRefused) event()  {}

// Effect is something the caller has to do or tell once the changes are stored. The set is closed.
type Effect interface{ effect() }

// JobRunnable: the script job is in `scheduled` and may go to an agent. JobWithdrawn: it was and may no more.
type (
	JobRunnable  struct{ Job *Job }
	JobWithdrawn struct{ Job *Job }
)

// JobStarted, JobEnded (any terminal state), JobOffered (a manual job waits for a person), JobRetrying (Old was
// replaced by New) and JobCancel (an agent has to be told) are announced.
type (
	JobStarted  struct{ Job *Job }
	JobEnded    struct{ Job *Job }
	JobOffered  struct{ Job *Job }
	JobRetrying struct{ Old, New *Job }
	JobCancel   struct{ Job *Job }
)

// TriggerBuild asks for a trigger job's child; CancelChild for its cancel.
type (
	TriggerBuild struct {
		Job  *Job
		Step *Step
	}
	CancelChild struct{ Job *Job }
)

// GroupChanged: a concurrency group has one more job that asks for a slot, or one member less. There is one per group.
type GroupChanged struct{ Group string }

// BuildChanged: the build's state moved from From to To.
type BuildChanged struct{ From, To State }

func (JobRunnable) effect()  {}
func (JobWithdrawn) effect() {}
func (JobStarted) effect()   {}
func (JobEnded) effect()     {}
func (JobOffered) effect()   {}
func (JobRetrying) effect()  {}
func (JobCancel) effect()    {}
func (TriggerBuild) effect() {}
func (CancelChild) effect()  {}
func (GroupChanged) effect() {}
func (BuildChanged) effect() {}
