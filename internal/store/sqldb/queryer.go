package sqldb

import "context"

// Queryer is the read pool or a transaction.
type Queryer interface {
	// Exec runs a statement and returns how many rows it affected.
	Exec(ctx context.Context, sql string, args ...any) (int64, error)
	// Query returns the rows of a statement, which the caller closes.
	Query(ctx context.Context, sql string, args ...any) (Rows, error)
	// QueryRow returns the first row of a statement; its errors come from Row.Scan.
	QueryRow(ctx context.Context, sql string, args ...any) Row
	// Send runs several statements one after the other. On PostgreSQL all of them travel in one trip to the server; each
	// still sees what was committed before it began itself. It returns the first error, also that of a Statement's Read,
	// after which no other is called.
	Send(ctx context.Context, statements ...Statement) error
	// Engine tells which engine the database is on.
	Engine() Engine
}

// Statement is one of those that Send runs.
type Statement struct {
	SQL  string
	Args []any
	// Read takes the rows, which are closed for it.
	Read func(rows Rows) error
}

// Rows are the results of a query, used by one goroutine: Next until it is false, Scan for each, then Err.
type Rows interface {
	// Next moves to the next row. False means that there is none or that Err is not nil; the rows are closed then.
	Next() bool
	// Scan copies the columns of the row into the pointers of dest, and passes over those whose place is nil. The same row
	// may be scanned several times.
	Scan(dest ...any) error
	// Close ends the query. It may be called several times.
	Close()
	// Err returns what ended the rows early.
	Err() error
}

// Row is a single result. Scan must be called, exactly once.
type Row interface {
	// Scan copies the columns into the pointers of dest. No row is ErrNoRows.
	Scan(dest ...any) error
}
