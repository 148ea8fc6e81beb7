package store

import (
	"context"
	"fmt"
	"time"

	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// LogChunk is a chunk of an open log: Size bytes from Start on. Data is how whoever wrote it has encoded them.
type LogChunk struct {
	Start int64
	Size  int64
	Data  []byte
}

// End is where the chunk ends in the log.
func (c LogChunk) End() int64 { return c.Start + c.Size }

// maxStoredChunk is the largest Size of a chunk, which bounds how far before an offset the chunk that holds it begins.
const maxStoredChunk = 1 << 20

// AddLogChunk keeps a chunk of an open log and returns the log's progress: Size and Stored are those of JobLog. A chunk
// that adds nothing changes nothing. ok is false when there is no open log.
//
// The log's row is taken first, so that chunks of one log come one after the other and none comes after it was closed.
func AddLogChunk(ctx context.Context, q sqldb.Queryer, jobID string, c LogChunk, now time.Time) (progress JobLog, ok bool, err error) {
	if c.Size <= 0 || c.Size > maxStoredChunk {
		return JobLog{}, false, fmt.Errorf("log chunk of job %s has %d bytes", jobID, c.Size)
	}
	taken, err := list(ctx, q, scanProgress, `UPDATE job_logs SET updated_at = $2 WHERE job_id = $1 AND state = 'open'
		RETURNING size, stored`, jobID, micros(now))
	if err != nil || len(taken) == 0 {
		return JobLog{}, false, err
	}
	progress = taken[0]
	if c.End() <= progress.Size {
		return progress, true, nil
	}
	n, err := q.Exec(ctx, `INSERT INTO log_chunks (job_id, start_byte, size, data) VALUES ($1, $2, $3, $4)
		ON CONFLICT (job_id, start_byte, size) DO NOTHING`, jobID, c.Start, c.Size, c.Data)
	if err != nil || n == 0 {
		return progress, true, err
	}
	progress.Stored += c.Size
	if c.Start <= progress.Size {
		if progress.Size, err = contiguousFrom(ctx, q, jobID, c.End(), progress.Stored); err != nil {
			return JobLog{}, false, err
		}
	}
	err = later(ctx, q, nil, "UPDATE job_logs SET size = $2, stored = $3 WHERE job_id = $1", jobID, progress.Size, progress.Stored)
	return progress, true, err
}

func scanProgress(row scanner) (l JobLog, err error) {
	err = row.Scan(&l.Size, &l.Stored)
	return l, err
}

// contiguousFrom returns where the log's bytes end without a gap, given that there is none before size. stored tells
// whether there can be chunks beyond.
func contiguousFrom(ctx context.Context, q sqldb.Queryer, jobID string, size, stored int64) (int64, error) {
	const batch = 256
	for stored > size {
		spans, err := list(ctx, q, scanSpan, `SELECT start_byte, size FROM log_chunks
			WHERE job_id = $1 AND start_byte > $2 AND start_byte + size > $3 ORDER BY start_byte, size LIMIT $4`,
			jobID, size-maxStoredChunk, size, batch)
		if err != nil {
			return 0, err
		}
		before := size
		for _, s := range spans {
			if s.Start > size {
				return size, nil
			}
			size = max(size, s.End())
		}
		if size == before {
			break
		}
	}
	return size, nil
}

func scanSpan(row scanner) (c LogChunk, err error) {
	err = row.Scan(&c.Start, &c.Size)
	return c, err
}

// LogChunks returns chunks that end after an offset, in order of their start.
func LogChunks(ctx context.Context, q sqldb.Queryer, jobID string, offset int64, limit int) ([]LogChunk, error) {
	return list(ctx, q, scanLogChunk, `SELECT start_byte, size, data FROM log_chunks
		WHERE job_id = $1 AND start_byte > $2 AND start_byte + size > $3 ORDER BY start_byte, size LIMIT $4`,
		jobID, offset-maxStoredChunk, offset, limit)
}

func scanLogChunk(row scanner) (c LogChunk, err error) {
	err = row.Scan(&c.Start, &c.Size, &c.Data)
	return c, err
}

// DeleteLogChunks removes all chunks of a job.
func DeleteLogChunks(ctx context.Context, q sqldb.Queryer, jobID string) error {
	return later(ctx, q, nil, "DELETE FROM log_chunks WHERE job_id = $1", jobID)
}
