package build

// Source hands out the parts of one build. A pointer is the same each time the same part is asked for, and the machine
// changes parts in place; it reports which ones in Changes. Errors are the storage's own.
type Source interface {
	// Step returns a step of the build; an unknown id is an error.
	Step(id string) (*Step, error)
	// Steps returns several at once, in no particular order.
	Steps(ids []string) ([]*Step, error)
	// StepByKey returns nil when the build has no step of that key.
	StepByKey(key string) (*Step, error)
	// StepsAround returns what an insertion in a scope needs: all steps whose GroupID is groupID, in path order
	// (those uploaded into the scope included).
	StepsAround(groupID string) ([]*Step, error)
	// OpenSteps returns every step that is not OwnSettled, in path order.
	OpenSteps() ([]*Step, error)
	// Job returns a job of the build; an unknown id is an error.
	Job(id string) (*Job, error)
	// Jobs returns the latest attempts of the steps' jobs, in index order within a step.
	Jobs(stepIDs []string) ([]*Job, error)
	// JobsIn returns the build's latest attempts that are in one of the states, in build order.
	JobsIn(states ...JobState) ([]*Job, error)
	// EdgesFrom returns the edges whose dependency is the step, EdgesTo those of the dependent.
	EdgesFrom(stepID string) ([]*Edge, error)
	EdgesTo(stepID string) ([]*Edge, error)
	// StepsOfGroup returns the steps whose jobs are of a concurrency group, in path order.
	StepsOfGroup(concurrencyGroup string) ([]*Step, error)
	// EdgesByKey returns edges that wait for a step of that key to appear.
	EdgesByKey(key string) ([]*Edge, error)
}

// Changes is what an event did to a build. Parts in the New lists are not in the Changed ones.
type Changes struct {
	NewSteps []*Step
	NewJobs  []*Job
	NewEdges []*Edge

	ChangedSteps []*Step
	ChangedJobs  []*Job
	ChangedEdges []*Edge

	// Build says that the build itself changed.
	Build bool

	// RemovedSteps were taken out by an upload that replaces; their jobs and the edges to them go with them.
	RemovedSteps []string

	Effects []Effect
}

// Empty reports whether the event changed nothing, as a repeated one does.
func (c *Changes) Empty() bool {
	return !c.Build && len(c.NewSteps)+len(c.NewJobs)+len(c.NewEdges)+len(c.ChangedSteps)+len(c.ChangedJobs)+len(c.ChangedEdges)+
		len(c.RemovedSteps)+len(c.Effects) == 0
}
