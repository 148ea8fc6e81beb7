package builds

import (
	"context"
	"maps"
	"slices"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// gatherer collects the ids that builds and jobs point at and then reads each kind of thing at once.
type gatherer struct {
	Expanded
	ctx context.Context
	q   sqldb.Queryer
	// countsOf counts what moves in pipelines.
	countsOf func(ctx context.Context, pipelineIDs []string) (map[string]store.PipelineCounts, error)

	users, agents, queues, steps, pipelines, builds idSet
}

type idSet map[string]bool

func (s *idSet) add(id string) {
	if id == "" {
		return
	}
	if *s == nil {
		*s = idSet{}
	}
	(*s)[id] = true
}

func (s *idSet) addPtr(id *string) {
	if id != nil {
		s.add(*id)
	}
}

func (s idSet) list() []string { return slices.Collect(maps.Keys(s)) }

func (x *gatherer) wantBuild(b store.Build) {
	x.pipelines.add(b.PipelineID)
	x.users.addPtr(b.CreatorID)
	x.users.addPtr(b.UnblockerID)
	x.builds.addPtr(b.RebuiltFromID)
	x.builds.addPtr(b.TriggeredFromID)
}

func (x *gatherer) wantJob(j *store.Job) {
	x.steps.add(j.StepID)
	x.agents.add(j.AgentID)
	x.queues.add(j.QueueID)
	x.users.add(j.RetriedByID)
	x.users.add(j.UnblockedBy)
	x.builds.add(j.TriggeredBuildID)
}

// gather reads what was collected; pointers of what it reads are followed where the contract shows them.
func (x *gatherer) gather(counts bool) (Expanded, error) {
	for _, read := range []func() error{x.readBuilds, x.readPipelines, x.readSteps, x.readAgents, x.readQueues} {
		if err := read(); err != nil {
			return Expanded{}, err
		}
	}
	if counts {
		x.wantCreators()
	}
	if err := x.readUsers(); err != nil {
		return Expanded{}, err
	}
	if counts {
		counted, err := x.countsOf(x.ctx, x.pipelines.list())
		if err != nil {
			return Expanded{}, err
		}
		x.Counts = counted
	}
	return x.Expanded, nil
}

func (x *gatherer) readBuilds() (err error) {
	x.Builds, err = store.GetBuilds(x.ctx, x.q, x.builds.list())
	for _, b := range x.Builds {
		x.pipelines.add(b.PipelineID)
	}
	return err
}

func (x *gatherer) readPipelines() (err error) {
	x.Pipelines, err = store.GetPipelines(x.ctx, x.q, x.pipelines.list())
	return err
}

// wantCreators is for pipelines that are shown whole.
func (x *gatherer) wantCreators() {
	for _, p := range x.Pipelines {
		x.users.addPtr(p.CreatedByID)
	}
}

// readSteps reads the steps of jobs and then the groups these sit in.
func (x *gatherer) readSteps() error {
	x.Steps = map[string]build.Step{}
	wanted := x.steps.list()
	for range 2 {
		steps, err := store.GetSteps(x.ctx, x.q, wanted)
		if err != nil {
			return err
		}
		var groups idSet
		for _, s := range steps {
			x.Steps[s.ID] = *s
			groups.add(s.GroupID)
		}
		wanted = groups.list()
	}
	return nil
}

func (x *gatherer) readAgents() (err error) {
	x.Agents, err = store.GetAgents(x.ctx, x.q, x.agents.list())
	for _, a := range x.Agents {
		x.queues.add(a.QueueID)
	}
	return err
}

func (x *gatherer) readQueues() (err error) {
	x.Queues, err = store.GetQueues(x.ctx, x.q, x.queues.list())
	return err
}

func (x *gatherer) readUsers() (err error) {
	x.Users, err = store.GetUsers(x.ctx, x.q, x.users.list())
	return err
}
