package builds

import (
	"context"
	"errors"
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

// Place returns where a pipeline's build is, by its number or id.
func (s *Service) Place(ctx context.Context, actor access.Actor, pipelineSlug, ref string) (store.Place, error) {
	if err := access.Check(actor, access.BuildView); err != nil {
		return store.Place{}, err
	}
	q := s.Store.Read()
	var place store.Place
	var err error
	if number, id := buildRef(ref); number > 0 {
		place, err = store.PlaceByNumber(ctx, q, actor.OrganizationID, pipelineSlug, number)
	} else {
		place, err = store.PlaceByID(ctx, q, actor.OrganizationID, pipelineSlug, id)
	}
	if errors.Is(err, store.ErrNotFound) {
		if _, err := store.PipelineBySlug(ctx, q, actor.OrganizationID, pipelineSlug); err != nil {
			return store.Place{}, missing(err, "pipeline")
		}
	}
	return place, missing(err, "build")
}

// findBuild resolves a build within what the actor may see.
func findBuild(ctx context.Context, q sqldb.Queryer, actor access.Actor, pipelineSlug, ref string) (store.Build, error) {
	_, b, err := findBuildAndPipeline(ctx, q, actor, pipelineSlug, ref)
	return b, err
}

func findBuildAndPipeline(ctx context.Context, q sqldb.Queryer, actor access.Actor, pipelineSlug, ref string) (store.Pipeline, store.Build, error) {
	number, id := buildRef(ref)
	p, b, err := store.BuildWithPipeline(ctx, q, actor.OrganizationID, pipelineSlug, number, id)
	if errors.Is(err, store.ErrNotFound) && p.ID == "" {
		return store.Pipeline{}, store.Build{}, fault.Missing("pipeline")
	}
	return p, b, missing(err, "build")
}

// noBuild is the id that no build has.
const noBuild = "00000000-0000-0000-0000-000000000000"

// buildRef reads a build's number, or else its id. What is neither leads to no build.
func buildRef(ref string) (number int64, id string) {
	if number, err := strconv.ParseInt(ref, 10, 64); err == nil && number > 0 {
		return number, ""
	}
	if id, ok := ids.ParseUUID(ref); ok {
		return 0, id
	}
	return 0, noBuild
}

// JobRef names a job: by its id alone, or within a build.
type JobRef struct {
	JobID string
	// PipelineSlug and BuildRef are empty in the organization's form.
	PipelineSlug string
	BuildRef     string
}

// Job returns a job, in the state that it is shown in, and where it is. The action is what the caller is about to do with
// it.
func (s *Service) Job(ctx context.Context, actor access.Actor, ref JobRef, action access.Action) (store.Job, store.Place, error) {
	if err := access.Check(actor, action); err != nil {
		return store.Job{}, store.Place{}, err
	}
	return findShownJob(ctx, s.Store.Read(), actor, ref)
}

func findShownJob(ctx context.Context, q sqldb.Queryer, actor access.Actor, ref JobRef) (store.Job, store.Place, error) {
	job, place, err := findJob(ctx, q, actor, ref)
	if err == nil {
		err = markBlocked(ctx, q, []*store.Job{&job})
	}
	if err != nil {
		return store.Job{}, store.Place{}, err
	}
	return job, place, nil
}

func findJob(ctx context.Context, q sqldb.Queryer, actor access.Actor, ref JobRef) (store.Job, store.Place, error) {
	var (
		job   *store.Job
		place store.Place
		err   = store.ErrNotFound
	)
	if id, ok := ids.ParseUUID(ref.JobID); ok {
		job, place, err = store.GetPlacedJob(ctx, q, id)
	}
	if err == nil && job.OrganizationID == actor.OrganizationID && ref.leadsTo(place) {
		return *job, place, nil
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return store.Job{}, store.Place{}, err
	}
	if ref.PipelineSlug != "" { // what is missing may be what the job is looked for in
		if _, err := findBuild(ctx, q, actor, ref.PipelineSlug, ref.BuildRef); err != nil {
			return store.Job{}, store.Place{}, err
		}
	}
	return store.Job{}, store.Place{}, fault.Missing("job")
}

// leadsTo reports whether a job of that place is looked for where it is.
func (r JobRef) leadsTo(p store.Place) bool {
	if r.PipelineSlug == "" {
		return true
	}
	if r.PipelineSlug != p.PipelineSlug {
		return false
	}
	number, id := buildRef(r.BuildRef)
	return number == p.BuildNumber || id == p.BuildID
}
