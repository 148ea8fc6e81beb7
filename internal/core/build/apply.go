package build

import (
	"errors"
	"fmt"
	"reflect"
	"time"
)

// Machine applies events to one build. It is made for one event after another of the same transaction; it is not safe
// for concurrent use.
type Machine struct {
	Build  *Build
	Source Source
	Now    time.Time
	// NewID returns a fresh id for a step, job or edge.
	NewID func() string
	// Limits are the contract's, or an organization's own. A zero field is the contract's.
	Limits Limits
	// Place sets where a new script job waits for an agent: it turns the step's query rules into Job.QueueID, or
	// refuses the plan. Nil leaves jobs without a queue.
	Place func(job *Job, agents []string) error
	// Timeout turns a step's own timeout (0 without one) into the effective one, both in minutes
	// (docs/contract/pipelines.md, section 14). Nil takes the step's.
	Timeout func(stepMinutes int) int
}

// Limits bound a build (docs/contract/pipelines.md, section 30).
type Limits struct {
	JobsPerBuild    int
	JobsPerUpload   int
	UploadsPerBuild int
}

// DefaultLimits are the contract's.
var DefaultLimits = Limits{JobsPerBuild: 4000, JobsPerUpload: 500, UploadsPerBuild: 500}

// orDefault fills the fields that are not set.
func (l Limits) orDefault() Limits {
	if l.JobsPerBuild == 0 {
		l.JobsPerBuild = DefaultLimits.JobsPerBuild
	}
	if l.JobsPerUpload == 0 {
		l.JobsPerUpload = DefaultLimits.JobsPerUpload
	}
	if l.UploadsPerBuild == 0 {
		l.UploadsPerBuild = DefaultLimits.UploadsPerBuild
	}
	return l
}

// Code classifies a refusal, so that a face can pick its status.
type Code string

// Refusal codes.
const (
	// Conflict: the job or build is in a state in which the event means nothing.
	Conflict Code = "conflict"
	// Invalid: the event itself is wrong (a duplicate key, too many jobs).
	Invalid Code = "invalid"
	// NotRetryable, RetriedOnce and OfCanceled are the contract's refusals of a retry; OfCanceled is that of an
	// unblock as well.
	NotRetryable Code = "not_retryable"
	RetriedOnce  Code = "retried_once"
	OfCanceled   Code = "of_canceled_build"
)

// Refusal is an event that does not apply. Nothing has changed.
type Refusal struct {
	Code    Code
	Message string
}

func (r *Refusal) Error() string { return r.Message }

func refuse(code Code, format string, args ...any) error {
	return &Refusal{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Apply lets an event happen and returns what it changed, the Build itself included. A *Refusal has changed nothing;
// after any other error the parts in memory are worthless and the transaction has to be given up.
func (m *Machine) Apply(ev Event) (*Changes, error) {
	before := *m.Build
	r := newRun(m)
	err := r.apply(ev)
	var refusal *Refusal
	if errors.As(err, &refusal) {
		return nil, err
	}
	if err == nil {
		err = r.conclude()
	}
	if err != nil {
		return nil, fmt.Errorf("apply %T to build %s: %w", ev, m.Build.ID, err)
	}
	changes := r.collect()
	changes.Build = !reflect.DeepEqual(before, *m.Build)
	return changes, nil
}

func (r *run) apply(ev Event) error {
	switch ev := ev.(type) {
	case Created:
		return r.created(ev)
	case Uploaded:
		return r.uploaded(ev)
	case Acquired:
		return r.acquired(ev)
	case Accepted:
		return r.accepted(ev)
	case Started:
		return r.started(ev)
	case Returned:
		return r.returned(ev)
	case Admitted:
		return r.admitted(ev)
	case Limited:
		return r.limited(ev)
	case Finished:
		return r.finished(ev)
	case Promised:
		return r.promised(ev)
	case TimedOut:
		return r.timedOut(ev)
	case Expired:
		return r.expired(ev)
	case AgentLost:
		return r.agentLost(ev)
	case CanceledBuild:
		return r.canceledBuild(ev)
	case CanceledJob:
		return r.canceledJob(ev)
	case CanceledStep:
		return r.canceledStep(ev)
	case ForceCanceled:
		return r.forceCanceled(ev)
	case SkippedBuild:
		return r.skippedBuild()
	case Unblocked:
		return r.unblocked(ev)
	case Retried:
		return r.retried(ev)
	case ChildCreated:
		return r.childCreated(ev)
	case ChildChanged:
		return r.childChanged(ev)
	case ChildRefused:
		return r.childRefused(ev)
	}
	return fmt.Errorf("unknown event %T", ev)
}
