package agents

import (
	"context"
	"errors"
	"fmt"

	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/store"
)

// HeldJob returns the job that the agent of a session runs. Agents before version 3.39 speak for their job with their
// session (docs/contract/agent-api.md, section 2); a session without a job is Unauthenticated for that.
func (s *Service) HeldJob(ctx context.Context, token string) (store.Job, error) {
	agent, err := s.Session(ctx, token)
	if err != nil {
		return store.Job{}, fault.New(fault.Unauthenticated, "This job's token is not known, or the job has ended")
	}
	job, err := store.JobHeldBy(ctx, s.store.Read(), agent.ID)
	if errors.Is(err, store.ErrNotFound) || err == nil && job.AcceptedAt == nil {
		return store.Job{}, fault.New(fault.Unauthenticated, "This agent runs no job")
	}
	if err != nil {
		return store.Job{}, fmt.Errorf("find job of agent %s: %w", agent.ID, err)
	}
	return *job, nil
}

// JobInCluster returns a job that another one may reach: a job of the same build, or one whose queue is in the same
// cluster (docs/contract/platform.md, section 3, job token reach). Others are as good as not there.
func (s *Service) JobInCluster(ctx context.Context, own store.Job, jobID string) (store.Job, error) {
	q := s.store.Read()
	other, err := store.GetJob(ctx, q, jobID)
	if errors.Is(err, store.ErrNotFound) {
		return store.Job{}, fault.Missing("job")
	}
	if err != nil {
		return store.Job{}, fmt.Errorf("find job %s: %w", jobID, err)
	}
	if other.BuildID == own.BuildID {
		return *other, nil
	}
	if own.QueueID == "" || other.QueueID == "" {
		return store.Job{}, fault.Missing("job")
	}
	queues, err := store.GetQueues(ctx, q, []string{own.QueueID, other.QueueID})
	if err != nil {
		return store.Job{}, fmt.Errorf("find queues of jobs: %w", err)
	}
	ownQueue, otherQueue := queues[own.QueueID], queues[other.QueueID]
	if ownQueue.ClusterID == "" || ownQueue.ClusterID != otherQueue.ClusterID {
		return store.Job{}, fault.Missing("job")
	}
	return *other, nil
}
