package queue

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// outcome is a task that has run.
type outcome struct {
	task claimed
	err  error
}

// settle writes what became of tasks. One whose lease went to another node in the meantime is that node's affair.
func (q *Queue) settle(ctx context.Context, tx sqldb.Queryer, now time.Time, outcomes []outcome) error {
	var done []string
	for _, o := range outcomes {
		if o.err == nil {
			done = append(done, o.task.ID)
			continue
		}
		if err := q.settleFailure(ctx, tx, now, o); err != nil {
			return err
		}
	}
	if len(done) == 0 {
		return nil
	}
	sql := "DELETE FROM tasks WHERE state = 'running' AND lease_owner = $1 AND " + sqldb.In(tx, "id", 2, done)
	if _, err := tx.Exec(ctx, sql, q.owner, sqldb.List(tx, done)); err != nil {
		return fmt.Errorf("finish tasks: %w", err)
	}
	return nil
}

func (q *Queue) settleFailure(ctx context.Context, tx sqldb.Queryer, now time.Time, o outcome) error {
	r := q.handler(o.task.Kind)
	if isPermanent(o.err) || o.task.Attempt >= r.maxAttempts {
		const sql = `UPDATE tasks SET state = 'dead', lease_owner = NULL, lease_until = NULL, last_error = $1, updated_at = $2
			WHERE id = $3 AND state = 'running' AND lease_owner = $4`
		if _, err := tx.Exec(ctx, sql, errorText(o.err), sqldb.Micros(now), o.task.ID, q.owner); err != nil {
			return fmt.Errorf("bury task %s: %w", o.task.ID, err)
		}
		return nil
	}
	// A newer task with the key makes another attempt at the old one pointless.
	const again = `UPDATE tasks SET state = 'ready', run_at = $1, lease_owner = NULL, lease_until = NULL, last_error = $2, updated_at = $3
		WHERE id = $4 AND state = 'running' AND lease_owner = $5
		AND NOT EXISTS (SELECT 1 FROM tasks n WHERE n.state = 'ready' AND n.kind = tasks.kind AND n.key = tasks.key)`
	at := sqldb.Micros(now.Add(pause(r, o)))
	n, err := tx.Exec(ctx, again, at, errorText(o.err), sqldb.Micros(now), o.task.ID, q.owner)
	if err == nil && n == 0 {
		_, err = tx.Exec(ctx, "DELETE FROM tasks WHERE id = $1 AND state = 'running' AND lease_owner = $2", o.task.ID, q.owner)
	}
	if err != nil {
		return fmt.Errorf("put task %s back: %w", o.task.ID, err)
	}
	return nil
}

func pause(r registration, o outcome) time.Duration {
	var wants retryAfterError
	if errors.As(o.err, &wants) {
		return wants.after
	}
	return r.delay(o.task.Attempt, rand.Float64())
}

// errorText is an error as a row can keep it.
func errorText(err error) string {
	text := err.Error()
	if len(text) > maxError {
		text = text[:maxError]
	}
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}
