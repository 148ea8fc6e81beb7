package logs

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/bridle-ci/bridle/internal/bus"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/joblog"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// Chunk is a part of a job's log, uncompressed (docs/contract/agent-api.md, section 10).
type Chunk struct {
	// Sequence counts the chunks of a job. They are placed by their offset; it is only checked.
	Sequence int64
	// Offset is where the chunk begins in the log, Size its length in bytes as the agent says.
	Offset int64
	Size   int64
	Data   []byte
}

// Append keeps a chunk and returns when it is durable. Chunks may come in any order and again. What lies beyond the
// largest log is dropped and the log marked as cut off. A log that has been closed takes no more: that is a conflict.
func (s *Service) Append(ctx context.Context, jobID string, c Chunk) error {
	if err := c.check(); err != nil {
		return err
	}
	data := c.Data
	if room := max(joblog.MaxBytes-c.Offset, 0); int64(len(data)) > room {
		data = data[:room]
		if err := s.truncate(ctx, jobID); err != nil {
			return fmt.Errorf("cut off the log of job %s: %w", jobID, err)
		}
	}
	if len(data) == 0 {
		return nil
	}
	err := s.journal.append(ctx, jobID, c.Offset, data)
	if errors.Is(err, errNotOpen) {
		if err := s.open(ctx, jobID); err != nil {
			return err
		}
		err = s.journal.append(ctx, jobID, c.Offset, data)
	}
	if errors.Is(err, errNotOpen) {
		return closed()
	}
	if err != nil {
		return fmt.Errorf("append to the log of job %s: %w", jobID, err)
	}
	s.bus.Publish(topic(jobID), bus.Missed)
	return nil
}

func (c Chunk) check() error {
	switch {
	case c.Sequence < 0 || c.Offset < 0 || c.Size < 0:
		return fault.Reason("sequence, offset and size of a chunk are not negative")
	case c.Size != int64(len(c.Data)):
		return fault.Reason("the chunk has %d bytes, but its size is given as %d", len(c.Data), c.Size)
	case c.Size > joblog.MaxChunkBytes:
		return fault.New(fault.TooLarge, "The chunk is larger than %d bytes", joblog.MaxChunkBytes)
	}
	return nil
}

func closed() error { return fault.New(fault.Conflict, "The job's log is closed") }

// open makes sure that a log's row exists and is open, and lets the journal know.
func (s *Service) open(ctx context.Context, jobID string) error {
	l, err := s.row(ctx, jobID)
	if err != nil {
		return err
	}
	if l.State != store.LogOpen {
		return closed()
	}
	return s.journal.admit(jobID)
}

// row returns a log's row and makes it for a job that has none.
func (s *Service) row(ctx context.Context, jobID string) (store.JobLog, error) {
	l, err := store.GetJobLog(ctx, s.store.Read(), jobID)
	if !errors.Is(err, store.ErrNotFound) {
		return l, err
	}
	err = s.store.Write(ctx, func(tx *sqldb.Tx) error {
		if err := store.OpenJobLog(ctx, tx, jobID, tx.Now()); err != nil {
			return err
		}
		l, err = store.GetJobLog(ctx, tx, jobID)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return store.JobLog{}, s.whyNoLog(ctx, jobID)
	}
	if err != nil {
		return store.JobLog{}, fmt.Errorf("open the log of job %s: %w", jobID, err)
	}
	return l, nil
}

// whyNoLog tells a job that has ended without a log from one that is not there.
func (s *Service) whyNoLog(ctx context.Context, jobID string) error {
	_, err := store.GetJob(ctx, s.store.Read(), jobID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return noLog()
	case err != nil:
		return fmt.Errorf("look for job %s: %w", jobID, err)
	}
	return closed()
}

// truncate notes that more came of a log than is kept.
func (s *Service) truncate(ctx context.Context, jobID string) error {
	l, err := s.row(ctx, jobID)
	switch {
	case err != nil:
		return err
	case l.State != store.LogOpen:
		return closed()
	case l.Truncated:
		return nil
	}
	return s.store.Write(ctx, func(tx *sqldb.Tx) error { return store.TruncateJobLog(ctx, tx, jobID) })
}

// HeaderTimes takes what agents without timestamps in their log tell of it: times in RFC 3339 by the number of the header
// line, from 0 (docs/contract/agent-api.md, section 10). It may come when the log is closed already.
func (s *Service) HeaderTimes(ctx context.Context, jobID string, times map[string]string) error {
	posted, err := parseTimes(times)
	if err != nil {
		return err
	}
	if _, err := s.row(ctx, jobID); err != nil {
		return err
	}
	err = s.store.Write(ctx, func(tx *sqldb.Tx) error {
		l, err := store.LockJobLog(ctx, tx, jobID)
		if err != nil {
			return err
		}
		if l.PostedTimes == nil {
			l.PostedTimes = make(map[int]int64, len(posted))
		}
		for n, at := range posted {
			l.PostedTimes[n] = at
		}
		if l.State == store.LogClosed {
			l.HeaderTimes = joblog.PostedTimes(l.PostedTimes)
		}
		l.UpdatedAt = tx.Now()
		return store.SaveJobLog(ctx, tx, l, l.State)
	})
	if err != nil {
		return fmt.Errorf("keep header times of job %s: %w", jobID, err)
	}
	return nil
}

func parseTimes(times map[string]string) (map[int]int64, error) {
	posted := make(map[int]int64, len(times))
	for key, value := range times {
		n, err := strconv.Atoi(key)
		if err != nil || n < 0 {
			return nil, fault.Reason("header %q is not the number of a header line", key)
		}
		if n >= joblog.MaxHeaders {
			continue
		}
		at, err := time.Parse(time.RFC3339Nano, value)
		if err != nil {
			return nil, fault.Reason("time %q of header %d is not in RFC 3339", value, n)
		}
		posted[n] = at.UnixNano()
	}
	return posted, nil
}
