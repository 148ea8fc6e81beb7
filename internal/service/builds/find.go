package builds

import (
	"context"
	"strconv"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/ids"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// Find returns a pipeline's build by its number or id.
func (s *Service) Find(ctx context.Context, actor access.Actor, pipelineSlug, ref string) (store.Build, error) {
	if err := access.Check(actor, access.BuildView); err != nil {
		return store.Build{}, err
	}
	return findBuild(ctx, s.Store.Read(), actor, pipelineSlug, ref)
}

// findBuild resolves a build within what the actor may see.
func findBuild(ctx context.Context, q sqldb.Queryer, actor access.Actor, pipelineSlug, ref string) (store.Build, error) {
	p, err := store.PipelineBySlug(ctx, q, actor.OrganizationID, pipelineSlug)
	if err != nil {
		return store.Build{}, missing(err, "pipeline")
	}
	if number, err := strconv.ParseInt(ref, 10, 64); err == nil && number > 0 {
		b, err := store.BuildByNumber(ctx, q, p.ID, number)
		return b, missing(err, "build")
	}
	id, ok := ids.ParseUUID(ref)
	if !ok {
		return store.Build{}, fault.Missing("build")
	}
	b, err := store.GetBuild(ctx, q, id)
	if err == nil && b.PipelineID != p.ID {
		err = store.ErrNotFound
	}
	return b, missing(err, "build")
}

// JobRef names a job: by its id alone, or within a build.
type JobRef struct {
	JobID string
	// PipelineSlug and BuildRef are empty in the organization's form.
	PipelineSlug string
	BuildRef     string
}

// Job returns a job, in the state that it is shown in, and its build. The action is what the caller is about to do with it.
func (s *Service) Job(ctx context.Context, actor access.Actor, ref JobRef, action access.Action) (store.Job, store.Build, error) {
	if err := access.Check(actor, action); err != nil {
		return store.Job{}, store.Build{}, err
	}
	return findJob(ctx, s.Store.Read(), actor, ref)
}

func findJob(ctx context.Context, q sqldb.Queryer, actor access.Actor, ref JobRef) (store.Job, store.Build, error) {
	var b store.Build
	var err error
	if ref.PipelineSlug != "" {
		if b, err = findBuild(ctx, q, actor, ref.PipelineSlug, ref.BuildRef); err != nil {
			return store.Job{}, store.Build{}, err
		}
	}
	id, ok := ids.ParseUUID(ref.JobID)
	if !ok {
		return store.Job{}, store.Build{}, fault.Missing("job")
	}
	job, err := store.GetJob(ctx, q, id)
	if err == nil && (job.OrganizationID != actor.OrganizationID || ref.PipelineSlug != "" && job.BuildID != b.ID) {
		err = store.ErrNotFound
	}
	if err != nil {
		return store.Job{}, store.Build{}, missing(err, "job")
	}
	if err := markBlocked(ctx, q, []*store.Job{job}); err != nil {
		return store.Job{}, store.Build{}, err
	}
	if ref.PipelineSlug == "" {
		b, err = store.GetBuild(ctx, q, job.BuildID)
	}
	return *job, b, missing(err, "build")
}
