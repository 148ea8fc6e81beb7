package queue

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/google/uuid"
)

// A waiting task with the same key takes over what the new one wants and starts its attempts anew.
const enqueueSQL = `INSERT INTO tasks (id, kind, key, destination, payload, state, run_at, attempt, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, 'ready', $6, 0, $7, $7)
ON CONFLICT (kind, key) WHERE state = 'ready' DO UPDATE SET
	payload = excluded.payload, destination = excluded.destination, attempt = 0, updated_at = excluded.updated_at,
	run_at = CASE WHEN excluded.run_at < tasks.run_at THEN excluded.run_at ELSE tasks.run_at END`

// Enqueue writes a task in the caller's transaction; t.Attempt is not looked at. If tx is a *sqldb.Tx, or holds one, the
// workers hear of it after the commit; else they find it in their own time.
func (q *Queue) Enqueue(ctx context.Context, tx sqldb.Queryer, t Task) error {
	return q.enqueue(tx, t, func(args []any) error {
		if tx, ok := tx.(*sqldb.Tx); ok {
			return tx.Later(ctx, nil, enqueueSQL, args...)
		}
		_, err := tx.Exec(ctx, enqueueSQL, args...)
		return err
	})
}

// EnqueueLast is Enqueue for a key that many transactions enqueue tasks with, each perhaps with several such. They write
// them at their end and in the same order, and so cannot wait for each other in a circle.
func (q *Queue) EnqueueLast(ctx context.Context, tx *sqldb.Tx, t Task) error {
	return q.enqueue(tx, t, func(args []any) error { return tx.Last(ctx, t.Kind+" "+t.Key, enqueueSQL, args...) })
}

func (q *Queue) enqueue(tx sqldb.Queryer, t Task, insert func(args []any) error) error {
	if err := t.check(); err != nil {
		return fmt.Errorf("enqueue task of kind %q: %w", t.Kind, err)
	}
	if t.ID == "" {
		id, err := uuid.NewV7()
		if err != nil {
			return fmt.Errorf("enqueue task of kind %q: %w", t.Kind, err)
		}
		t.ID = id.String()
	}
	now := transactionTime(tx)
	if t.RunAt.IsZero() {
		t.RunAt = now
	}
	if t.Payload == nil {
		t.Payload = []byte{}
	}
	err := insert([]any{
		t.ID, t.Kind, orNull(t.Key), orNull(t.Destination), t.Payload, sqldb.Micros(t.RunAt), sqldb.Micros(now),
	})
	if err != nil {
		return fmt.Errorf("enqueue task of kind %q: %w", t.Kind, err)
	}
	if tx, ok := tx.(interface{ AfterCommit(func()) }); ok {
		tx.AfterCommit(func() { q.announce(now, t.RunAt) })
	}
	return nil
}

// Cancel removes the tasks of a kind with a key that are not dead, but for what the same transaction
// enqueues last. One that is running finishes, but is not repeated.
func (q *Queue) Cancel(ctx context.Context, tx sqldb.Queryer, kind, key string) error {
	if key == "" {
		return fmt.Errorf("cancel task of kind %q: no key given", kind)
	}
	_, err := tx.Exec(ctx, "DELETE FROM tasks WHERE kind = $1 AND key = $2 AND state IN ('ready', 'running')", kind, key)
	if err != nil {
		return fmt.Errorf("cancel task of kind %q: %w", kind, err)
	}
	return nil
}

func (t *Task) check() error {
	if t.Kind == "" {
		return fmt.Errorf("it has no kind")
	}
	if len(t.Payload) > MaxPayload {
		return fmt.Errorf("its payload has %d bytes, more than %d", len(t.Payload), MaxPayload)
	}
	for _, name := range []string{t.Kind, t.Key, t.Destination} {
		if len(name) > MaxName || strings.ContainsRune(name, 0) {
			return fmt.Errorf("its kind, key or destination is longer than %d bytes or has a NUL byte", MaxName)
		}
	}
	return nil
}

// transactionTime is the transaction's own time where it has one.
func transactionTime(tx sqldb.Queryer) time.Time {
	if tx, ok := tx.(interface{ Now() time.Time }); ok {
		return tx.Now()
	}
	return time.Now().UTC()
}

// announce makes the node that enqueued a task look at its time, and the others at once if it is due. Those have no use
// for tasks of the future: this node will see to it, or else their poll.
func (q *Queue) announce(now, runAt time.Time) {
	q.wakeAt(runAt)
	if q.config.Bus != nil && !runAt.After(now) {
		q.config.Bus.Publish(topic, "")
	}
}

// Wake makes this node look for due tasks now.
func (q *Queue) Wake() { q.wakeAt(time.Unix(0, 0)) }

// wakeAt makes Run look for due tasks at a time, if it would not do so earlier.
func (q *Queue) wakeAt(at time.Time) {
	q.mu.Lock()
	earlier := q.wanted.IsZero() || at.Before(q.wanted)
	if earlier {
		q.wanted = at
	}
	q.mu.Unlock()
	if !earlier {
		return
	}
	select {
	case q.signal <- struct{}{}:
	default: // one is waiting to be seen
	}
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
