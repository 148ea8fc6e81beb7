package sqldb

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

const beginSQL = "begin isolation level read committed"

// postgresTx is a transaction on one connection. What nobody waits for travels with what comes next: the BEGIN with the
// first statement, and the statements of Later with the one after them or the COMMIT.
type postgresTx struct {
	conn      *pgxpool.Conn
	count     *counters
	shared    map[any]any
	others    func() []any // what those are about that wait to share the transaction
	begun     bool
	waiting   []laterStatement
	final     []lastStatement
	open      *postgresRows
	failed    error // the first failed statement
	committed bool
	unsure    bool // whether the commit that failed took place
}

func (t *postgresTx) Engine() Engine { return Postgres }

func (t *postgresTx) Exec(ctx context.Context, sql string, args ...any) (int64, error) {
	if err := t.ready(); err != nil {
		return 0, err
	}
	t.count.statements.Add(1)
	t.count.trips.Add(1)
	if !t.ahead() {
		tag, err := t.conn.Exec(ctx, sql, args...)
		return tag.RowsAffected(), t.noteFailure(err)
	}
	var affected int64
	err := t.send(ctx, func(b *pgx.Batch) {
		b.Queue(sql, args...).Exec(func(tag pgconn.CommandTag) error {
			affected = tag.RowsAffected()
			return nil
		})
	})
	return affected, t.noteFailure(err)
}

func (t *postgresTx) Query(ctx context.Context, sql string, args ...any) (Rows, error) {
	if err := t.ready(); err != nil {
		return nil, err
	}
	t.count.statements.Add(1)
	t.count.trips.Add(1)
	if !t.ahead() {
		rows, err := t.conn.Query(ctx, sql, args...)
		if err != nil {
			return nil, t.noteFailure(err)
		}
		t.open = &postgresRows{Rows: rows, tx: t}
		return t.open, nil
	}
	var b pgx.Batch
	sent := t.queueAhead(&b)
	b.Queue(sql, args...)
	results := t.conn.SendBatch(ctx, &b)
	err := sent(results)
	if err == nil {
		var rows pgx.Rows
		if rows, err = results.Query(); err == nil {
			t.open = &postgresRows{Rows: rows, tx: t, batch: results}
			return t.open, nil
		}
	}
	_ = results.Close() // err says it
	return nil, t.noteFailure(err)
}

func (t *postgresTx) QueryRow(ctx context.Context, sql string, args ...any) Row {
	rows, err := t.Query(ctx, sql, args...)
	if err != nil {
		return errorRow{err}
	}
	return &queryRow{rows: rows}
}

func (t *postgresTx) Send(ctx context.Context, statements ...Statement) error {
	if err := t.ready(); err != nil || len(statements) == 0 {
		return err
	}
	t.count.statements.Add(int64(len(statements)))
	t.count.trips.Add(1)
	var refused error
	err := t.send(ctx, func(b *pgx.Batch) {
		for _, s := range statements {
			b.Queue(s.SQL, s.Args...).Query(func(rows pgx.Rows) error {
				if err := s.Read(rows); err != nil && rows.Err() == nil {
					refused = err
				}
				return refused
			})
		}
	})
	if err != nil && err == refused { //nolint:errorlint // only the very error of Read leaves the transaction whole
		return err
	}
	return t.noteFailure(err)
}

func (t *postgresTx) ready() error {
	if t.failed != nil {
		return aborted(t.failed)
	}
	if t.open != nil {
		return t.noteFailure(errOpenRows)
	}
	return nil
}

func (t *postgresTx) noteFailure(err error) error {
	if err != nil && t.failed == nil {
		t.failed = err
	}
	return err
}

// turn runs a transaction's function. An error means that nothing may be committed.
func (t *postgresTx) turn(tx *Tx, fn func(tx *Tx) error) error {
	defer func() {
		if t.open != nil {
			t.open.Close()
		}
		tx.Queryer = endedQueryer{Postgres}
	}()
	if err := fn(tx); err != nil {
		return err
	}
	if t.failed != nil {
		return aborted(t.failed)
	}
	return nil
}

// end gives the connection back, after a rollback of what was not committed.
func (t *postgresTx) end(ctx context.Context) {
	defer t.conn.Release() // closes a connection that is still in a transaction, which rolls back too
	if t.committed || !t.begun {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
	defer cancel()
	_, _ = t.conn.Exec(ctx, "rollback")
}
