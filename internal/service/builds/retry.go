package builds

import (
	"context"
	"slices"
	"strings"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/store"
)

// RetryJob replaces a job that ended by a new attempt, which it returns. Errors carry the contract's texts
// (docs/contract/pipelines.md, section 10.2).
func (s *Service) RetryJob(ctx context.Context, actor access.Actor, ref JobRef) (store.Job, store.Place, error) {
	job, place, err := s.Job(ctx, actor, ref, access.JobRetry)
	if err != nil {
		return store.Job{}, store.Place{}, err
	}
	var retried store.Job
	err = s.change(ctx, job.BuildID, func(c *change) error {
		if err := c.refuseOfCanceledParent(); err != nil {
			return err
		}
		if err := c.apply(build.Retried{JobID: job.ID, UserID: actor.UserID}); err != nil {
			return err
		}
		old, err := c.graph.Job(job.ID)
		if err != nil {
			return err
		}
		row, err := c.graph.Row(old.RetriedInJobID)
		if err != nil {
			return err
		}
		retried = *row
		return nil
	})
	return retried, place, err
}

// refuseOfCanceledParent refuses retries in a build whose parent waited for it and was canceled.
func (c *change) refuseOfCanceledParent() error {
	if c.build.TriggeredJobID == nil {
		return nil
	}
	trigger, err := store.GetJob(c.ctx, c.tx, *c.build.TriggeredJobID)
	if err != nil {
		return ignoreGone(err)
	}
	parents, err := store.GetBuilds(c.ctx, c.tx, []string{trigger.BuildID})
	if err != nil {
		return err
	}
	step, err := store.GetStep(c.ctx, c.tx, trigger.BuildID, trigger.StepID)
	if err != nil {
		return ignoreGone(err)
	}
	canceled := parents[trigger.BuildID].State == build.Canceled || parents[trigger.BuildID].State == build.Canceling
	if canceled && step.Settings.Trigger != nil && !step.Settings.Trigger.Async {
		return fault.New(fault.Invalid, "This job can't be retried because this build was triggered by a synchronous trigger step in a canceled build")
	}
	return nil
}

// retryStates are what RetryFailed can be told to retry.
var retryStates = []string{"canceled", "expired", "failed", "soft_failed", "timed_out"}

// RetryFailed retries every job of a build that is in one of the states, by default all that failed, and returns how
// many there were.
func (s *Service) RetryFailed(ctx context.Context, actor access.Actor, pipelineSlug, ref string, states []string) (store.Build, int, error) {
	if err := access.Check(actor, access.JobRetry); err != nil {
		return store.Build{}, 0, err
	}
	unknown := slices.DeleteFunc(slices.Clone(states), func(state string) bool { return slices.Contains(retryStates, state) })
	if len(unknown) > 0 {
		return store.Build{}, 0, fault.New(fault.Malformed, "Invalid states: %s. Valid states are %s.",
			strings.Join(unknown, ", "), strings.Join(retryStates, ", "))
	}
	if len(states) == 0 {
		states = retryStates
	}
	found, err := findBuild(ctx, s.Store.Read(), actor, pipelineSlug, ref)
	if err != nil {
		return store.Build{}, 0, err
	}
	var b store.Build
	count := 0
	err = s.change(ctx, found.ID, func(c *change) error {
		count = 0
		if err := c.refuseOfCanceledParent(); err != nil {
			return err
		}
		jobs, err := c.graph.JobsIn(build.JobFinished, build.JobTimedOut, build.JobCanceled, build.JobExpired)
		if err != nil {
			return err
		}
		for _, j := range jobs {
			if j.Type != build.Script || !slices.Contains(states, retryState(j)) {
				continue
			}
			err := c.apply(build.Retried{JobID: j.ID, UserID: actor.UserID})
			if fault.Is(err, fault.Malformed) {
				continue // the step does not allow it
			}
			if err != nil {
				return err
			}
			count++
		}
		b = c.build
		return nil
	})
	return b, count, err
}

func retryState(j *build.Job) string {
	if state := ShownState(j); state != "failed" || !j.SoftFailed {
		return state
	}
	return "soft_failed"
}
