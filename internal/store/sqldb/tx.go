package sqldb

import (
	"context"
	"time"
)

// Tx is one transaction, from its start until the function given to DB.Write returns. It is used by one goroutine.
type Tx struct {
	Queryer
	now   time.Time
	hooks []func()
}

func newTx(q Queryer, now time.Time) *Tx {
	return &Tx{Queryer: q, now: now.UTC().Truncate(time.Microsecond)}
}

// Now is the time of this transaction in UTC: one for all it writes, to the microsecond that a row can hold.
func (tx *Tx) Now() time.Time { return tx.now }

// AfterCommit runs f after this transaction is committed, before Write returns, in the order of the calls. An attempt
// that is rolled back runs none. f may use the database.
func (tx *Tx) AfterCommit(f func()) { tx.hooks = append(tx.hooks, f) }

func (tx *Tx) committed() {
	for _, f := range tx.hooks {
		f()
	}
}

// endedQueryer stands in for the connection once a transaction is over, so that a leaked Tx cannot reach into the next.
type endedQueryer struct{ engine Engine }

func (q endedQueryer) Engine() Engine { return q.engine }

func (q endedQueryer) Exec(context.Context, string, ...any) (int64, error) { return 0, ErrTxEnded }

func (q endedQueryer) Query(context.Context, string, ...any) (Rows, error) { return nil, ErrTxEnded }

func (q endedQueryer) QueryRow(context.Context, string, ...any) Row { return errorRow{ErrTxEnded} }

// errorRow is a Row that could not be had.
type errorRow struct{ err error }

func (r errorRow) Scan(...any) error { return r.err }
