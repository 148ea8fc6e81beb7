package builds

import (
	"context"
	"errors"
	"fmt"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/store"
)

// OpenSession would open a remote session with the agent of a job, for who manages the agents of its cluster. Only hosted
// agents have such, and an installation hosts none, so that it is Invalid for every job.
func (s *Service) OpenSession(ctx context.Context, actor access.Actor, jobID string) error {
	if err := access.CheckScopes(actor, access.JobSession); err != nil {
		return err
	}
	job, _, err := findJob(ctx, s.Store.Read(), actor, JobRef{JobID: jobID})
	if err != nil {
		return err
	}
	queue, err := store.GetQueue(ctx, s.Store.Read(), job.QueueID) // a job that is for no agent has none
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("find the queue of job %s: %w", job.ID, err)
	}
	if err := access.CheckCluster(actor, access.JobSession, queue.ClusterID); err != nil {
		return err
	}
	return fault.New(fault.Invalid, "Remote sessions are for jobs on hosted agents, and this installation hosts none: log in on the machine of the agent")
}
