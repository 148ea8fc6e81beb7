package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// LogState is where the bytes of a job's log are.
type LogState string

// Log states.
const (
	LogOpen    LogState = "open"    // chunks still come
	LogClosing LogState = "closing" // no more chunks; still where they were kept
	LogClosed  LogState = "closed"  // in a blob, or nowhere when it is empty
	LogDeleted LogState = "deleted" // nowhere any more
)

// JobLog is what is known of a job's log. A job without a row has no log yet.
type JobLog struct {
	JobID   string
	BuildID string
	State   LogState
	// Size is the log's length in bytes; of an open log in the table of chunks what is there without a gap, and of
	// an open log on disk it says nothing.
	Size int64
	// Stored counts the bytes of all its rows in the table of chunks.
	Stored int64
	// Truncated says that more came than is kept.
	Truncated bool
	BlobKey   string
	// HeaderTimes are those of a closed log, in nanoseconds, in order.
	HeaderTimes []int64
	// PostedTimes are what the agent told of them, by number of the header.
	PostedTimes map[int]int64
	UpdatedAt   time.Time
}

const jobLogColumns = `job_id, build_id, state, size, stored, truncated, blob_key, header_times, posted_times, updated_at`

func scanJobLog(row scanner) (JobLog, error) {
	var (
		l               JobLog
		headers, posted string
		updated         int64
	)
	err := row.Scan(&l.JobID, &l.BuildID, &l.State, &l.Size, &l.Stored, &l.Truncated, &l.BlobKey, &headers, &posted, &updated)
	if err != nil {
		return JobLog{}, err
	}
	if err := errors.Join(parse(headers, &l.HeaderTimes), parse(posted, &l.PostedTimes)); err != nil {
		return JobLog{}, fmt.Errorf("log of job %s: %w", l.JobID, err)
	}
	l.UpdatedAt = fromMicros(updated)
	return l, nil
}

// GetJobLog returns a job's log.
func GetJobLog(ctx context.Context, q sqldb.Queryer, jobID string) (JobLog, error) {
	return one(ctx, q, scanJobLog, "SELECT "+jobLogColumns+" FROM job_logs WHERE job_id = $1", jobID)
}

// LockJobLog is GetJobLog for a log the transaction is going to change.
func LockJobLog(ctx context.Context, q sqldb.Queryer, jobID string) (JobLog, error) {
	return one(ctx, q, scanJobLog, "SELECT "+jobLogColumns+" FROM job_logs WHERE job_id = $1 "+sqldb.ForUpdate(q), jobID)
}

const jobLogState = "SELECT state FROM job_logs WHERE job_id = $1"

// HasJobLog reports whether a job has a log: without a chunk there is none.
func HasJobLog(ctx context.Context, q sqldb.Queryer, jobID string) (bool, error) {
	_, err := one(ctx, q, scanText, jobLogState, jobID)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// OpenJobLog adds the row of a job's log, if there is none. A job that does not exist, or has ended without a log, is
// ErrNotFound: nobody would close it.
func OpenJobLog(ctx context.Context, q sqldb.Queryer, jobID string, now time.Time) error {
	n, err := q.Exec(ctx, `INSERT INTO job_logs (`+jobLogColumns+`)
		SELECT id, build_id, 'open', 0, 0, FALSE, '', '', '', CAST($2 AS bigint) FROM jobs WHERE id = $1
			AND state NOT IN ('finished', 'canceled', 'timed_out', 'expired', 'skipped', 'broken')
		ON CONFLICT (job_id) DO NOTHING`, jobID, micros(now))
	if err != nil || n == 1 {
		return err
	}
	if _, err := GetJobLog(ctx, q, jobID); err != nil {
		return err
	}
	return nil
}

// SaveJobLog writes a log's row; it must be in state was, or the error is ErrStale.
func SaveJobLog(ctx context.Context, q sqldb.Queryer, l JobLog, was LogState) error {
	err := mustChange(ctx, q, ErrStale, `UPDATE job_logs SET state = $3, size = $4, stored = $5, truncated = $6,
		blob_key = $7, header_times = $8, posted_times = $9, updated_at = $10 WHERE job_id = $1 AND state = $2`,
		l.JobID, string(was), string(l.State), l.Size, l.Stored, l.Truncated, l.BlobKey, document(l.HeaderTimes),
		document(l.PostedTimes), micros(l.UpdatedAt))
	if err != nil {
		return fmt.Errorf("save log of job %s: %w", l.JobID, err)
	}
	return nil
}

// TruncateJobLog records that more came of an open log than is kept.
func TruncateJobLog(ctx context.Context, q sqldb.Queryer, jobID string) error {
	_, err := q.Exec(ctx, "UPDATE job_logs SET truncated = $2 WHERE job_id = $1 AND state = 'open'", jobID, true)
	return err
}
