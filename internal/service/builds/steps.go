package builds

import (
	"context"
	"strings"
	"time"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/ids"
	"github.com/bridle-ci/bridle/internal/store"
)

// stepFor resolves a step that a job names by its id or by its key in a build.
func (s *Service) stepFor(ctx context.Context, job store.Job, ref, buildID string) (*build.Step, error) {
	b, err := s.buildFor(ctx, job, buildID)
	if err != nil {
		return nil, err
	}
	q := s.Store.Read()
	if id, ok := ids.ParseUUID(ref); ok {
		step, err := store.GetStep(ctx, q, b.ID, id)
		return step, missing(err, "step")
	}
	step, err := store.StepByKey(ctx, q, b.ID, ref)
	return step, missing(err, "step")
}

// UpdateStep changes an attribute of a step of the job's build: its label, its notifications, or the priority of its jobs
// that have not started. Done again it changes nothing more, except that what is appended to would grow: the idempotency
// id guards that.
func (s *Service) UpdateStep(ctx context.Context, job store.Job, ref, buildID, attribute, value string, appendTo bool, idempotencyID string) error {
	step, err := s.stepFor(ctx, job, ref, buildID)
	if err != nil {
		return err
	}
	switch attribute {
	case "label":
		return s.updateLabel(ctx, step, value, appendTo, idempotencyID)
	case "priority":
		return s.updatePriority(ctx, step, value)
	}
	if path, ok := strings.CutPrefix(attribute, "notify"); ok && (path == "" || path[0] == '.') {
		return s.updateNotify(ctx, step, strings.TrimPrefix(path, "."), value, appendTo, idempotencyID)
	}
	return fault.New(fault.Invalid, "The step attribute %q can't be changed: use label, priority or notify", attribute)
}

const maxLabelBytes = 1 << 10

func (s *Service) updateLabel(ctx context.Context, step *build.Step, value string, appendTo bool, idempotencyID string) error {
	return s.change(ctx, step.BuildID, func(c *change) error {
		st, err := c.graph.Step(step.ID)
		if err != nil {
			return err
		}
		label := value
		if appendTo {
			fresh, err := store.TakeOnce(c.ctx, c.tx, "step-update:"+idempotencyID, c.tx.Now())
			if err != nil || !fresh {
				return err
			}
			label = st.Label + value
		}
		if len(label) > maxLabelBytes {
			return fault.New(fault.Invalid, "The label is too long: the maximum is %d bytes", maxLabelBytes)
		}
		st.Label = label
		return store.SaveStep(c.ctx, c.tx, st)
	})
}

func (s *Service) updatePriority(ctx context.Context, step *build.Step, value string) error {
	priority, err := parseInt(value)
	if err != nil {
		return fault.New(fault.Invalid, "Priority must be an integer")
	}
	return s.change(ctx, step.BuildID, func(c *change) error {
		jobs, err := c.graph.Jobs([]string{step.ID})
		if err != nil {
			return err
		}
		for _, j := range jobs {
			changed, err := store.SetJobPriority(c.ctx, c.tx, j.ID, priority)
			if err != nil {
				return err
			}
			j.Priority = priority
			if changed && j.State == build.JobScheduled {
				c.runnable = append(c.runnable, j)
			}
		}
		return nil
	})
}

// CancelStep cancels the jobs of a step of the job's build. With force, those that have not stopped after the grace
// period end all the same. It returns the step's id.
func (s *Service) CancelStep(ctx context.Context, job store.Job, ref, buildID string, force bool, grace time.Duration) (string, error) {
	step, err := s.stepFor(ctx, job, ref, buildID)
	if err != nil {
		return "", err
	}
	err = s.change(ctx, step.BuildID, func(c *change) error {
		if err := c.apply(build.CanceledStep{StepID: step.ID}); err != nil {
			return err
		}
		if !force {
			return nil
		}
		return c.enqueue(taskForceCancel, step.ID, stepTask{BuildID: step.BuildID, StepID: step.ID}, c.tx.Now().Add(grace))
	})
	return step.ID, err
}

// CancelBuild cancels a build in the name of one of its jobs, and returns the build's id. A build that is canceled stays
// so: agents repeat a call whose answer was lost.
func (s *Service) CancelBuild(ctx context.Context, job store.Job, buildID string) (string, error) {
	b, err := s.buildFor(ctx, job, buildID)
	if err != nil {
		return "", err
	}
	if b.State == build.Canceled {
		return b.ID, nil
	}
	_, err = s.cancel(ctx, b.ID, "Canceled by a job of the build")
	return b.ID, err
}
