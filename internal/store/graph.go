package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// Graph hands out the parts of one build to its state machine, loading what is asked for and keeping it, so that a part
// has one identity for the length of a transaction. It is the build.Source of a locked build.
type Graph struct {
	ctx     context.Context
	q       sqldb.Queryer
	buildID string

	steps map[string]*build.Step
	jobs  map[string]*Job
	edges map[string]*build.Edge
	// was keeps the state each job was loaded in, for the compare-and-set.
	was map[string]build.JobState
	// saved is what the rows of steps hold: the rules name some steps as changed that are not.
	saved map[string]savedStep
	ahead *ahead
}

var _ build.Source = (*Graph)(nil)

// NewGraph returns the parts of a build that the transaction has locked.
func NewGraph(ctx context.Context, q sqldb.Queryer, buildID string) *Graph {
	return &Graph{
		ctx: ctx, q: q, buildID: buildID, steps: map[string]*build.Step{}, jobs: map[string]*Job{},
		edges: map[string]*build.Edge{}, was: map[string]build.JobState{},
		saved: map[string]savedStep{}, ahead: newAhead(),
	}
}

// Step implements build.Source.
func (g *Graph) Step(id string) (*build.Step, error) {
	if s := g.steps[id]; s != nil {
		return s, nil
	}
	s, err := GetStep(g.ctx, g.q, g.buildID, id)
	if err != nil {
		return nil, fmt.Errorf("step %s of build %s: %w", id, g.buildID, err)
	}
	return g.keepStep(s), nil
}

// Steps implements build.Source.
func (g *Graph) Steps(ids []string) ([]*build.Step, error) {
	var missing []string
	for _, id := range ids {
		if g.steps[id] == nil {
			missing = append(missing, id)
		}
	}
	loaded, err := GetSteps(g.ctx, g.q, missing)
	if err != nil {
		return nil, err
	}
	g.keepSteps(loaded)
	steps := make([]*build.Step, 0, len(ids))
	for _, id := range ids {
		s := g.steps[id]
		if s == nil {
			return nil, fmt.Errorf("step %s of build %s: %w", id, g.buildID, ErrNotFound)
		}
		steps = append(steps, s)
	}
	return steps, nil
}

// StepByKey implements build.Source.
func (g *Graph) StepByKey(key string) (*build.Step, error) {
	s, err := StepByKey(g.ctx, g.q, g.buildID, key)
	if err == ErrNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return g.keepStep(s), nil
}

// StepsAround implements build.Source.
func (g *Graph) StepsAround(groupID string) ([]*build.Step, error) {
	steps, err := StepsIn(g.ctx, g.q, g.buildID, groupID)
	return g.keepSteps(steps), err
}

// OpenSteps implements build.Source.
func (g *Graph) OpenSteps() ([]*build.Step, error) {
	steps, err := OpenSteps(g.ctx, g.q, g.buildID)
	return g.keepSteps(steps), err
}

// Job implements build.Source.
func (g *Graph) Job(id string) (*build.Job, error) {
	j, err := g.Row(id)
	if err != nil {
		return nil, err
	}
	return &j.Job, nil
}

// Row is Job with the columns that are no matter of the rules.
func (g *Graph) Row(id string) (*Job, error) {
	if j := g.jobs[id]; j != nil {
		return j, nil
	}
	j, err := GetJob(g.ctx, g.q, id)
	if err == nil && j.BuildID != g.buildID {
		err = ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("job %s of build %s: %w", id, g.buildID, err)
	}
	return g.keepJob(j), nil
}

// Jobs implements build.Source.
func (g *Graph) Jobs(stepIDs []string) ([]*build.Job, error) {
	return g.keepJobs(JobsOfSteps(g.ctx, g.q, stepIDs))
}

// JobsIn implements build.Source.
func (g *Graph) JobsIn(states ...build.JobState) ([]*build.Job, error) {
	return g.keepJobs(JobsInStates(g.ctx, g.q, g.buildID, states))
}

// StepsOfGroup implements build.Source.
func (g *Graph) StepsOfGroup(concurrencyGroup string) ([]*build.Step, error) {
	steps, err := StepsOfGroup(g.ctx, g.q, g.buildID, concurrencyGroup)
	return g.keepSteps(steps), err
}

// EdgesFrom implements build.Source.
func (g *Graph) EdgesFrom(stepID string) ([]*build.Edge, error) {
	if edges, read := g.ahead.edges[stepID]; read {
		return g.keepEdges(slices.Clone(edges), nil)
	}
	return g.keepEdges(EdgesFrom(g.ctx, g.q, g.buildID, stepID))
}

// EdgesTo implements build.Source.
func (g *Graph) EdgesTo(stepID string) ([]*build.Edge, error) {
	return g.keepEdges(EdgesTo(g.ctx, g.q, g.buildID, stepID))
}

// EdgesByKey implements build.Source.
func (g *Graph) EdgesByKey(key string) ([]*build.Edge, error) {
	return g.keepEdges(EdgesByKey(g.ctx, g.q, g.buildID, key))
}

func (g *Graph) keepStep(s *build.Step) *build.Step {
	if known := g.steps[s.ID]; known != nil {
		return known
	}
	g.steps[s.ID], g.saved[s.ID] = s, savedStepOf(s)
	return s
}

func (g *Graph) keepSteps(steps []*build.Step) []*build.Step {
	for i, s := range steps {
		steps[i] = g.keepStep(s)
	}
	return steps
}

func (g *Graph) keepJob(j *Job) *Job {
	if known := g.jobs[j.ID]; known != nil {
		return known
	}
	g.jobs[j.ID], g.was[j.ID] = j, j.State
	return j
}

func (g *Graph) keepJobs(rows []*Job, err error) ([]*build.Job, error) {
	if err != nil {
		return nil, err
	}
	jobs := make([]*build.Job, len(rows))
	for i, j := range rows {
		jobs[i] = &g.keepJob(j).Job
	}
	return jobs, nil
}

func (g *Graph) keepEdges(edges []*build.Edge, err error) ([]*build.Edge, error) {
	for i, e := range edges {
		if known := g.edges[e.ID]; known != nil {
			edges[i] = known
			continue
		}
		g.edges[e.ID] = e
	}
	return edges, err
}

// Save writes what an event changed: b is the locked build itself.
func (g *Graph) Save(b *Build, c *build.Changes) error {
	g.ahead.change(c)
	if len(c.RemovedSteps) > 0 {
		if err := DeleteSteps(g.ctx, g.q, g.buildID, c.RemovedSteps); err != nil {
			return fmt.Errorf("remove replaced steps: %w", err)
		}
	}
	if err := g.insert(b, c); err != nil {
		return err
	}
	for _, s := range c.ChangedSteps {
		saves := savedStepOf(s)
		if was, loaded := g.saved[s.ID]; loaded && was == saves {
			continue
		}
		g.saved[s.ID] = saves
		if err := SaveStep(g.ctx, g.q, s); err != nil {
			return fmt.Errorf("save step %s: %w", s.ID, err)
		}
	}
	for _, j := range c.ChangedJobs {
		if err := SaveJob(g.ctx, g.q, g.jobs[j.ID], g.was[j.ID]); err != nil {
			return err
		}
		g.was[j.ID] = j.State
	}
	if err := SaveEdges(g.ctx, g.q, c.ChangedEdges); err != nil {
		return fmt.Errorf("save edges: %w", err)
	}
	if !c.Build {
		return nil
	}
	if err := SaveBuild(g.ctx, g.q, &b.Build); err != nil {
		return fmt.Errorf("save build %s: %w", b.ID, err)
	}
	return nil
}

func (g *Graph) insert(b *Build, c *build.Changes) error {
	if err := InsertSteps(g.ctx, g.q, c.NewSteps); err != nil {
		return fmt.Errorf("insert steps: %w", err)
	}
	if err := InsertEdges(g.ctx, g.q, c.NewEdges); err != nil {
		return fmt.Errorf("insert edges: %w", err)
	}
	if err := InsertJobs(g.ctx, g.q, b.OrganizationID, b.PipelineID, c.NewJobs); err != nil {
		return fmt.Errorf("insert jobs: %w", err)
	}
	for _, j := range c.NewJobs {
		row := &Job{OrganizationID: b.OrganizationID, PipelineID: b.PipelineID, Job: *j}
		g.jobs[j.ID], g.was[j.ID] = row, j.State
	}
	for _, s := range c.NewSteps {
		g.steps[s.ID] = s
	}
	for _, e := range c.NewEdges {
		g.edges[e.ID] = e
	}
	return nil
}
