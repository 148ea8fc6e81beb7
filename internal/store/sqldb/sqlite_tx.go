package sqldb

import "context"

// sqliteTx is the writer's connection while one transaction has it.
type sqliteTx struct {
	conn   *sqliteConn
	open   *sqliteRows
	failed error // the first failed statement
}

func (t *sqliteTx) Engine() Engine { return SQLite }

func (t *sqliteTx) Exec(ctx context.Context, sql string, args ...any) (int64, error) {
	if err := t.ready(ctx); err != nil {
		return 0, err
	}
	n, err := t.conn.exec(sql, args)
	return n, t.noteFailure(err)
}

func (t *sqliteTx) Query(ctx context.Context, sql string, args ...any) (Rows, error) {
	rows, err := t.query(ctx, sql, args)
	if err != nil {
		return nil, err
	}
	return rows, nil
}

func (t *sqliteTx) QueryRow(ctx context.Context, sql string, args ...any) Row {
	rows, err := t.query(ctx, sql, args)
	if err != nil {
		return errorRow{err}
	}
	return &queryRow{rows: rows}
}

func (t *sqliteTx) Send(ctx context.Context, statements ...Statement) error {
	return sendEach(ctx, t, statements)
}

// later runs the statement at once: here it is no trip.
func (t *sqliteTx) later(ctx context.Context, check func(int64) error, sql string, args []any) error {
	n, err := t.Exec(ctx, sql, args...)
	if err != nil || check == nil {
		return err
	}
	return t.noteFailure(check(n))
}

// last runs the statement at once: there is one transaction at a time.
func (t *sqliteTx) last(ctx context.Context, _, sql string, args []any) error {
	_, err := t.Exec(ctx, sql, args...)
	return err
}

func (t *sqliteTx) query(ctx context.Context, sql string, args []any) (*sqliteRows, error) {
	if err := t.ready(ctx); err != nil {
		return nil, err
	}
	rows, err := t.conn.query(sql, args)
	if err != nil {
		return nil, t.noteFailure(err)
	}
	rows.onEnd = t.rowsEnded
	t.open = rows
	return rows, nil
}

func (t *sqliteTx) rowsEnded(err error) {
	t.open = nil
	_ = t.noteFailure(err) // Rows.Err tells the caller
}

// ready refuses what PostgreSQL would refuse.
func (t *sqliteTx) ready(ctx context.Context) error {
	if t.failed != nil {
		return aborted(t.failed)
	}
	if t.open != nil {
		return t.noteFailure(errOpenRows)
	}
	return t.noteFailure(ctx.Err())
}

func (t *sqliteTx) noteFailure(err error) error {
	if err != nil && t.failed == nil {
		t.failed = err
	}
	return err
}

// outcome decides whether the transaction of a function that returned err may commit.
func (t *sqliteTx) outcome(err error) error {
	t.closeRows() // closing may fail the transaction
	if err == nil && t.failed != nil {
		return aborted(t.failed)
	}
	return err
}

func (t *sqliteTx) closeRows() {
	if t.open != nil {
		t.open.Close()
	}
}
