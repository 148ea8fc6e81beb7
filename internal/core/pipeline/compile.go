package pipeline

import (
	"encoding/json"
	"time"

	"github.com/buildkite/go-pipeline/ordered"

	"github.com/bridle-ci/bridle/internal/core/conditional"
)

// Options is what a document is compiled for.
type Options struct {
	// Interpolate, when set, looks up the variables of stored configuration, which the server expands
	// (docs/contract/pipelines.md, section 16.2). Uploads arrive expanded.
	Interpolate func(name string) (string, bool)
	// Vars are the variables of `if`.
	Vars conditional.Vars
	// Branch is the build's, for `branches`.
	Branch string
	// Stored says that the document is a pipeline's stored configuration and not an upload.
	Stored bool
	// Draft says that the document is only looked at: there is no build yet, and no agent has worked on it. Conditions
	// are checked and taken for true, branches match, variables have no values, and a file may have `if_changed`.
	Draft bool
	// DefaultAgents are the query rules of steps that have none, in a document that has none either: those of the stored
	// configuration (docs/contract/pipelines.md, section 2.9).
	DefaultAgents []string
	// Elapsed tells how long the compilation has taken, against Limits.ConditionTime. Nil leaves conditions their time.
	Elapsed func() time.Duration
	// Limits are DefaultLimits when zero.
	Limits Limits
}

// Compile works out conditions, defaults, matrices and parallelism. It is all or nothing, changes nothing in d, and
// gives the same plan for the same options. Every error is an *Error.
func (d *Document) Compile(o Options) (Plan, error) {
	if o.Limits == (Limits{}) {
		o.Limits = DefaultLimits()
	}
	plan, err := compile(d.top, o)
	if err != nil {
		return Plan{}, d.locate(err)
	}
	return plan, nil
}

func compile(top *ordered.MapSA, o Options) (Plan, error) {
	if o.Interpolate != nil {
		var err error
		if top, err = interpolateDocument(top, o.Interpolate, o.Limits); err != nil {
			return Plan{}, err
		}
	}
	c := newCompiler(o)
	plan, err := c.readTop(top)
	if err != nil {
		return Plan{}, err
	}
	list, err := stepList(top)
	if err != nil {
		return Plan{}, err
	}
	plan.Steps, err = c.steps(list, nil)
	if err != nil {
		return Plan{}, err
	}
	return plan, nil
}

// compiler compiles one document.
type compiler struct {
	opts     Options
	limits   Limits
	vars     conditional.Vars
	defaults defaults
	// jobs counts the jobs so far, against the limit.
	jobs int
	// bytes counts what the plan holds so far, against the limit.
	bytes int
	// keys are the step keys seen, groups and their children in one space.
	keys map[string]bool
	// verdicts keeps what conditions of steps came to: generated pipelines repeat them. checked are those of other
	// places.
	verdicts map[string]bool
	checked  map[conditionAt]bool
}

func newCompiler(o Options) *compiler {
	c := &compiler{
		opts: o, limits: o.Limits, vars: o.Vars,
		keys: map[string]bool{}, verdicts: map[string]bool{}, checked: map[conditionAt]bool{},
	}
	c.vars.Stop = c.late
	return c
}

// steps compiles the list of one scope: the document's, or a group's when parent is set. parent is what the group's own
// `if` and `skip` say.
func (c *compiler) steps(list []any, parent *exclusion) ([]Step, error) {
	if len(list) > c.limits.Jobs-c.jobs {
		return nil, c.tooManyJobs()
	}
	steps := make([]Step, len(list))
	for i, item := range list {
		step, err := c.step(item, parent)
		if err != nil {
			return nil, within(err, "steps", i)
		}
		steps[i] = step
	}
	removeRedundantWaits(steps)
	return steps, nil
}

// step compiles one entry of a list.
func (c *compiler) step(item any, parent *exclusion) (Step, error) {
	kind, values, err := normalize(item, c.opts)
	if err != nil {
		return Step{}, err
	}
	r := &reader{values: values, draft: c.opts.Draft}
	step := Step{Kind: kind}
	c.common(r, &step)
	excluded := c.exclude(r, &step, parent)
	if kind != KindGroup {
		excluded.mark(&step)
	}
	switch kind {
	case KindCommand:
		c.commandStep(r, &step)
	case KindWait:
		waitStep(r, &step)
	case KindBlock, KindInput:
		c.manualStep(r, &step)
	case KindTrigger:
		c.triggerStep(r, &step)
	case KindGroup:
		if parent != nil {
			return Step{}, refuse("Group steps can't be nested within groups")
		}
		c.groupStep(r, &step, excluded)
	}
	if r.err != nil {
		return Step{}, r.err
	}
	if kind != KindGroup {
		c.jobs += step.jobCount()
		if c.jobs > c.limits.Jobs {
			return Step{}, c.tooManyJobs()
		}
	}
	if step.Raw, err = json.Marshal(values); err != nil {
		return Step{}, refuse("The step cannot be kept as JSON: %s", err)
	}
	return step, c.spend(len(step.Raw))
}

// spend counts bytes of the plan against the limit.
func (c *compiler) spend(bytes int) error {
	if c.bytes += bytes; c.bytes > c.limits.ExpandedBytes {
		return refuse("The pipeline is too large once it is expanded: the maximum is %d bytes", c.limits.ExpandedBytes)
	}
	return nil
}

func (c *compiler) tooManyJobs() *Error {
	return refuse("The number of jobs in this upload exceeds your organization limit of %d", c.limits.Jobs)
}
