package schedules

import (
	"context"
	"time"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/patch"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// Changes are a schedule's settings as asked for. An update leaves absent ones as they are, a creation takes their
// defaults, and so does clearing them. A blank text counts as cleared.
type Changes struct {
	// Cronline is as core/cron reads it. It has no default.
	Cronline patch.Field[string]
	Label    patch.Field[string]
	Message  patch.Field[string]
	Commit   patch.Field[string] // HEAD
	Branch   patch.Field[string] // the pipeline's default branch at the time of the build
	Env      patch.Field[map[string]string]
	Enabled  patch.Field[bool] // true
}

// defaultCommit is what is built unless a schedule says otherwise.
const defaultCommit = "HEAD"

// Create makes a schedule. Invalid says which settings cannot be what they are for.
func (s *Service) Create(ctx context.Context, actor access.Actor, pipelineSlug string, in Changes) (View, error) {
	if err := access.Check(actor, access.ScheduleChange); err != nil {
		return View{}, err
	}
	fresh := store.Schedule{Commit: defaultCommit, Enabled: true}
	if actor.UserID != "" {
		fresh.CreatedByID = &actor.UserID
	}
	var created View
	err := s.store.Write(ctx, func(tx *sqldb.Tx) error {
		p, err := findPipeline(ctx, tx, actor, pipelineSlug)
		if err != nil {
			return err
		}
		row := fresh
		row.ID, row.PipelineID, row.CreatedAt = store.NewID(), p.ID, tx.Now()
		if err := s.apply(&row, in, tx.Now()); err != nil {
			return err
		}
		if err := store.InsertSchedule(ctx, tx, row); err != nil {
			return err
		}
		if err := s.enqueue(ctx, tx, row); err != nil {
			return err
		}
		created, err = view(ctx, tx, p, row)
		return err
	})
	return created, err
}

// Update changes some of a schedule's settings. Errors are those of Create, and NotFound.
func (s *Service) Update(ctx context.Context, actor access.Actor, pipelineSlug, id string, c Changes) (View, error) {
	if err := access.Check(actor, access.ScheduleChange); err != nil {
		return View{}, err
	}
	var changed View
	err := s.store.Write(ctx, func(tx *sqldb.Tx) error {
		p, row, err := find(ctx, tx, actor, pipelineSlug, id, store.LockSchedule)
		if err != nil {
			return err
		}
		before := row.NextBuildAt
		if err := s.apply(&row, c, tx.Now()); err != nil {
			return err
		}
		if err := store.UpdateSchedule(ctx, tx, row); err != nil {
			return err
		}
		if !same(before, row.NextBuildAt) {
			if err := s.queue.Cancel(ctx, tx, taskFire, row.ID); err != nil {
				return err
			}
			if err := s.enqueue(ctx, tx, row); err != nil {
				return err
			}
		}
		changed, err = view(ctx, tx, p, row)
		return err
	})
	return changed, err
}

// Delete removes a schedule. Builds it has made stay.
func (s *Service) Delete(ctx context.Context, actor access.Actor, pipelineSlug, id string) error {
	if err := access.Check(actor, access.ScheduleChange); err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx *sqldb.Tx) error {
		_, row, err := find(ctx, tx, actor, pipelineSlug, id, store.LockSchedule)
		if err != nil {
			return err
		}
		if err := store.DeleteSchedule(ctx, tx, row.ID); err != nil {
			return missing(err, noun)
		}
		return s.queue.Cancel(ctx, tx, taskFire, row.ID)
	})
}

func same(a, b *time.Time) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Equal(*b)
}
