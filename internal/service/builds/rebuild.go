package builds

import (
	"context"
	"maps"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/store"
)

// Rebuild makes a new build like an earlier one, of the pipeline's present configuration
// (docs/contract/pipelines.md, section 3.6).
func (s *Service) Rebuild(ctx context.Context, actor access.Actor, pipelineSlug, ref string) (store.Build, error) {
	if err := access.Check(actor, access.BuildRebuild); err != nil {
		return store.Build{}, err
	}
	from, err := findBuild(ctx, s.Store.Read(), actor, pipelineSlug, ref)
	if err != nil {
		return store.Build{}, err
	}
	in := again(from)
	if actor.UserID != "" {
		in.CreatorID = &actor.UserID
	}
	around, err := store.SurroundingsOf(ctx, s.Store.Read(), from.PipelineID, in.people())
	if err != nil {
		return store.Build{}, missing(err, "pipeline")
	}
	if !around.Pipeline.AllowRebuilds {
		return store.Build{}, fault.New(fault.Invalid, "This pipeline does not allow rebuilds: make a new build instead")
	}
	return s.createIn(ctx, around, in)
}

// again is what a build like from is asked for with: what names the commit and the pull request, as they were captured
// the first time, the message and the env. Options of the first request and meta-data are not copied; the branch was let
// through once.
func again(from store.Build) NewBuild {
	return NewBuild{
		Commit: from.Commit, Branch: from.Branch, Tag: deref(from.Tag), Author: from.Author, commitResolved: from.CommitResolved,
		PullRequest: from.PullRequest, Message: deref(from.Message), Env: maps.Clone(from.Env),
		Source: "api", IgnoreBranchFilters: true, rebuiltFromID: &from.ID,
	}
}
