package scenario

import "errors"

// Driver carries a scenario out.
type Driver interface {
	// Create makes the driver's one build.
	Create(c Create) error
	// Event lets something happen to the build. What the contract refuses is a *Refused. ErrUntold says that it would
	// not be known: nobody asked for the event, so nobody would be told.
	Event(e Event) error
	// States tells how the build is now.
	States() (States, error)
}

// Refused is an event that the contract does not allow.
type Refused struct{ Message string }

func (r *Refused) Error() string { return "refused: " + r.Message }

// ErrUntold is the answer of a Driver that lets time pass or others act: whether the event was refused shows in what
// has changed alone.
var ErrUntold = errors.New("nobody is told whether the event was refused")

// Create is `build created`.
type Create struct {
	// Pipeline is the stored configuration as YAML.
	Pipeline []byte
	Branch   string
	Env      map[string]string
}

// Verb says what happens.
type Verb string

// The verbs of events, as they are written.
const (
	Accepted      Verb = "accepted"
	Started       Verb = "started"
	Finished      Verb = "finished"
	Returned      Verb = "returned"
	Lost          Verb = "lost"
	TimedOut      Verb = "timed out"
	Expired       Verb = "expired"
	Promised      Verb = "promised"
	Uploads       Verb = "uploads"
	Canceled      Verb = "canceled"
	ForceCanceled Verb = "force canceled"
	Retried       Verb = "retried"
	Unblocked     Verb = "unblocked"
	Child         Verb = "child"
	Skipped       Verb = "skipped"
)

// Event is one thing that happens.
type Event struct {
	// Subject is the job it happens to. An empty key is the build itself.
	Subject Job
	// WholeStep says that the subject is a step and not a job of it.
	WholeStep bool
	Verb      Verb
	// Agent names the agent of Accepted and Started; empty is the scenario's usual one.
	Agent string
	// ExitStatus, Signal and Reason are those of Finished and Promised.
	ExitStatus int
	Signal     string
	Reason     string
	// Document and Replace are those of Uploads.
	Document []byte
	Replace  bool
	// Child is the new state of a trigger job's build: created, refused, superseded, or a state of a build.
	Child string
}

// Job names a job: the step's key and the job's place in the step.
type Job struct {
	Key   string
	Index int
}

// States is how a build is, in the words of the REST API.
type States struct {
	// Build is the build's state; BlockedState is set while it is "blocked".
	Build        string
	BlockedState string
	// Jobs holds the latest attempts by step key, in order of their index.
	Jobs map[string][]JobStatus
	// Steps holds all steps with a key.
	Steps map[string]StepStatus
}

// JobStatus is how a job is.
type JobStatus struct {
	State       string
	ExitStatus  *int
	SoftFailed  bool
	Reason      string
	Retries     int
	Unblockable bool
	// Limited says that a scheduled job waits for a slot of its concurrency group and not for an agent.
	Limited bool
}

// StepStatus is how a step is, in the words of `buildkite-agent step get`.
type StepStatus struct{ State, Outcome string }
