package sqldb

import "github.com/jackc/pgx/v5"

// postgresRows tells its transaction when it ends, and how.
type postgresRows struct {
	pgx.Rows
	tx    *postgresTx
	batch pgx.BatchResults // what the rows came in, if they did
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
	err := r.Rows.Err()
	if r.batch != nil {
		if closed := r.batch.Close(); err == nil {
			err = closed
		}
	}
	r.tx.open = nil
	_ = r.tx.noteFailure(err) // Rows.Err tells the caller
}
