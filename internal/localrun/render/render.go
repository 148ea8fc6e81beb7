// Package render shows a local run: to a person as lines that are only ever appended, or to a program as JSON. It takes
// values and writes text; it knows nothing of where they come from.
package render

import (
	"time"

	"github.com/bridle-ci/bridle/internal/localrun/logview"
)

// Output is told what happens in a run. Its methods may be called by several goroutines. What cannot be written is
// dropped: a run goes on without its audience.
type Output interface {
	// Start comes first.
	Start(Start)
	// Note is a sentence for the person: what is being waited for, what went another way.
	Note(text string)
	// Job tells a job's new state.
	Job(Job)
	// Line is a line of a job's log; lines of a job come in order, before the state that ends it.
	Line(Job, logview.Line)
	// Annotation shows an annotation as it is at the end.
	Annotation(Annotation)
	// Finish comes last.
	Finish(Summary)
}

// Start is what is going to run.
type Start struct {
	At       time.Time
	Pipeline string
	Branch   string
	Commit   string
	Dirty    bool
	Message  string
	Agents   int
	// AgentVersion is the official agent's.
	AgentVersion string
}

// State is a job's or build's state as the REST API names it (docs/contract/pipelines.md, sections 3 and 4).
type State string

// The states that are shown in words of their own.
const (
	Running       State = "running"
	Passed        State = "passed"
	Failed        State = "failed"
	Blocked       State = "blocked"
	Unblocked     State = "unblocked"
	Canceling     State = "canceling"
	Canceled      State = "canceled"
	TimedOut      State = "timed_out"
	Skipped       State = "skipped"
	Broken        State = "broken"
	Expired       State = "expired"
	WaitingFailed State = "waiting_failed"
	BlockedFailed State = "blocked_failed"
)

// Job is one attempt at a piece of a step.
type Job struct {
	ID string
	// Type is script, manual, trigger or waiter.
	Type    string
	StepKey string
	// Name is the label, or what the job does when it has none. Group is the label of the group it is in.
	Name  string
	Group string
	State State
	// ExitStatus is nil until the job ended, and for jobs that have none.
	ExitStatus *int
	Signal     string
	SoftFailed bool
	// Reason says why the job did not run, or how its agent failed it.
	Reason string
	// Attempt counts from 1. Retried says that a later attempt took the job's place.
	Attempt    int
	Retried    bool
	StartedAt  *time.Time
	FinishedAt *time.Time
}

// Took is how long the job ran, zero when it did not.
func (j Job) Took() time.Duration {
	if j.StartedAt == nil || j.FinishedAt == nil {
		return 0
	}
	return max(0, j.FinishedAt.Sub(*j.StartedAt))
}

// FullName is the name with its group.
func (j Job) FullName() string {
	if j.Group == "" {
		return j.Name
	}
	return j.Group + " / " + j.Name
}

// Annotation is a note that jobs left on the build, in Markdown.
type Annotation struct {
	Context string
	// Style is success, info, warning, error, or empty.
	Style string
	Body  string
}

// Summary is how the build ended.
type Summary struct {
	At    time.Time
	State State
	Took  time.Duration
	// Jobs are in build order, attempts that were retried included.
	Jobs []Job
	// Artifacts counts the uploaded files; Kept is the folder where they and the logs are, if they were kept.
	Artifacts int
	Kept      string
}
