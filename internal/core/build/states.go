package build

// State is a build's state (docs/contract/pipelines.md, section 3.1).
type State string

// Build states.
const (
	Creating  State = "creating"
	Scheduled State = "scheduled"
	Running   State = "running"
	Failing   State = "failing"
	Blocked   State = "blocked"
	Passed    State = "passed"
	Failed    State = "failed"
	Canceling State = "canceling"
	Canceled  State = "canceled"
	Skipped   State = "skipped"
	NotRun    State = "not_run"
)

// Terminal reports whether nothing moves any more unless a person resumes it. A blocked build is not terminal.
func (s State) Terminal() bool {
	switch s {
	case Passed, Failed, Canceled, Skipped, NotRun:
		return true
	}
	return false
}

// Final reports whether not even a retry can resume the build.
func (s State) Final() bool { return s == Canceled || s == Skipped || s == NotRun }

// JobType is a job's type under its REST name (docs/contract/pipelines.md, section 4.1).
type JobType string

// Job types.
const (
	Script  JobType = "script"
	Waiter  JobType = "waiter"
	Manual  JobType = "manual"
	Trigger JobType = "trigger"
)

// JobState is a job's internal state (docs/contract/pipelines.md, section 4.2). REST shows JobFinished as passed or
// failed.
type JobState string

// Job states.
const (
	JobPending         JobState = "pending"
	JobWaiting         JobState = "waiting"
	JobWaitingFailed   JobState = "waiting_failed"
	JobBlocked         JobState = "blocked"
	JobBlockedFailed   JobState = "blocked_failed"
	JobUnblocked       JobState = "unblocked"
	JobUnblockedFailed JobState = "unblocked_failed"
	JobLimiting        JobState = "limiting"
	JobLimited         JobState = "limited"
	JobScheduled       JobState = "scheduled"
	JobReserved        JobState = "reserved"
	JobAssigned        JobState = "assigned"
	JobAccepted        JobState = "accepted"
	JobRunning         JobState = "running"
	JobFinished        JobState = "finished"
	JobCanceling       JobState = "canceling"
	JobCanceled        JobState = "canceled"
	JobTimingOut       JobState = "timing_out"
	JobTimedOut        JobState = "timed_out"
	JobSkipped         JobState = "skipped"
	JobBroken          JobState = "broken"
	JobExpired         JobState = "expired"
)

// Terminal reports whether the job has ended. An unblocked manual job has.
func (s JobState) Terminal() bool {
	switch s {
	case JobWaitingFailed, JobBlockedFailed, JobUnblocked, JobUnblockedFailed, JobFinished, JobCanceled, JobTimedOut,
		JobSkipped, JobBroken, JobExpired:
		return true
	}
	return false
}

// HoldsSlot reports whether a job takes up one of the slots of its concurrency group
// (docs/contract/pipelines.md, section 12).
func (s JobState) HoldsSlot() bool {
	switch s {
	case JobScheduled, JobReserved, JobAssigned, JobAccepted, JobRunning, JobCanceling, JobTimingOut:
		return true
	}
	return false
}

// AsksForSlot reports whether only its concurrency group holds the job back.
func (s JobState) AsksForSlot() bool { return s == JobLimiting || s == JobLimited }

// OnAgent reports whether an agent holds the job, so that a cancel has to be told to it.
func (s JobState) OnAgent() bool {
	switch s {
	case JobAccepted, JobRunning, JobCanceling, JobTimingOut:
		return true
	}
	return false
}

// StepState is a step's state as `buildkite-agent step get` shows it (docs/contract/pipelines.md, section 5).
type StepState string

// Step states.
const (
	StepIgnored         StepState = "ignored"
	StepWaiting         StepState = "waiting_for_dependencies"
	StepReady           StepState = "ready"
	StepWaitingForInput StepState = "waiting_for_input"
	StepRunning         StepState = "running"
	StepFailing         StepState = "failing"
	StepFinished        StepState = "finished"
	StepCanceled        StepState = "canceled"
)

// Outcome is a finished step's outcome, worst first in the order of docs/contract/pipelines.md, section 5.
type Outcome string

// Outcomes.
const (
	Neutral      Outcome = "neutral"
	OutcomeOK    Outcome = "passed"
	SoftFailedOK Outcome = "soft_failed"
	HardFailed   Outcome = "hard_failed"
	Errored      Outcome = "errored"
)

// MissingDependency is the broken reason of a job that did not run because a step it depends on never came to be
// (docs/contract/pipelines.md, section 6.2, last row).
const MissingDependency = "dependency_missing"
