package queue

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// claimSQL takes up to $4 due tasks of the kinds in $5 and leases them to the owner $2.
//
// Each destination offers its first due task, unless one of its tasks is running. The recursion steps from destination
// to destination in the index, so that a long queue behind a slow one costs nothing. The unique indexes on running tasks
// hold what two nodes at the same moment might not see of each other.
func claimSQL(q sqldb.Queryer, kinds []string) string {
	return `WITH RECURSIVE destinations (name) AS (
		SELECT min(destination) FROM tasks WHERE state = 'ready' AND destination IS NOT NULL
		UNION ALL
		SELECT (SELECT min(t.destination) FROM tasks t WHERE t.state = 'ready' AND t.destination IS NOT NULL AND t.destination > d.name)
		FROM destinations d WHERE d.name IS NOT NULL
	), heads (seq) AS (
		SELECT (SELECT t.seq FROM tasks t WHERE t.state = 'ready' AND t.destination IS NOT NULL AND t.destination = d.name
			AND t.run_at <= $1 ORDER BY t.run_at, t.seq LIMIT 1)
		FROM destinations d WHERE d.name IS NOT NULL
			AND NOT EXISTS (SELECT 1 FROM tasks r WHERE r.state = 'running' AND r.destination = d.name)
	), free (seq) AS (
		SELECT t.seq FROM tasks t WHERE t.state = 'ready' AND t.destination IS NULL AND t.run_at <= $1
			AND ` + sqldb.In(q, "t.kind", 5, kinds) + `
			AND NOT EXISTS (SELECT 1 FROM tasks r WHERE r.state = 'running' AND r.kind = t.kind AND r.key = t.key)
		ORDER BY t.run_at, t.seq LIMIT $4 ` + sqldb.ForUpdateSkipLocked(q) + `
	)
	UPDATE tasks SET state = 'running', attempt = attempt + 1, lease_owner = $2, lease_until = $3
	WHERE state = 'ready' AND seq IN (
		SELECT c.seq FROM tasks c WHERE c.state = 'ready' AND c.seq IN (SELECT seq FROM free UNION ALL SELECT seq FROM heads)
			AND ` + sqldb.In(q, "c.kind", 5, kinds) + `
			AND NOT EXISTS (SELECT 1 FROM tasks r WHERE r.state = 'running' AND r.kind = c.kind AND r.key = c.key)
		ORDER BY c.run_at, c.seq LIMIT $4
	)
	RETURNING seq, id, kind, key, destination, payload, run_at, attempt`
}

// claimed is a task leased to this node.
type claimed struct {
	Task
	seq int64
}

// claim leases up to limit due tasks, in the order in which they should start.
func (q *Queue) claim(ctx context.Context, tx sqldb.Queryer, now time.Time, limit int) ([]claimed, error) {
	q.mu.Lock()
	kinds := slices.Clone(q.kinds)
	q.mu.Unlock()
	rows, err := tx.Query(
		ctx, claimSQL(tx, kinds), sqldb.Micros(now), q.owner, sqldb.Micros(now.Add(q.config.Lease)), limit, sqldb.List(tx, kinds),
	)
	if err != nil {
		return nil, fmt.Errorf("claim tasks: %w", err)
	}
	defer rows.Close()
	var tasks []claimed
	for rows.Next() {
		var (
			t                claimed
			key, destination *string
			runAt            int64
		)
		if err := rows.Scan(&t.seq, &t.ID, &t.Kind, &key, &destination, &t.Payload, &runAt, &t.Attempt); err != nil {
			return nil, fmt.Errorf("claim tasks: %w", err)
		}
		t.Key, t.Destination, t.RunAt = orEmpty(key), orEmpty(destination), sqldb.FromMicros(runAt)
		tasks = append(tasks, t)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("claim tasks: %w", err)
	}
	slices.SortFunc(tasks, func(a, b claimed) int { // RETURNING has an order of its own
		if c := a.RunAt.Compare(b.RunAt); c != 0 {
			return c
		}
		return int(min(1, max(-1, a.seq-b.seq)))
	})
	return tasks, nil
}

// upcoming is what the table holds for later; nil is nothing.
type upcoming struct {
	due  *time.Time // of the first task after now; those due already wait for one that is running
	lost *time.Time // when the first lease of another node ends
}

func (q *Queue) upcoming(ctx context.Context, tx sqldb.Queryer, now time.Time) (upcoming, error) {
	var due, lost *int64
	const sql = `SELECT (SELECT min(run_at) FROM tasks WHERE state = 'ready' AND run_at > $1),
		(SELECT min(lease_until) FROM tasks WHERE state = 'running' AND lease_owner <> $2)`
	if err := tx.QueryRow(ctx, sql, sqldb.Micros(now), q.owner).Scan(&due, &lost); err != nil {
		return upcoming{}, fmt.Errorf("find the next task: %w", err)
	}
	return upcoming{sqldb.FromMicrosPtr(due), sqldb.FromMicrosPtr(lost)}, nil
}

// renew prolongs the leases of this node.
func (q *Queue) renew(ctx context.Context, tx sqldb.Queryer, now time.Time) error {
	const sql = "UPDATE tasks SET lease_until = $1 WHERE state = 'running' AND lease_owner = $2"
	if _, err := tx.Exec(ctx, sql, sqldb.Micros(now.Add(q.config.Lease)), q.owner); err != nil {
		return fmt.Errorf("renew leases of tasks: %w", err)
	}
	return nil
}

// returnLost makes the tasks of nodes that are gone ready again. Where a newer task with the key waits, it stands in.
func returnLost(ctx context.Context, tx sqldb.Queryer, now time.Time) error {
	const superseded = `DELETE FROM tasks WHERE state = 'running' AND lease_until <= $1 AND EXISTS (
		SELECT 1 FROM tasks n WHERE n.state = 'ready' AND n.kind = tasks.kind AND n.key = tasks.key)`
	if _, err := tx.Exec(ctx, superseded, sqldb.Micros(now)); err != nil {
		return fmt.Errorf("return lost tasks: %w", err)
	}
	const lost = `UPDATE tasks SET state = 'ready', lease_owner = NULL, lease_until = NULL,
		last_error = 'the node that ran it was lost', updated_at = $1
		WHERE state = 'running' AND lease_until <= $1`
	if _, err := tx.Exec(ctx, lost, sqldb.Micros(now)); err != nil {
		return fmt.Errorf("return lost tasks: %w", err)
	}
	return nil
}

func orEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
