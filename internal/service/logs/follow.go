package logs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/bridle-ci/bridle/internal/store"
)

// lookAgain is how long a follower trusts in being told of more.
const lookAgain = 5 * time.Second

// Follow returns a log from an offset on as it grows. A read waits until there is more; it ends with io.EOF when the log
// has been closed and all of it was read, and with ctx's error when ctx ends. Only one goroutine reads.
func (s *Service) Follow(ctx context.Context, jobID string, offset int64) (io.ReadCloser, error) {
	if _, err := s.found(ctx, jobID); err != nil {
		return nil, err
	}
	events, cancel := s.bus.Subscribe(topic(jobID))
	return &follower{ctx: ctx, service: s, jobID: jobID, offset: max(offset, 0), events: events, cancel: cancel}, nil
}

type follower struct {
	ctx     context.Context // of the request that the log is read for
	service *Service
	jobID   string
	offset  int64
	events  <-chan string
	cancel  func()
	now     io.ReadCloser // what was there at the last look
}

func (f *follower) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		if f.now != nil {
			n, err := f.now.Read(p)
			f.offset += int64(n)
			if n > 0 || (err != nil && !errors.Is(err, io.EOF)) {
				return n, ignoreEOF(err)
			}
			if err == nil {
				continue
			}
			if err := f.drop(); err != nil {
				return 0, err
			}
		}
		if err := f.look(); err != nil {
			return 0, err
		}
	}
}

func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// look finds more to read, or waits for a reason to look again. io.EOF says that there will be no more.
func (f *follower) look() error {
	l, size, err := f.service.snapshot(f.ctx, f.jobID)
	if err != nil {
		return err
	}
	switch {
	case f.offset < size:
		f.now, err = f.service.between(f.ctx, l, f.offset, size)
		return err
	case !inJournal(l):
		return io.EOF
	}
	ended, err := f.service.endedWithout(f.ctx, l)
	if err != nil {
		return err
	}
	if ended {
		return io.EOF
	}
	timer := time.NewTimer(lookAgain)
	defer timer.Stop()
	select {
	case <-f.ctx.Done():
		return f.ctx.Err()
	case <-f.events:
	case <-timer.C:
	}
	return nil
}

// endedWithout reports whether a job ended without any chunk of a log, so that there is nothing to close.
func (s *Service) endedWithout(ctx context.Context, l store.JobLog) (bool, error) {
	if l.BuildID != "" {
		return false, nil // it has a row
	}
	job, err := store.GetJob(ctx, s.store.Read(), l.JobID)
	if errors.Is(err, store.ErrNotFound) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("follow the log of job %s: %w", l.JobID, err)
	}
	return job.State.Terminal(), nil
}

func (f *follower) drop() error {
	now := f.now
	f.now = nil
	return now.Close()
}

func (f *follower) Close() error {
	f.cancel()
	if f.now == nil {
		return nil
	}
	return f.drop()
}
