package builds

import (
	"context"
	"errors"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/ids"
	"github.com/bridle-ci/bridle/internal/core/pipeline"
	"github.com/bridle-ci/bridle/internal/store"
)

// UnblockJob lets a block or input step go on, in the name of unblockerID or else of the actor, and writes its fields
// into the build's meta-data (docs/contract/pipelines.md, section 18).
func (s *Service) UnblockJob(ctx context.Context, actor access.Actor, ref JobRef, unblockerID string, fields map[string][]string) (store.Job, store.Place, error) {
	job, place, err := s.Job(ctx, actor, ref, access.JobUnblock)
	if err != nil {
		return store.Job{}, store.Place{}, err
	}
	if job.Type != build.Manual {
		return store.Job{}, store.Place{}, fault.New(fault.Malformed, "This job type cannot be unblocked")
	}
	userID, err := s.unblocker(ctx, actor, unblockerID)
	if err != nil {
		return store.Job{}, store.Place{}, err
	}
	var unblocked store.Job
	err = s.change(ctx, job.BuildID, func(c *change) error {
		if err := c.unblock(actor, job.ID, userID, fields); err != nil {
			return err
		}
		row, err := c.graph.Row(job.ID)
		if err != nil {
			return err
		}
		unblocked = *row
		return nil
	})
	return unblocked, place, err
}

func (s *Service) unblocker(ctx context.Context, actor access.Actor, id string) (string, error) {
	if id == "" {
		return actor.UserID, nil
	}
	refused := fault.New(fault.Invalid, "Unblocker is not a valid user id for this organization")
	userID, ok := ids.ParseUUID(id)
	if !ok {
		return "", refused
	}
	_, err := store.GetMembership(ctx, s.Store.Read(), actor.OrganizationID, userID)
	if errors.Is(err, store.ErrNotFound) {
		return "", refused
	}
	return userID, err
}

func (c *change) unblock(actor access.Actor, jobID, userID string, given map[string][]string) error {
	j, err := c.graph.Job(jobID)
	if err != nil {
		return err
	}
	step, err := c.graph.Step(j.StepID)
	if err != nil {
		return err
	}
	settings := step.Settings.Manual
	if err := access.CheckAllowedTeams(actor, settings.AllowedTeams); err != nil {
		return err
	}
	again := j.State == build.JobUnblocked
	// What the build refuses comes before what is wrong with the fields, which takes the whole transaction back.
	if err := c.apply(build.Unblocked{JobID: jobID, UserID: userID}); err != nil || again {
		return err
	}
	values, err := pipeline.FieldValues(settings.Fields, given)
	if err != nil {
		return fault.New(fault.Invalid, "%s", err)
	}
	if userID != "" {
		c.build.UnblockerID = &userID
		if err := store.SetBuildUnblocker(c.ctx, c.tx, c.build.ID, userID); err != nil {
			return err
		}
	}
	return store.SetMetaData(c.ctx, c.tx, c.build.ID, values)
}
