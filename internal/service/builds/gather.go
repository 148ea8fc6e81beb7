package builds

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// gatherer reads what builds and jobs are shown with. It works in rounds, each of which is one trip to the database: the
// first reads what the builds and jobs point at, and the next, mostly empty, what was read points at.
type gatherer struct {
	Expanded
	ctx   context.Context
	q     sqldb.Queryer
	reads *store.Reads
	// counts are those that are known already.
	counts *pipelineCounts

	users, pipelines, builds idSet
}

func (s *Service) newGatherer(ctx context.Context, q sqldb.Queryer) *gatherer {
	return &gatherer{ctx: ctx, q: q, reads: store.NewReads(q), counts: &s.counts, Expanded: Expanded{
		Jobs: map[string][]store.Job{}, JobStateCounts: map[string]map[string]int{}, Users: map[string]store.User{},
		Pipelines: map[string]store.Pipeline{}, Counts: map[string]store.PipelineCounts{},
		MetaData: map[string]map[string]string{}, Builds: map[string]store.Build{},
	}}
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

// missingOf returns the ids that are not among what is known.
func missingOf[T any](s idSet, known map[string]T) []string {
	return slices.DeleteFunc(s.list(), func(id string) bool { _, ok := known[id]; return ok })
}

func (x *gatherer) wantBuild(b store.Build) {
	x.pipelines.add(b.PipelineID)
	x.users.addPtr(b.CreatorID)
	x.users.addPtr(b.UnblockerID)
	x.builds.addPtr(b.RebuiltFromID)
	x.builds.addPtr(b.TriggeredFromID)
}

func (x *gatherer) wantJob(j *store.Job) {
	x.users.add(j.RetriedByID)
	x.users.add(j.UnblockedBy)
	x.builds.add(j.TriggeredBuildID)
}

// round reads what is wanted and not known yet.
func (x *gatherer) round() error {
	x.reads.Builds(missingOf(x.builds, x.Builds), x.Builds)
	x.reads.Pipelines(missingOf(x.pipelines, x.Pipelines), x.Pipelines)
	x.reads.Users(missingOf(x.users, x.Users), x.Users)
	return x.reads.Do(x.ctx)
}

// finish reads what is left: the builds, people and queues that jobs point at, and the pipelines of those builds.
func (x *gatherer) finish() (Expanded, error) {
	queues := idSet{} // of agents that took a job of another queue than the one they are in
	for _, a := range x.Agents {
		queues.add(a.QueueID)
	}
	x.reads.Queues(missingOf(queues, x.Queues), x.Queues)
	if err := x.round(); err != nil {
		return Expanded{}, err
	}
	for _, b := range x.Builds {
		x.pipelines.add(b.PipelineID)
	}
	return x.Expanded, x.round()
}

// countPipelines asks for the counts that pipelines are shown with, and returns what is to be done once they were read.
func (x *gatherer) countPipelines(ids []string) (counted func()) {
	known, others := x.counts.of(ids, time.Now())
	maps.Copy(x.Counts, known)
	fresh := map[string]store.PipelineCounts{}
	x.reads.Counts(others, fresh)
	return func() {
		x.counts.add(fresh, time.Now())
		maps.Copy(x.Counts, fresh)
	}
}

// wantCreators is for pipelines that are shown whole.
func (x *gatherer) wantCreators() {
	for _, p := range x.Pipelines {
		x.users.addPtr(p.CreatedByID)
	}
}
