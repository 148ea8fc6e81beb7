package builds

import (
	"context"
	"maps"
	"slices"

	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// gatherer collects the ids that builds and jobs point at and then reads each kind of thing at once.
type gatherer struct {
	Expanded
	ctx context.Context
	q   sqldb.Queryer
	// countsOf counts what moves in pipelines.
	countsOf func(ctx context.Context, q sqldb.Queryer, pipelineIDs []string) (map[string]store.PipelineCounts, error)

	users, pipelines, builds idSet
	jobs                     []string
	// allJobs says that jobs are all, or nearly all, of these builds'.
	allJobs []string
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
	x.jobs = append(x.jobs, j.ID)
	x.users.add(j.RetriedByID)
	x.users.add(j.UnblockedBy)
	x.builds.add(j.TriggeredBuildID)
}

// gather reads what was collected; pointers of what it reads are followed where the contract shows them.
func (x *gatherer) gather(counts bool) (Expanded, error) {
	for _, read := range []func() error{x.readBuilds, x.readPipelines, x.readJobParts, x.readAgentQueues} {
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
		counted, err := x.countsOf(x.ctx, x.q, slices.Collect(maps.Keys(x.Pipelines)))
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

func (x *gatherer) readPipelines() error {
	maps.DeleteFunc(x.pipelines, func(id string, _ bool) bool { _, known := x.Pipelines[id]; return known })
	pipelines, err := store.GetPipelines(x.ctx, x.q, x.pipelines.list())
	maps.Copy(pipelines, x.Pipelines)
	x.Pipelines = pipelines
	return err
}

// wantCreators is for pipelines that are shown whole.
func (x *gatherer) wantCreators() {
	for _, p := range x.Pipelines {
		x.users.addPtr(p.CreatedByID)
	}
}

func (x *gatherer) readJobParts() (err error) {
	if len(x.jobs) > 0 && len(x.allJobs) > 0 {
		x.JobParts, err = store.PartsOfBuilds(x.ctx, x.q, x.allJobs)
	} else {
		x.JobParts, err = store.PartsOfJobs(x.ctx, x.q, x.jobs)
	}
	return err
}

// readAgentQueues is for agents that took a job of another queue than the one they are in.
func (x *gatherer) readAgentQueues() error {
	var missing idSet
	for _, a := range x.Agents {
		if _, known := x.Queues[a.QueueID]; !known {
			missing.add(a.QueueID)
		}
	}
	queues, err := store.GetQueues(x.ctx, x.q, missing.list())
	maps.Copy(x.Queues, queues)
	return err
}

func (x *gatherer) readUsers() (err error) {
	x.Users, err = store.GetUsers(x.ctx, x.q, x.users.list())
	return err
}
