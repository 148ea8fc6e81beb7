package sqldb

import (
	"context"
	"fmt"

	"zombiezen.com/go/sqlite"
)

// sqliteRows reads a running statement.
type sqliteRows struct {
	driver  *sqlite.Stmt
	columns int
	first   bool // the statement stands before the row that Next is yet to announce
	found   bool // and whether there is one
	onRow   bool
	closed  bool
	err     error
	onEnd   func(err error) // told once, with what ended the rows early
	ctx     context.Context // looked at before each row; nil inside a transaction
}

func (r *sqliteRows) Next() bool {
	r.onRow = false
	if r.closed {
		return false
	}
	if r.ctx != nil && r.ctx.Err() != nil {
		r.err = r.ctx.Err()
		r.Close()
		return false
	}
	if r.onRow, r.err = r.step(); !r.onRow {
		r.Close()
	}
	return r.onRow
}

func (r *sqliteRows) step() (found bool, err error) {
	if r.first {
		r.first = false
		return r.found, nil
	}
	return r.driver.Step()
}

// Scan ends the rows when it fails, as pgx does.
func (r *sqliteRows) Scan(dest ...any) error {
	if !r.onRow {
		return errRowsEnded
	}
	if err := r.scan(dest); err != nil {
		r.err = err
		r.Close()
		return err
	}
	return nil
}

func (r *sqliteRows) scan(dest []any) error {
	if len(dest) != r.columns {
		return fmt.Errorf("scan %d columns into %d places", r.columns, len(dest))
	}
	for i := range dest {
		if err := scanColumn(r.driver, i, dest[i]); err != nil {
			return fmt.Errorf("scan column %d (%s): %w", i+1, r.driver.ColumnName(i), err)
		}
	}
	return nil
}

func (r *sqliteRows) Close() {
	if r.closed {
		return
	}
	r.closed, r.onRow = true, false
	if err := r.driver.Reset(); err != nil && r.err == nil {
		r.err = err
	}
	if r.onEnd != nil {
		r.onEnd(r.err)
	}
}

func (r *sqliteRows) Err() error { return r.err }

// queryRow is a Row over rows of either engine.
type queryRow struct {
	rows Rows
	err  error
}

func (r *queryRow) Scan(dest ...any) error {
	if r.err != nil {
		return r.err
	}
	defer r.rows.Close()
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return err
		}
		return ErrNoRows
	}
	if err := r.rows.Scan(dest...); err != nil {
		return err
	}
	r.rows.Close()
	return r.rows.Err()
}
