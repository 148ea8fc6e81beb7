package pipeline

import "encoding/json"

// Kind is the type of a step.
type Kind string

// The step kinds of the contract (docs/contract/pipelines.md, section 2.1).
const (
	KindCommand Kind = "command"
	KindWait    Kind = "wait"
	KindBlock   Kind = "block"
	KindInput   Kind = "input"
	KindTrigger Kind = "trigger"
	KindGroup   Kind = "group"
)

// Broken reasons the compiler gives (docs/contract/pipelines.md, section 4.4). Any other text is the step's own
// `skip` reason.
const (
	BrokenConditional = "conditional_failed"
	BrokenBranch      = "branch_mismatch"
	BrokenParallelism = "parallelism_zero"
	BrokenOptimizer   = "optimizer_removed"
)

// Plan is a compiled document.
type Plan struct {
	// Env is the document's top-level env, weaker than any step's own.
	Env map[string]string
	// Agents are the query rules at the top of the document.
	Agents []string
	// Notify are the notifications of the build.
	Notify []Notification
	// Steps are in document order; a group carries its children in Step.Steps.
	Steps []Step
}

// JobCount is the number of jobs the plan creates.
func (p Plan) JobCount() int {
	n := 0
	for _, s := range p.Steps {
		n += s.jobCount()
	}
	return n
}

// Step is one entry of a document. Exactly one of Command, Wait, Manual, Trigger is set, by Kind; a group has none
// of them and its children in Steps.
type Step struct {
	Kind  Kind
	Key   string
	Label string
	// If and Branches are kept as written, for showing; they have been evaluated.
	If       string
	Branches string

	DependsOn              Dependencies
	AllowDependencyFailure bool

	// Broken says that the step's own configuration excludes it from this build; BrokenReason says why and is
	// empty for `skip: true`.
	Broken       bool
	BrokenReason string

	// Notify are the notifications of a command step or group.
	Notify []Notification

	Command *Command
	Wait    *Wait
	Manual  *Manual
	Trigger *Trigger
	Steps   []Step

	// Raw is the step as written after flattening and normalizing but before matrix substitution: what the
	// agent verifies signatures against (docs/contract/agent-api.md, section 14). The document's secrets and checkout
	// are merged into it. A group's is without its children, which have their own.
	Raw json.RawMessage
}

// Dependencies is a `depends_on`. Absent (Explicit false) is not the same as null or an empty list (Explicit true,
// no entries): absent means the implicit barrier.
type Dependencies struct {
	Explicit bool
	On       []Dependency
}

// Dependency names a step by key.
type Dependency struct {
	Key          string
	AllowFailure bool
}

// Command is what a command step adds. Strings are before matrix substitution; Jobs hold them after it.
type Command struct {
	Command string
	// Agents are query rules (`queue=deploy`), the step's own or else the document's.
	Agents []string
	// ArtifactPaths is one `;`-joined list.
	ArtifactPaths string
	Env           map[string]string
	// Plugins is a JSON array in the long source form, in a draft in the form they were written in; empty when there are
	// none.
	Plugins  json.RawMessage
	Priority int
	Retry    RetryPolicy
	SoftFail SoftFail
	// TimeoutMinutes is 0 when the step names none.
	TimeoutMinutes       int
	CancelOnBuildFailing bool
	Concurrency          Concurrency
	Signature            json.RawMessage
	// Matrix is the matrix with its values as text, as the agent signs it; nil without one.
	Matrix json.RawMessage
	// Jobs are what the step expands to: one, or one per parallel index or matrix combination. Empty when
	// parallelism is 0 and when the matrix skips every combination; the step is broken then.
	Jobs []JobSpec
}

// JobSpec is one job of a command or trigger step, with every token substituted. Env is the step's own together with
// what its image and checkout set. Jobs of a step share maps and slices: treat them as read-only.
type JobSpec struct {
	Label   string
	Command string
	Env     map[string]string
	Agents  []string
	Plugins json.RawMessage
	// ParallelIndex counts from 0; both are nil without parallelism.
	ParallelIndex *int
	ParallelTotal *int
	// Matrix is the combination by dimension, under "" for the one-dimensional form; nil without one.
	Matrix   map[string]string
	SoftFail SoftFail
}

// Wait is what a wait step adds.
type Wait struct {
	ContinueOnFailure bool
}

// Manual is what a block or input step adds.
type Manual struct {
	Prompt string
	Submit string
	// Fields is the list of field objects as written.
	Fields []Field
	// BlockedState is passed, failed or running.
	BlockedState string
	AllowedTeams []string
}

// Field is one field of a block or input step (docs/contract/pipelines.md, section 2.5).
type Field struct {
	Key      string   `json:"key"`
	Text     string   `json:"text,omitempty"`
	Select   string   `json:"select,omitempty"`
	Hint     string   `json:"hint,omitempty"`
	Required bool     `json:"required"`
	Multiple bool     `json:"multiple,omitempty"`
	Default  []string `json:"default,omitempty"`
	Format   string   `json:"format,omitempty"`
	Options  []Option `json:"options,omitempty"`
}

// Option is one choice of a select field.
type Option struct {
	Label    string `json:"label"`
	Value    string `json:"value"`
	Hint     string `json:"hint,omitempty"`
	Required bool   `json:"required,omitempty"`
}

// Trigger is what a trigger step adds.
type Trigger struct {
	Pipeline string
	Async    bool
	SoftFail SoftFail
	// Build is the child build asked for.
	Build TriggeredBuild
	// Jobs has one entry, or one per parallel index.
	Jobs []JobSpec
}

// TriggeredBuild is the `build` map of a trigger step; empty strings mean the contract's defaults
// (docs/contract/pipelines.md, section 2.6).
type TriggeredBuild struct {
	Branch   string            `json:"branch,omitempty"`
	Commit   string            `json:"commit,omitempty"`
	Message  string            `json:"message,omitempty"`
	Env      map[string]string `json:"env,omitempty"`
	MetaData map[string]string `json:"meta_data,omitempty"`
}

func (s Step) jobCount() int {
	switch {
	case s.Command != nil:
		return max(1, len(s.Command.Jobs))
	case s.Trigger != nil:
		return max(1, len(s.Trigger.Jobs))
	case s.Kind == KindGroup:
		n := 0
		for _, child := range s.Steps {
			n += child.jobCount()
		}
		return n
	}
	return 1
}
