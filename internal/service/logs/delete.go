package logs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/bridle-ci/bridle/internal/bus"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/queue"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// closeWait is how long a deletion waits for a log to be closed, which takes a moment after the end of its job.
const closeWait = 10 * time.Second

// errOpen refuses to delete what is still written.
var errOpen = fault.Reason("the log is still being written: delete it when the job has finished")

// Delete removes the log of a job that has ended. Doing so again, or for a job without a log, changes nothing.
func (s *Service) Delete(ctx context.Context, jobID string) error {
	if err := s.awaitClose(ctx, jobID); err != nil {
		return fmt.Errorf("delete the log of job %s: %w", jobID, err)
	}
	err := s.store.Write(ctx, func(tx *sqldb.Tx) error {
		l, err := store.LockJobLog(ctx, tx, jobID)
		switch {
		case errors.Is(err, store.ErrNotFound):
			return nil
		case err != nil:
			return err
		case inJournal(l):
			return errOpen
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

// awaitClose waits until the log of a job that has ended is closed, so that whoever saw the end can delete the log.
func (s *Service) awaitClose(ctx context.Context, jobID string) error {
	events, cancel := s.bus.Subscribe(topic(jobID))
	defer cancel()
	given := time.NewTimer(closeWait)
	defer given.Stop()
	again := time.NewTicker(time.Second) // hints may be lost
	defer again.Stop()
	for {
		l, err := store.GetJobLog(ctx, s.store.Read(), jobID)
		if errors.Is(err, store.ErrNotFound) || err == nil && !inJournal(l) {
			return nil
		}
		if err != nil {
			return err
		}
		job, err := store.GetJob(ctx, s.store.Read(), jobID)
		if err != nil {
			return err
		}
		if !job.State.Terminal() {
			return errOpen
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-given.C:
			return fault.New(fault.Unavailable, "The log is still being put away: try again in a minute")
		case <-events:
		case <-again.C:
		}
	}
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
