package store

import (
	"context"
	"fmt"
	"time"

	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// Schedule makes builds of a pipeline at set times.
type Schedule struct {
	ID         string
	PipelineID string
	// Cronline is as core/cron reads it.
	Cronline string
	Label    *string
	Message  *string
	Commit   string
	// Branch is nil for the default branch that the pipeline then has.
	Branch  *string
	Env     map[string]string
	Enabled bool
	// NextBuildAt is nil when no build is to come.
	NextBuildAt *time.Time
	// FailedAt and FailedMessage are of the last build that could not be made; the next one that can clears them.
	FailedAt      *time.Time
	FailedMessage *string
	CreatedByID   *string
	CreatedAt     time.Time
}

const scheduleColumns = `id, pipeline_id, cronline, label, message, commit_sha, branch, env, enabled, next_build_at, failed_at,
	failed_message, created_by_id, created_at`

func scanSchedule(row scanner) (Schedule, error) {
	var (
		s            Schedule
		env          string
		next, failed *int64
		created      int64
	)
	err := row.Scan(&s.ID, &s.PipelineID, &s.Cronline, &s.Label, &s.Message, &s.Commit, &s.Branch, &env, &s.Enabled, &next,
		&failed, &s.FailedMessage, &s.CreatedByID, &created)
	if err != nil {
		return Schedule{}, err
	}
	if err := parse(env, &s.Env); err != nil {
		return Schedule{}, fmt.Errorf("schedule %s: %w", s.ID, err)
	}
	s.NextBuildAt, s.FailedAt, s.CreatedAt = fromMicrosPtr(next), fromMicrosPtr(failed), fromMicros(created)
	return s, nil
}

// InsertSchedule adds a schedule.
func InsertSchedule(ctx context.Context, q sqldb.Queryer, s Schedule) error {
	_, err := q.Exec(ctx, "INSERT INTO schedules ("+scheduleColumns+") VALUES ("+placeholders(14)+")",
		s.ID, s.PipelineID, s.Cronline, s.Label, s.Message, s.Commit, s.Branch, document(s.Env), s.Enabled,
		microsPtr(s.NextBuildAt), microsPtr(s.FailedAt), s.FailedMessage, s.CreatedByID, micros(s.CreatedAt))
	return err
}

// GetSchedule returns a schedule.
func GetSchedule(ctx context.Context, q sqldb.Queryer, id string) (Schedule, error) {
	return one(ctx, q, scanSchedule, "SELECT "+scheduleColumns+" FROM schedules WHERE id = $1", id)
}

// LockSchedule returns a schedule that the transaction is going to change.
func LockSchedule(ctx context.Context, q sqldb.Queryer, id string) (Schedule, error) {
	return one(ctx, q, scanSchedule, "SELECT "+scheduleColumns+" FROM schedules WHERE id = $1 "+sqldb.ForUpdate(q), id)
}

// ListSchedules returns a pipeline's schedules, newest first.
func ListSchedules(ctx context.Context, q sqldb.Queryer, pipelineID string, p Page) ([]Schedule, error) {
	return list(ctx, q, scanSchedule, "SELECT "+scheduleColumns+` FROM schedules WHERE pipeline_id = $1
		ORDER BY id DESC LIMIT $2 OFFSET $3`, pipelineID, p.Limit, p.Offset)
}

// CountSchedules counts what ListSchedules pages through.
func CountSchedules(ctx context.Context, q sqldb.Queryer, pipelineID string) (int, error) {
	c := conditions{q: q}
	c.add("pipeline_id = ?", pipelineID)
	return count(ctx, q, "schedules", c)
}

// UpdateSchedule writes what can be set of a schedule and when its next build is. The caller holds its lock.
func UpdateSchedule(ctx context.Context, q sqldb.Queryer, s Schedule) error {
	return mustChange(ctx, q, ErrNotFound, `UPDATE schedules SET cronline = $2, label = $3, message = $4, commit_sha = $5,
		branch = $6, env = $7, enabled = $8, next_build_at = $9 WHERE id = $1`,
		s.ID, s.Cronline, s.Label, s.Message, s.Commit, s.Branch, document(s.Env), s.Enabled, microsPtr(s.NextBuildAt))
}

// AdvanceSchedule records that the build that was due is made, or why it is not, and when the next one is: NextBuildAt,
// FailedAt and FailedMessage of s. ErrStale is a schedule whose next build is not the one that was due any more.
func AdvanceSchedule(ctx context.Context, q sqldb.Queryer, s Schedule, due time.Time) error {
	return mustChange(ctx, q, ErrStale, `UPDATE schedules SET next_build_at = $3, failed_at = $4, failed_message = $5
		WHERE id = $1 AND next_build_at = $2`,
		s.ID, micros(due), microsPtr(s.NextBuildAt), microsPtr(s.FailedAt), s.FailedMessage)
}

// DeleteSchedule removes a schedule. Its builds stay.
func DeleteSchedule(ctx context.Context, q sqldb.Queryer, id string) error {
	return mustChange(ctx, q, ErrNotFound, "DELETE FROM schedules WHERE id = $1", id)
}
