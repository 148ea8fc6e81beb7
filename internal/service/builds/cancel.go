package builds

import (
	"context"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/store"
)

// Cancel cancels a build: what is not on an agent at once, the rest when the agents have stopped. A build that has
// ended is a Conflict.
func (s *Service) Cancel(ctx context.Context, actor access.Actor, pipelineSlug, ref, reason string) (store.Build, error) {
	if err := access.Check(actor, access.BuildCancel); err != nil {
		return store.Build{}, err
	}
	b, err := findBuild(ctx, s.Store.Read(), actor, pipelineSlug, ref)
	if err != nil {
		return store.Build{}, err
	}
	return s.cancel(ctx, b.ID, reason)
}

func (s *Service) cancel(ctx context.Context, buildID, reason string) (store.Build, error) {
	var canceled store.Build
	err := s.change(ctx, buildID, func(c *change) error {
		err := c.apply(build.CanceledBuild{Reason: reason})
		canceled = c.build
		return err
	})
	return canceled, err
}
