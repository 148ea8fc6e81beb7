package sqldb

import (
	"context"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/puddle/v2"
)

var errPoolClosed = puddle.ErrClosedPool

// postgresPool is the read side.
type postgresPool postgresDB

func (p *postgresPool) Engine() Engine { return Postgres }

func (p *postgresPool) Exec(context.Context, string, ...any) (int64, error) { return 0, errReadExec }

func (p *postgresPool) Query(ctx context.Context, sql string, args ...any) (Rows, error) {
	p.statements.Add(1)
	rows, err := p.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, closedOr(err)
	}
	return rows, nil
}

func (p *postgresPool) QueryRow(ctx context.Context, sql string, args ...any) Row {
	rows, err := p.Query(ctx, sql, args...)
	if err != nil {
		return errorRow{err}
	}
	return &queryRow{rows: rows}
}

// postgresTx is a transaction on one connection.
type postgresTx struct {
	tx         pgx.Tx
	statements *atomic.Int64
	open       *postgresRows
	failed     error // the first failed statement
}

func (t *postgresTx) Engine() Engine { return Postgres }

func (t *postgresTx) Exec(ctx context.Context, sql string, args ...any) (int64, error) {
	if err := t.ready(); err != nil {
		return 0, err
	}
	t.statements.Add(1)
	tag, err := t.tx.Exec(ctx, sql, args...)
	return tag.RowsAffected(), t.noteFailure(err)
}

func (t *postgresTx) Query(ctx context.Context, sql string, args ...any) (Rows, error) {
	if err := t.ready(); err != nil {
		return nil, err
	}
	t.statements.Add(1)
	rows, err := t.tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, t.noteFailure(err)
	}
	t.open = &postgresRows{Rows: rows, tx: t}
	return t.open, nil
}

func (t *postgresTx) QueryRow(ctx context.Context, sql string, args ...any) Row {
	rows, err := t.Query(ctx, sql, args...)
	if err != nil {
		return errorRow{err}
	}
	return &queryRow{rows: rows}
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

func (t *postgresTx) rollback(ctx context.Context) {
	if t.open != nil {
		t.open.Close()
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
	defer cancel()
	_ = t.tx.Rollback(ctx) // pgx closes a connection on which it fails, which rolls back too
}

// postgresRows tells its transaction when it ends, and how.
type postgresRows struct {
	pgx.Rows
	tx *postgresTx
}

func (r *postgresRows) Next() bool {
	if r.Rows.Next() {
		return true
	}
	r.Close()
	return false
}

func (r *postgresRows) Close() {
	if r.tx.open != r {
		return
	}
	r.Rows.Close()
	r.tx.open = nil
	_ = r.tx.noteFailure(r.Rows.Err()) // Rows.Err tells the caller
}
