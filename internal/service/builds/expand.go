package builds

import (
	"context"
	"slices"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// Expand says what a list of builds is shown with.
type Expand struct {
	Jobs        bool
	RetriedJobs bool
	// JobStates, when given, are the only states whose jobs are wanted.
	JobStates []string
	// Pipelines adds the counts that a pipeline is shown with; the pipelines themselves always come.
	Pipelines bool
}

// Expanded is what builds and jobs are shown with, by id. Its cost is a constant number of statements.
type Expanded struct {
	Jobs           map[string][]store.Job // by build
	JobStateCounts map[string]map[string]int
	Users          map[string]store.User
	Pipelines      map[string]store.Pipeline
	Counts         map[string]store.PipelineCounts
	MetaData       map[string]map[string]string
	Builds         map[string]store.Build
	store.JobParts
}

// Show returns a pipeline's build by its number or id, and what it is shown with.
func (s *Service) Show(ctx context.Context, actor access.Actor, pipelineSlug, ref string, o Expand) (b store.Build, with Expanded, err error) {
	if err := access.Check(actor, access.BuildView); err != nil {
		return store.Build{}, Expanded{}, err
	}
	err = s.Store.ReadTogether(ctx, func(q sqldb.Queryer) error {
		var p store.Pipeline
		if p, b, err = findBuildAndPipeline(ctx, q, actor, pipelineSlug, ref); err != nil {
			return err
		}
		x := s.newGatherer(ctx, q)
		x.Pipelines[p.ID] = p
		with, err = x.expand([]store.Build{b}, o)
		return err
	})
	return b, with, err
}

// Expand gathers what builds are shown with.
func (s *Service) Expand(ctx context.Context, actor access.Actor, builds []store.Build, o Expand) (with Expanded, err error) {
	if err := access.Check(actor, access.BuildView); err != nil {
		return Expanded{}, err
	}
	err = s.Store.ReadTogether(ctx, func(q sqldb.Queryer) error {
		with, err = s.newGatherer(ctx, q).expand(builds, o)
		return err
	})
	return with, err
}

func (x *gatherer) expand(builds []store.Build, o Expand) (Expanded, error) {
	var buildIDs []string
	var pipelines idSet
	for _, b := range builds {
		buildIDs = append(buildIDs, b.ID)
		pipelines.add(b.PipelineID)
		x.wantBuild(b)
	}
	x.reads.MetaData(buildIDs, x.MetaData)
	var jobs []*store.Job
	if o.Jobs {
		x.reads.Jobs(buildIDs, o.RetriedJobs, &jobs)
		x.reads.PartsOfBuilds(buildIDs, &x.JobParts)
	}
	counted := func() {}
	if o.Pipelines {
		counted = x.countPipelines(pipelines.list())
		x.wantCreators() // of those that are known already
	}
	if err := x.round(); err != nil {
		return Expanded{}, err
	}
	counted()
	if o.Pipelines {
		x.wantCreators()
	}
	if err := markBlocked(x.ctx, x.q, jobs); err != nil {
		return Expanded{}, err
	}
	x.addJobs(jobs, o.JobStates)
	return x.finish()
}

// ShowJob returns a job, where it is, and what it is shown with.
func (s *Service) ShowJob(ctx context.Context, actor access.Actor, ref JobRef) (j store.Job, place store.Place, with Expanded, err error) {
	if err := access.Check(actor, access.JobView); err != nil {
		return store.Job{}, store.Place{}, Expanded{}, err
	}
	err = s.Store.ReadTogether(ctx, func(q sqldb.Queryer) error {
		if j, place, err = findShownJob(ctx, q, actor, ref); err != nil {
			return err
		}
		with, err = s.expandJobs(ctx, q, []store.Job{j})
		return err
	})
	return j, place, with, err
}

// ExpandJobs gathers what jobs are shown with.
func (s *Service) ExpandJobs(ctx context.Context, actor access.Actor, jobs []store.Job) (with Expanded, err error) {
	if err := access.Check(actor, access.JobView); err != nil {
		return Expanded{}, err
	}
	err = s.Store.ReadTogether(ctx, func(q sqldb.Queryer) error {
		with, err = s.expandJobs(ctx, q, jobs)
		return err
	})
	return with, err
}

func (s *Service) expandJobs(ctx context.Context, q sqldb.Queryer, jobs []store.Job) (Expanded, error) {
	x := s.newGatherer(ctx, q)
	ids := make([]string, len(jobs))
	for i := range jobs {
		ids[i] = jobs[i].ID
		x.wantJob(&jobs[i])
	}
	x.reads.PartsOfJobs(ids, &x.JobParts)
	if err := x.round(); err != nil {
		return Expanded{}, err
	}
	return x.finish()
}

// addJobs sorts jobs under their builds and counts their states.
func (x *gatherer) addJobs(jobs []*store.Job, states []string) {
	for _, j := range jobs {
		if x.JobStateCounts[j.BuildID] == nil {
			x.JobStateCounts[j.BuildID] = map[string]int{}
		}
		x.JobStateCounts[j.BuildID][ShownState(&j.Job)]++
		if len(states) > 0 && !slices.ContainsFunc(states, func(s string) bool { return MatchesState(&j.Job, s) }) {
			continue
		}
		x.Jobs[j.BuildID] = append(x.Jobs[j.BuildID], *j)
		x.wantJob(j)
	}
}
