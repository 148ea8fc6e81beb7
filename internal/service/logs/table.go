package logs

import (
	"context"
	"errors"
	"fmt"

	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/joblog"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/klauspost/compress/s2"
)

// chunksPerRead is how many rows are read at once, which bounds what a reader holds.
const chunksPerRead = 4

// maxStored bounds the bytes of a log's rows: more than the log itself can have only come from chunks that overlap.
const maxStored = 2 * joblog.MaxBytes

// tableJournal keeps chunks as rows, compressed fast: every byte of a row is written to disk twice. All nodes see the
// same.
type tableJournal struct {
	store *store.Store
}

func (t *tableJournal) append(ctx context.Context, jobID string, offset int64, data []byte) error {
	chunk := store.LogChunk{Start: offset, Size: int64(len(data)), Data: s2.Encode(nil, data)}
	return t.store.Write(ctx, func(tx *sqldb.Tx) error {
		progress, open, err := t.add(ctx, tx, jobID, chunk)
		switch {
		case errors.Is(err, store.ErrNotFound):
			return errNotOpen
		case err != nil:
			return err
		case !open:
			return errNotOpen
		case progress.Stored > maxStored:
			return fault.New(fault.Limited, "The log has too many chunks that overlap")
		}
		return nil
	})
}

// add opens a log with its first chunk.
func (t *tableJournal) add(ctx context.Context, tx *sqldb.Tx, jobID string, c store.LogChunk) (store.JobLog, bool, error) {
	progress, open, err := store.AddLogChunk(ctx, tx, jobID, c, tx.Now())
	if err != nil || open {
		return progress, open, err
	}
	if err := store.OpenJobLog(ctx, tx, jobID, tx.Now()); err != nil {
		return store.JobLog{}, false, err
	}
	return store.AddLogChunk(ctx, tx, jobID, c, tx.Now())
}

func (t *tableJournal) size(ctx context.Context, jobID string) (int64, error) {
	l, err := store.GetJobLog(ctx, t.store.Read(), jobID)
	if errors.Is(err, store.ErrNotFound) {
		return 0, nil
	}
	return l.Size, err
}

func (t *tableJournal) next(ctx context.Context, jobID string, offset int64, pastGaps bool, buffer []byte) (start int64, data []byte, err error) {
	chunks, err := store.LogChunks(ctx, t.store.Read(), jobID, offset, chunksPerRead)
	if err != nil || len(chunks) == 0 || (chunks[0].Start > offset && !pastGaps) {
		return offset, nil, err
	}
	start = max(offset, chunks[0].Start)
	data = buffer[:0]
	for _, c := range chunks {
		at := start + int64(len(data))
		if c.Start > at {
			break
		}
		if c.End() <= at {
			continue // it lies within the one before
		}
		plain, err := s2.Decode(nil, c.Data)
		if err != nil || int64(len(plain)) != c.Size {
			return 0, nil, fmt.Errorf("log chunk of job %s at %d has %d of %d bytes: %w", jobID, c.Start, len(plain), c.Size, errors.Join(err, errRecord))
		}
		data = append(data, plain[at-c.Start:]...)
	}
	return start, data, nil
}

// admit and seal have nothing to do: every chunk asks the log's row.
func (t *tableJournal) admit(string) error { return nil }
func (t *tableJournal) seal(string) error  { return nil }

func (t *tableJournal) discard(ctx context.Context, jobID string) error {
	return t.store.Write(ctx, func(tx *sqldb.Tx) error { return store.DeleteLogChunks(ctx, tx, jobID) })
}
