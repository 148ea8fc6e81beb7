package sqldb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// laterStatement is one that has not left.
type laterStatement struct {
	check func(affected int64) error
	sql   string
	args  []any
}

// lastStatement leaves with the commit.
type lastStatement struct {
	name string
	sql  string
	args []any
}

// maxWaiting bounds what waits to be sent.
const maxWaiting = 64

func (t *postgresTx) later(ctx context.Context, check func(int64) error, sql string, args []any) error {
	if err := t.ready(); err != nil {
		return err
	}
	t.count.statements.Add(1)
	t.waiting = append(t.waiting, laterStatement{check, sql, args})
	if len(t.waiting) < maxWaiting {
		return nil
	}
	return t.flush(ctx)
}

func (t *postgresTx) last(_ context.Context, name, sql string, args []any) error {
	if err := t.ready(); err != nil {
		return err
	}
	t.count.statements.Add(1)
	t.final = append(t.final, lastStatement{name, sql, args})
	return nil
}

// ahead reports whether there is something to be sent before the next statement.
func (t *postgresTx) ahead() bool { return !t.begun || len(t.waiting) > 0 }

// queueAhead puts first what waits. The function it returns reads the results of that, and returns the first error.
func (t *postgresTx) queueAhead(b *pgx.Batch) (read func(pgx.BatchResults) error) {
	begin, waiting := !t.begun, t.waiting
	t.begun, t.waiting = true, nil
	if begin {
		b.Queue(beginSQL)
	}
	for _, s := range waiting {
		b.Queue(s.sql, s.args...)
	}
	return func(results pgx.BatchResults) error {
		if begin {
			if _, err := results.Exec(); err != nil {
				return fmt.Errorf("begin transaction: %w", err)
			}
		}
		for _, s := range waiting {
			tag, err := results.Exec()
			if err == nil && s.check != nil {
				err = s.check(tag.RowsAffected())
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
}

// send sends what waits and what queue adds.
func (t *postgresTx) send(ctx context.Context, queue func(b *pgx.Batch)) error {
	var b pgx.Batch
	read := t.queueAhead(&b)
	queue(&b)
	results := t.conn.SendBatch(ctx, &b)
	if err := read(results); err != nil {
		_ = results.Close() // err says it
		return err
	}
	return results.Close()
}

// flush sends what waits.
func (t *postgresTx) flush(ctx context.Context) error {
	t.count.trips.Add(1)
	return t.noteFailure(t.send(ctx, func(*pgx.Batch) {}))
}

var errRolledBack = errors.New("the database rolled back instead")

// commit sends what waits; with it goes the COMMIT, unless a check has to allow it first.
func (t *postgresTx) commit(ctx context.Context) error {
	slices.SortStableFunc(t.final, func(a, b lastStatement) int { return strings.Compare(a.name, b.name) })
	for _, s := range t.final {
		t.waiting = append(t.waiting, laterStatement{sql: s.sql, args: s.args})
	}
	for _, s := range t.waiting {
		if s.check != nil {
			if err := t.flush(ctx); err != nil {
				return err
			}
			break
		}
	}
	if !t.begun && len(t.waiting) == 0 {
		t.committed = true
		return nil
	}
	t.count.trips.Add(1)
	var tag pgconn.CommandTag
	err := t.send(ctx, func(b *pgx.Batch) {
		b.Queue("commit").Exec(func(got pgconn.CommandTag) error {
			tag = got
			return nil
		})
	})
	var said *pgconn.PgError
	t.unsure = err != nil && !errors.As(err, &said)
	if err == nil && tag.String() != "COMMIT" {
		err = errRolledBack
	}
	if err != nil {
		return t.noteFailure(fmt.Errorf("commit transaction: %w", err))
	}
	t.committed = true
	return nil
}
