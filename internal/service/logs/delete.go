package logs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/bridle-ci/bridle/internal/bus"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/queue"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// Delete removes the log of a job that has ended. Doing so again, or for a job without a log, changes nothing.
func (s *Service) Delete(ctx context.Context, jobID string) error {
	err := s.store.Write(ctx, func(tx *sqldb.Tx) error {
		l, err := store.LockJobLog(ctx, tx, jobID)
		switch {
		case errors.Is(err, store.ErrNotFound):
			return nil
		case err != nil:
			return err
		case inJournal(l):
			return fault.Reason("the log is still being written: delete it when the job has finished")
		case l.State == store.LogDeleted:
			return nil
		}
		if err := s.deleteBlob(ctx, tx, l.BlobKey); err != nil {
			return err
		}
		deleted := store.JobLog{JobID: l.JobID, BuildID: l.BuildID, State: store.LogDeleted, UpdatedAt: tx.Now()}
		return store.SaveJobLog(ctx, tx, deleted, l.State)
	})
	if err != nil {
		return fmt.Errorf("delete the log of job %s: %w", jobID, err)
	}
	s.bus.Publish(topic(jobID), bus.Missed)
	return nil
}

func (s *Service) deleteBlob(ctx context.Context, tx *sqldb.Tx, key string) error {
	if key == "" {
		return nil
	}
	payload, err := json.Marshal(deletion{Key: key})
	if err != nil {
		return err
	}
	return s.queue.Enqueue(ctx, tx, queue.Task{Kind: deleteTask, Payload: payload})
}
