package builds

import (
	"context"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/pipeline"
	"github.com/bridle-ci/bridle/internal/store"
)

// updateNotify changes whom to tell of a step, or what a check of it shows (docs/contract/pipelines.md, section 28).
func (s *Service) updateNotify(ctx context.Context, step *build.Step, path, value string, appendTo bool, idempotencyID string) error {
	return s.change(ctx, step.BuildID, func(c *change) error {
		st, err := c.graph.Step(step.ID)
		if err != nil {
			return err
		}
		if appendTo {
			fresh, err := store.TakeOnce(c.ctx, c.tx, "step-update:"+idempotencyID, c.tx.Now())
			if err != nil || !fresh {
				return err
			}
		}
		updated, err := pipeline.UpdateNotify(st.Kind, st.Settings.Notify, path, value, appendTo)
		if err != nil {
			return asFault(err)
		}
		st.Settings.Notify = updated
		return store.SaveStepSettings(c.ctx, c.tx, st)
	})
}
