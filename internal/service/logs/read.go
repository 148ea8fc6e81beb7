package logs

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/joblog"
	"github.com/bridle-ci/bridle/internal/store"
)

// found returns a log's row; a job without one has an open log without bytes.
func (s *Service) found(ctx context.Context, jobID string) (store.JobLog, error) {
	l, err := store.GetJobLog(ctx, s.store.Read(), jobID)
	if errors.Is(err, store.ErrNotFound) {
		return store.JobLog{JobID: jobID, State: store.LogOpen}, nil
	}
	if err != nil {
		return store.JobLog{}, fmt.Errorf("find the log of job %s: %w", jobID, err)
	}
	return l, nil
}

// snapshot returns a log's row and its size at one time. Of an open log the size is what is there without a gap.
func (s *Service) snapshot(ctx context.Context, jobID string) (store.JobLog, int64, error) {
	l, err := s.found(ctx, jobID)
	if err != nil || !inJournal(l) {
		return l, l.Size, err
	}
	size, err := s.journal.size(ctx, jobID)
	if err != nil {
		return store.JobLog{}, 0, fmt.Errorf("size of the log of job %s: %w", jobID, err)
	}
	if size == 0 {
		// Perhaps it was closed between the two looks.
		if l, err = s.found(ctx, jobID); err == nil && !inJournal(l) {
			size = l.Size
		}
	}
	return l, size, err
}

// Size returns the length of a job's log in bytes. Of an open log it is what is there without a gap.
func (s *Service) Size(ctx context.Context, jobID string) (int64, error) {
	_, size, err := s.snapshot(ctx, jobID)
	return size, err
}

func inJournal(l store.JobLog) bool { return l.State == store.LogOpen || l.State == store.LogClosing }

// Read returns length bytes of a log from an offset on, or all to its end if length is -1 or goes beyond, and the size of
// the whole log. An offset beyond the end is malformed.
func (s *Service) Read(ctx context.Context, jobID string, offset, length int64) (io.ReadCloser, int64, error) {
	l, size, err := s.snapshot(ctx, jobID)
	if err != nil {
		return nil, 0, err
	}
	if offset < 0 || offset > size {
		return nil, 0, fault.New(fault.Malformed, "The log has %d bytes, so none at %d", size, offset)
	}
	end := size
	if length >= 0 && length < size-offset {
		end = offset + length
	}
	r, err := s.between(ctx, l, offset, end)
	return r, size, err
}

// Tail returns the last n bytes of a log, or all if it has fewer, where they begin, and the size of the whole log.
func (s *Service) Tail(ctx context.Context, jobID string, n int64) (r io.ReadCloser, start, size int64, err error) {
	l, size, err := s.snapshot(ctx, jobID)
	if err != nil {
		return nil, 0, 0, err
	}
	start = max(size-max(n, 0), 0)
	r, err = s.between(ctx, l, start, size)
	return r, start, size, err
}

// between returns the bytes from offset up to end, which the log has.
func (s *Service) between(ctx context.Context, l store.JobLog, offset, end int64) (io.ReadCloser, error) {
	if offset >= end {
		return io.NopCloser(eof{}), nil
	}
	if inJournal(l) {
		return &journalReader{ctx: ctx, service: s, jobID: l.JobID, offset: offset, end: end}, nil
	}
	r, err := openFrames(ctx, s.blobs, l.BlobKey, offset, end)
	if err != nil {
		return nil, fmt.Errorf("read the log of job %s: %w", l.JobID, err)
	}
	return r, nil
}

// journalReader reads an open log from offset up to end. If the log is closed meanwhile, it goes on in the blob, where
// bytes before the first gap have the same place.
type journalReader struct {
	ctx     context.Context // of the request that the log is read for
	service *Service
	jobID   string
	offset  int64
	end     int64
	buffer  []byte
	data    []byte // of buffer: what was read from the journal and not taken yet
	closed  io.ReadCloser
}

func (r *journalReader) Read(p []byte) (int, error) {
	if r.closed == nil && len(r.data) == 0 {
		if err := r.fill(); err != nil {
			return 0, err
		}
	}
	if r.closed != nil {
		return r.closed.Read(p)
	}
	n := copy(p, r.data)
	r.data = r.data[n:]
	r.offset += int64(n)
	return n, nil
}

// fill gets more bytes, or the blob to go on in.
func (r *journalReader) fill() error {
	if r.offset >= r.end {
		return io.EOF
	}
	_, data, err := r.service.journal.next(r.ctx, r.jobID, r.offset, false, r.buffer)
	if err != nil {
		return fmt.Errorf("read the log of job %s: %w", r.jobID, err)
	}
	if len(data) > 0 {
		r.buffer = data[:0]
		r.data = data[:min(int64(len(data)), r.end-r.offset)]
		return nil
	}
	l, err := r.service.found(r.ctx, r.jobID)
	if err != nil {
		return err
	}
	if l.State != store.LogClosed || l.Size < r.end {
		return io.ErrUnexpectedEOF // it was deleted
	}
	r.closed, err = r.service.between(r.ctx, l, r.offset, r.end)
	return err
}

func (r *journalReader) Close() error {
	r.offset, r.data = r.end, nil
	if r.closed != nil {
		return r.closed.Close()
	}
	return nil
}

// Times returns the times of the log's header lines in nanoseconds, in order (docs/contract/pipelines.md, section 25).
// For an open log it reads what there is.
func (s *Service) Times(ctx context.Context, jobID string) ([]int64, error) {
	l, err := s.found(ctx, jobID)
	if err != nil {
		return nil, err
	}
	switch {
	case !inJournal(l):
		return l.HeaderTimes, nil
	case len(l.PostedTimes) > 0:
		return joblog.PostedTimes(l.PostedTimes), nil
	}
	r, _, err := s.Read(ctx, jobID, 0, -1)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var headers joblog.Headers
	if _, err := io.Copy(&headers, r); err != nil {
		return nil, fmt.Errorf("read the log of job %s: %w", jobID, err)
	}
	return headers.Times(), nil
}
