package logs

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/bridle-ci/bridle/internal/bus"
	"github.com/bridle-ci/bridle/internal/core/joblog"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// Close makes one blob of a log whose job has ended, and is what a CloseTask does. Gaps, where chunks never came, are
// closed up. It may be repeated, also after it was interrupted anywhere.
func (s *Service) Close(ctx context.Context, jobID string) error {
	job, err := store.GetJob(ctx, s.store.Read(), jobID)
	if errors.Is(err, store.ErrNotFound) {
		return s.closeWithout(ctx, jobID)
	}
	if err != nil {
		return fmt.Errorf("close the log of job %s: %w", jobID, err)
	}
	return s.close(ctx, Closing{JobID: jobID, BuildID: job.BuildID, PipelineID: job.PipelineID})
}

func (s *Service) close(ctx context.Context, c Closing) error {
	l, err := s.beginClosing(ctx, c.JobID)
	if errors.Is(err, store.ErrNotFound) {
		return s.closeWithout(ctx, c.JobID)
	}
	if err != nil {
		return fmt.Errorf("close the log of job %s: %w", c.JobID, err)
	}
	if l.State == store.LogClosing {
		if err := s.journal.seal(c.JobID); err != nil {
			return fmt.Errorf("close the log of job %s: %w", c.JobID, err)
		}
		if err := s.keep(ctx, l, blobKey(c)); err != nil {
			return fmt.Errorf("close the log of job %s: %w", c.JobID, err)
		}
	}
	if err := s.journal.discard(ctx, c.JobID); err != nil {
		return fmt.Errorf("drop the chunks of job %s: %w", c.JobID, err)
	}
	s.bus.Publish(topic(c.JobID), bus.Missed)
	return nil
}

// closeWithout ends a log that has no row: no chunk ever came, or the job is gone and its chunks go as well.
func (s *Service) closeWithout(ctx context.Context, jobID string) error {
	_, err := store.GetJob(ctx, s.store.Read(), jobID)
	if errors.Is(err, store.ErrNotFound) {
		err = s.journal.discard(ctx, jobID)
	}
	if err != nil {
		return fmt.Errorf("close the log of job %s: %w", jobID, err)
	}
	s.bus.Publish(topic(jobID), bus.Missed)
	return nil
}

// blobKey is where a closed log is kept: below its pipeline and build, so that it goes with them.
func blobKey(c Closing) string {
	return "pipelines/" + c.PipelineID + "/builds/" + c.BuildID + "/logs/" + c.JobID
}

// beginClosing moves an open log to closing, after which no node takes chunks.
func (s *Service) beginClosing(ctx context.Context, jobID string) (l store.JobLog, err error) {
	err = s.store.Write(ctx, func(tx *sqldb.Tx) (err error) {
		if l, err = store.LockJobLog(ctx, tx, jobID); err != nil || l.State != store.LogOpen {
			return err
		}
		l.State, l.UpdatedAt = store.LogClosing, tx.Now()
		return store.SaveJobLog(ctx, tx, l, store.LogOpen)
	})
	return l, err
}

// keep writes the blob and then says in the row that it is there.
func (s *Service) keep(ctx context.Context, l store.JobLog, key string) error {
	size, times, err := s.writeBlob(ctx, l, key)
	if err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx *sqldb.Tx) error {
		now, err := store.LockJobLog(ctx, tx, l.JobID)
		if err != nil || now.State != store.LogClosing {
			return err // another node was faster
		}
		now.State, now.Size, now.UpdatedAt = store.LogClosed, size, tx.Now()
		if size > 0 {
			now.BlobKey = key
		}
		now.HeaderTimes = times
		if len(now.PostedTimes) > 0 {
			now.HeaderTimes = joblog.PostedTimes(now.PostedTimes)
		}
		return store.SaveJobLog(ctx, tx, now, store.LogClosing)
	})
}

// writeBlob streams the bytes of a log in order into a blob. An empty log needs none.
func (s *Service) writeBlob(ctx context.Context, l store.JobLog, key string) (size int64, times []int64, err error) {
	first, data, err := s.journal.next(ctx, l.JobID, 0, true, nil)
	if err != nil || (len(data) == 0 && !l.Truncated) {
		return 0, nil, err
	}
	r, w := io.Pipe()
	var (
		frames  = newFrameWriter(w)
		headers joblog.Headers
		done    = make(chan struct{})
	)
	go func() {
		defer close(done)
		sink := io.MultiWriter(frames, &headers)
		err := s.copyJournal(ctx, l.JobID, first, data, sink)
		if err == nil && l.Truncated {
			_, err = io.WriteString(sink, joblog.TruncationNotice)
		}
		_ = w.CloseWithError(errors.Join(err, frames.Close()))
	}()
	_, err = s.blobs.Put(ctx, key, r)
	_ = r.CloseWithError(err) // ends the writer if there is an error
	<-done
	return frames.total, headers.Times(), err
}

// copyJournal writes the bytes of a log to w, from those given on.
func (s *Service) copyJournal(ctx context.Context, jobID string, offset int64, data []byte, w io.Writer) error {
	for len(data) > 0 {
		if _, err := w.Write(data); err != nil {
			return err
		}
		var err error
		if offset, data, err = s.journal.next(ctx, jobID, offset+int64(len(data)), true, data[:0]); err != nil {
			return err
		}
	}
	return nil
}
