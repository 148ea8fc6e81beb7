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
	// shared is the same for all that share the transaction.
	shared map[any]any
}

func newTx(q Queryer, now time.Time, shared map[any]any) *Tx {
	return &Tx{Queryer: q, now: now.UTC().Truncate(time.Microsecond), shared: shared}
}

// Shared returns what those of WriteTogether that share the transaction and ran before left for this one under a key, or
// nil. It is for what a lock of the transaction keeps as it is.
func (tx *Tx) Shared(key any) any { return tx.shared[key] }

// Share leaves a value for those that run after this one, as Shared tells.
func (tx *Tx) Share(key, value any) { tx.shared[key] = value }

// Now is the time of this transaction in UTC: one for all it writes, to the microsecond that a row can hold.
func (tx *Tx) Now() time.Time { return tx.now }

// AfterCommit runs f after this transaction is committed, before Write returns, in the order of the calls. An attempt
// that is rolled back runs none. f may use the database.
func (tx *Tx) AfterCommit(f func()) { tx.hooks = append(tx.hooks, f) }

// Waiting returns what those are about that wait to share this transaction, so that what they are going to ask for can be
// read for them. They need not come to it: there is a limit to how many share one.
func (tx *Tx) Waiting() []any {
	if q, ok := tx.Queryer.(*postgresTx); ok && q.others != nil {
		return q.others()
	}
	return nil
}

// Later runs a statement that nothing else has to wait for: on PostgreSQL it travels with the transaction's next
// statement, or with its commit. The values that args point at must not change until then. check, unless it is nil, gets
// the number of rows affected. A failure of the statement or of check is returned here, by a later statement, or by
// Write; it fails the transaction in any case.
func (tx *Tx) Later(ctx context.Context, check func(affected int64) error, sql string, args ...any) error {
	return tx.Queryer.(laterer).later(ctx, check, sql, args)
}

// Last is Later for a row that transactions of several keys or of none write, as the tasks of a queue are: on PostgreSQL
// it runs at the end of the transaction, in the order of these names. So transactions wait for each other's rows in the
// same order, which is no deadlock, and not for long. The transaction itself does not see what it does.
func (tx *Tx) Last(ctx context.Context, name, sql string, args ...any) error {
	return tx.Queryer.(laterer).last(ctx, name, sql, args)
}

// laterer is what every Queryer of a transaction is too.
type laterer interface {
	later(ctx context.Context, check func(affected int64) error, sql string, args []any) error
	last(ctx context.Context, name, sql string, args []any) error
}

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

func (q endedQueryer) later(context.Context, func(int64) error, string, []any) error {
	return ErrTxEnded
}

func (q endedQueryer) last(context.Context, string, string, []any) error { return ErrTxEnded }

func (q endedQueryer) Send(context.Context, ...Statement) error { return ErrTxEnded }

// errorRow is a Row that could not be had.
type errorRow struct{ err error }

func (r errorRow) Scan(...any) error { return r.err }
