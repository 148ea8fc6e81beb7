package builds

import (
	"context"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// ReprioritizeJob changes the priority of a job that has not gone to an agent.
func (s *Service) ReprioritizeJob(ctx context.Context, actor access.Actor, ref JobRef, priority int) (store.Job, store.Place, error) {
	job, place, err := s.Job(ctx, actor, ref, access.JobReprioritize)
	if err != nil {
		return store.Job{}, store.Place{}, err
	}
	err = s.Store.Write(ctx, func(tx *sqldb.Tx) error {
		changed, err := store.SetJobPriority(ctx, tx, job.ID, priority)
		if err == nil && (!changed || job.Type != build.Script) {
			err = fault.New(fault.Conflict, "Only command jobs that are not yet assigned to an agent can be reprioritized")
		}
		tx.AfterCommit(func() {
			s.dispatcher.stale(job.QueueID)
			s.Bus.Publish("queue:"+job.QueueID, s.dispatcher.nodeID)
			s.Bus.Publish("build:"+job.BuildID, "")
		})
		return err
	})
	job.Priority = priority
	return job, place, err
}
