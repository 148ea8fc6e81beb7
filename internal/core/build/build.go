package build

import (
	"encoding/json"
	"time"

	"github.com/bridle-ci/bridle/internal/core/pipeline"
)

// Build is the part of a build the rules take. Its counters are over the latest attempt of every job.
type Build struct {
	ID    string
	State State
	// BlockedState is the state shown while Blocked: passed, failed or running.
	BlockedState State

	Counts Counts
	// CancelRequested is set by a cancel of the whole build: its result is canceled.
	CancelRequested bool
	// SkipRequested is set when a newer build superseded this one.
	SkipRequested bool
	CancelReason  string

	// PipelineEnv is the stored configuration's top-level env, weaker than the build's own. UploadEnv is that of
	// uploads: it beats the build's own, as a step's env does, but never a step's.
	PipelineEnv map[string]string
	UploadEnv   map[string]string
	// Uploads counts the pipeline uploads applied, for their order.
	Uploads int
	// JobsCreated counts all jobs with retries, for the limit.
	JobsCreated int

	CreatedAt  time.Time
	StartedAt  *time.Time
	FailingAt  *time.Time
	FinishedAt *time.Time
	CanceledAt *time.Time
}

// Counts summarises the latest attempts of a build's jobs.
type Counts struct {
	// Open are not terminal.
	Open int
	// Moving are open and move without a person or a dependency: scheduled up to running.
	Moving int
	// Offered are manual jobs that wait for a person.
	Offered int
	// Ran are script, manual and trigger jobs that are neither broken nor skipped.
	Ran int
	// Failed are jobs that make the build fail.
	Failed int
	// PromisedFailed are running jobs that promised a hard failure.
	PromisedFailed int
}

// Step is one step of a build: a group has no jobs.
type Step struct {
	ID      string
	BuildID string
	Kind    pipeline.Kind
	Key     string
	Label   string
	// Path orders steps within the build and holds their place: byte order is build order. See path.go.
	Path string
	// GroupID is the group step the step sits in; UploadedBy the step whose job uploaded it. Empty without.
	GroupID    string
	UploadedBy string

	State   StepState
	Outcome Outcome

	Settings Settings

	// OpenJobs counts latest attempts that are not terminal; OpenParts the uploaded steps (of an uploader) or
	// children (of a group) that are not settled.
	OpenJobs  int
	OpenParts int
	// OpenEdges, FailedEdges and ForgivenEdges count the step's own dependencies by their state; they stay true after
	// the release.
	OpenEdges     int
	FailedEdges   int
	ForgivenEdges int
	// HeldEdges are those of the open ones that are held (EdgeHeld), HeldParts the parts that hold what depends on them.
	HeldEdges int
	HeldParts int
	// Released says that the dependencies let the step go; it is not taken back by later changes to them.
	Released bool
	// OwnSettled: every latest job ended and none is to be retried by itself. Settled: and every part is settled.
	OwnSettled bool
	Settled    bool
	// Own is the verdict over the step's jobs, Full over its parts as well. JobTally and PartTally are what they are
	// derived from: how the latest attempts that ended and the parts that settled came out.
	Own       Verdict
	Full      Verdict
	JobTally  Tally
	PartTally Tally
	// PriorFailed is set on a barrier when a step before it, of any earlier section, did not end well.
	PriorFailed bool

	CreatedAt time.Time
}

// Settings is what the rules need of a step's configuration; stored as one JSON document.
type Settings struct {
	If        string       `json:"if,omitempty"`
	DependsOn []Dependency `json:"depends_on,omitempty"`
	// ExplicitDependsOn says that the step has a `depends_on`, be it empty.
	ExplicitDependsOn      bool                 `json:"explicit_depends_on,omitempty"`
	AllowDependencyFailure bool                 `json:"allow_dependency_failure,omitempty"`
	ContinueOnFailure      bool                 `json:"continue_on_failure,omitempty"`
	CancelOnBuildFailing   bool                 `json:"cancel_on_build_failing,omitempty"`
	Retry                  pipeline.RetryPolicy `json:"retry"`
	Manual                 *pipeline.Manual     `json:"manual,omitempty"`
	Trigger                *TriggerSettings     `json:"trigger,omitempty"`
	ArtifactPaths          string               `json:"artifact_paths,omitempty"`
	Concurrency            pipeline.Concurrency `json:"concurrency,omitzero"`
	// Notify is whom to tell of the step.
	Notify []pipeline.Notification `json:"notify,omitempty"`
	// TimeoutMinutes is the step's own, 0 without one.
	TimeoutMinutes int `json:"timeout_minutes,omitempty"`
	// Raw is the step as uploaded, for the agent (pipeline.Step.Raw).
	Raw json.RawMessage `json:"raw,omitempty"`
}

// Dependency is a dependency as written: by key.
type Dependency struct {
	Key          string `json:"key"`
	AllowFailure bool   `json:"allow_failure,omitempty"`
}

// TriggerSettings is a trigger step's configuration.
type TriggerSettings struct {
	Pipeline string                  `json:"pipeline"`
	Async    bool                    `json:"async,omitempty"`
	Build    pipeline.TriggeredBuild `json:"build"`
}

// Verdict is how a step's jobs (or parts) ended, as dependents see it (docs/contract/pipelines.md, section 6.2).
type Verdict struct {
	// Failed: some latest attempt failed hard, timed out, or could not run for its dependencies; a lenient edge
	// lets it pass.
	Failed bool `json:"failed,omitempty"`
	// Stopped: some latest attempt was canceled or expired; no edge lets it pass.
	Stopped bool `json:"stopped,omitempty"`
}

// Tally counts ends of jobs or parts, so that a step's verdict and outcome never need all of them at once.
type Tally struct {
	// Failed and Stopped are the ends behind the verdict.
	Failed  int `json:"failed,omitempty"`
	Stopped int `json:"stopped,omitempty"`
	// Errored, HardFailed, SoftFailed and Passed are the ends behind the outcome; Canceled are among Errored.
	Errored    int `json:"errored,omitempty"`
	HardFailed int `json:"hard_failed,omitempty"`
	SoftFailed int `json:"soft_failed,omitempty"`
	Passed     int `json:"passed,omitempty"`
	Canceled   int `json:"canceled,omitempty"`
}

// Edge is one dependency of step To on step From. While the key it names is not in the build, From is empty.
type Edge struct {
	ID      string
	BuildID string
	From    string
	To      string
	Key     string
	// Lenient lets failures pass (`allow_failure`, `allow_dependency_failure`, `continue_on_failure`).
	Lenient bool
	// OwnOnly looks at the jobs of From alone and not at what they uploaded: the edge of an uploaded step to its
	// uploaders.
	OwnOnly bool
	// Through also fails when the barrier From stood behind a failure that its `continue_on_failure` let pass.
	Through bool
	// Forward says that From stands further down in the build than To.
	Forward bool
	State   EdgeState
}

// EdgeState says what has been counted of an edge.
type EdgeState string

// Edge states.
const (
	EdgeOpen EdgeState = "open"
	// EdgeHeld is open and may stay so for as long as a person likes, or for ever: it leads to a block or input, to what
	// is behind one, to a step that stands further down, or to a key that nobody has defined yet. What is behind it
	// has no place in its concurrency group's queue (docs/contract/pipelines.md, section 12): it would hold back those
	// it waits for.
	EdgeHeld      EdgeState = "held"
	EdgeSatisfied EdgeState = "satisfied"
	EdgeFailed    EdgeState = "failed"
	// EdgeForgiven is satisfied although something behind it did not end well.
	EdgeForgiven EdgeState = "forgiven"
)

// Job is one attempt at one piece of a step.
type Job struct {
	ID      string
	BuildID string
	StepID  string
	Type    JobType
	State   JobState
	// StepPath is the step's Path, kept for order.
	StepPath string
	// Index is the job's place within its step; attempts share it.
	Index int
	Spec  Spec

	Priority int
	// TimeoutMinutes is the effective timeout, 0 for none.
	TimeoutMinutes int
	// QueueID is where a script job waits for an agent.
	QueueID string
	// Concurrency is how many jobs of a group may run when this one starts; zero without a group.
	Concurrency pipeline.Concurrency

	ExitStatus   *int
	Signal       string
	SignalReason string
	SoftFailed   bool
	BrokenReason string
	// PromisedExitStatus is set while a job promised to fail.
	PromisedExitStatus *int
	PromisedReason     string

	// RetriesCount counts the attempts before this one. RuleRetries counts, per automatic rule, the retries
	// attributed to it along the chain.
	RetriesCount   int
	RuleRetries    []int
	RetriedInJobID string
	RetrySourceID  string
	// RetryType is automatic or manual: on the old job how it was retried, on the new one how it came to be.
	RetryType   string
	RetriedByID string

	AgentID string
	// UnblockedBy is a user's id.
	UnblockedBy string
	// TriggeredBuildID is the child build of a trigger job.
	TriggeredBuildID string

	CreatedAt   time.Time
	ScheduledAt time.Time
	RunnableAt  *time.Time
	AssignedAt  *time.Time
	AcceptedAt  *time.Time
	StartedAt   *time.Time
	CanceledAt  *time.Time
	FinishedAt  *time.Time
	ExpiredAt   *time.Time
	UnblockedAt *time.Time
	// LimitingAt is when the job first asked its concurrency group for a slot, ConcurrencyWait how long it took to get
	// one; nil until then.
	LimitingAt      *time.Time
	ConcurrencyWait *time.Duration
}

// Spec is what a job runs; fixed at creation and shared by its attempts.
type Spec struct {
	Label         string            `json:"label,omitempty"`
	Command       string            `json:"command,omitempty"`
	Env           map[string]string `json:"env,omitempty"`
	Agents        []string          `json:"agents,omitempty"`
	Plugins       string            `json:"plugins,omitempty"`
	ParallelIndex *int              `json:"parallel_index,omitempty"`
	ParallelTotal *int              `json:"parallel_total,omitempty"`
	Matrix        map[string]string `json:"matrix,omitempty"`
	SoftFail      pipeline.SoftFail `json:"soft_fail"`
}

// Retried reports whether a later attempt replaced the job.
func (j *Job) Retried() bool { return j.RetriedInJobID != "" }

// Passed reports whether the job ended well: exit status 0, or a waiter or manual job that let go.
func (j *Job) Passed() bool {
	switch j.State {
	case JobUnblocked:
		return true
	case JobFinished:
		return j.ExitStatus == nil || *j.ExitStatus == 0
	}
	return false
}
