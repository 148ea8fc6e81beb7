package builds

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bridle-ci/bridle/internal/core/branches"
	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/store"
)

// supersede asks for older builds of the same branch to be skipped or canceled, where the pipeline wants that
// (docs/contract/pipelines.md, section 21). It is called when a build is created, and when it starts: until then a retry
// may have resumed an older one. Each older build takes its own lock, so it is done after this transaction.
func (c *change) supersede(p store.Pipeline) error {
	if !skipsQueued(p, c.build.Branch) && !cancelsRunning(p, c.build.Branch) {
		return nil
	}
	return c.enqueue(taskSupersede, c.build.ID, buildTask{BuildID: c.build.ID}, time.Time{})
}

// supersedeAtStart is supersede for a build whose first job starts.
func (c *change) supersedeAtStart() error {
	p, err := store.GetPipeline(c.ctx, c.tx, c.build.PipelineID)
	if err != nil {
		return missing(err, "pipeline")
	}
	return c.supersede(p)
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
		return ignoreGone(err)
	}
	older, err := store.OlderOpenBuilds(ctx, s.Store.Read(), newer.PipelineID, newer.Branch, newer.Number)
	if err != nil {
		return err
	}
	for _, id := range older {
		err := s.change(ctx, id, func(c *change) error { return c.supersededBy(newer.ID, p) })
		if err := ignoreLate(err); err != nil {
			return fmt.Errorf("supersede build %s: %w", id, err)
		}
	}
	return nil
}

// supersededBy lets the build make way for a newer one of its branch.
func (c *change) supersededBy(newerID string, p store.Pipeline) error {
	newer, err := store.GetBuild(c.ctx, c.tx, newerID)
	if err != nil {
		return ignoreGone(err)
	}
	event := supersession(c.build.Build, newer, p)
	if event == nil {
		return nil
	}
	// Before the event, so that a parent that hears of it can tell.
	if err := store.SetBuildSuperseded(c.ctx, c.tx, c.build.ID, newer.ID); err != nil {
		return err
	}
	return c.apply(event)
}

// supersession is what a newer build of its branch means for an older one: an event, or nothing.
func supersession(older build.Build, newer store.Build, p store.Pipeline) build.Event {
	switch older.State {
	case build.Creating, build.Scheduled:
		if skipsQueued(p, newer.Branch) {
			return build.SkippedBuild{}
		}
	case build.Running, build.Failing, build.Blocked:
		if cancelsRunning(p, newer.Branch) && !resumedBeside(older, newer) {
			return build.CanceledBuild{Reason: fmt.Sprintf("Superseded by build #%d of the same branch", newer.Number)}
		}
	}
	return nil
}

// resumedBeside reports whether the older build was started, again, when the newer one was running already: a person
// wanted that.
func resumedBeside(older build.Build, newer store.Build) bool {
	return newer.StartedAt != nil && older.StartedAt != nil && older.StartedAt.After(*newer.StartedAt)
}
