package builds

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bridle-ci/bridle/internal/core/branches"
	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/store"
)

// supersede asks for older builds of the same branch to be skipped or canceled, where the pipeline wants that
// (docs/contract/pipelines.md, section 21). Each takes its own lock, so it is done after this transaction.
func (c *change) supersede(p store.Pipeline) error {
	if !skipsQueued(p, c.build.Branch) && !cancelsRunning(p, c.build.Branch) {
		return nil
	}
	return c.enqueue(taskSupersede, c.build.ID, buildTask{BuildID: c.build.ID}, time.Time{})
}

func skipsQueued(p store.Pipeline, branch string) bool {
	return p.SkipQueuedBranchBuilds && branches.Match(deref(p.SkipQueuedBranchBuildsFilter), branch)
}

func cancelsRunning(p store.Pipeline, branch string) bool {
	return p.CancelRunningBranchBuilds && branches.Match(deref(p.CancelRunningBranchBuildsFilter), branch)
}

// supersedeOlder is the task.
func (s *Service) supersedeOlder(ctx context.Context, task buildTask) error {
	newer, err := store.GetBuild(ctx, s.Store.Read(), task.BuildID)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	p, err := store.GetPipeline(ctx, s.Store.Read(), newer.PipelineID)
	if err != nil {
		return err
	}
	older, err := store.OpenBuildsOn(ctx, s.Store.Read(), newer.PipelineID, newer.Branch, newer.ID)
	if err != nil {
		return err
	}
	for _, id := range older {
		if id > newer.ID {
			continue
		}
		if err := s.supersedeOne(ctx, id, p); err != nil {
			return fmt.Errorf("supersede build %s: %w", id, err)
		}
	}
	return nil
}

func (s *Service) supersedeOne(ctx context.Context, id string, p store.Pipeline) error {
	err := s.change(ctx, id, func(c *change) error {
		switch c.build.State {
		case build.Creating, build.Scheduled:
			if skipsQueued(p, c.build.Branch) {
				return c.apply(build.SkippedBuild{})
			}
		case build.Running, build.Failing, build.Blocked:
			if cancelsRunning(p, c.build.Branch) {
				return c.apply(build.CanceledBuild{Reason: "A newer build of this branch was created"})
			}
		}
		return nil
	})
	if fault.Is(err, fault.Conflict) {
		return nil // it ended meanwhile
	}
	return err
}
