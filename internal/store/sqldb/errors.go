package sqldb

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

var (
	// ErrNoRows comes from Row.Scan when there is no row. Compare with errors.Is.
	ErrNoRows = sql.ErrNoRows
	// ErrClosed comes from a DB after Close.
	ErrClosed = errors.New("database is closed")
	// ErrTxEnded comes from a Tx that is used after its function returned.
	ErrTxEnded = errors.New("transaction has ended")
	// ErrAborted comes from a transaction that goes on, or wants to commit, after one of its statements failed.
	ErrAborted = errors.New("transaction is aborted by a failed statement")

	errOpenRows  = errors.New("close the rows of the last query before the next statement")
	errReadExec  = errors.New("the read pool takes no writes: use DB.Write")
	errRowsEnded = errors.New("scan without a row")
)

// uniqueError is a violated unique index on SQLite.
type uniqueError struct {
	cause   error
	table   string
	columns []string // as the index has them, none for an index over expressions
	indexes []string // all indexes it may have been
}

func (e *uniqueError) Error() string { return e.cause.Error() }

func (e *uniqueError) Unwrap() error { return e.cause }

const pgUniqueViolation = "23505"

// IsUnique tells whether err says that a row would have broken a unique index.
func IsUnique(err error) bool {
	_, ok := uniqueViolation(err)
	return ok
}

// IsUniqueOn is IsUnique for one index, given by its name or by what it covers: "agents(token_hash)",
// "agents.token_hash" or "token_hash", with more columns as in "pipelines(organization_id, slug)". A constraint that has
// no name in the schema is named differently by each engine, and an index over expressions has no columns.
func IsUniqueOn(err error, indexOrColumns string) bool {
	v, ok := uniqueViolation(err)
	if !ok {
		return false
	}
	for _, name := range v.indexes {
		if name == indexOrColumns {
			return true
		}
	}
	if len(v.columns) == 0 {
		return false
	}
	table, columns := splitColumns(indexOrColumns)
	return (table == "" || table == v.table) && strings.Join(columns, ",") == strings.Join(v.columns, ",")
}

func uniqueViolation(err error) (*uniqueError, bool) {
	var lite *uniqueError
	if errors.As(err, &lite) {
		return lite, true
	}
	var pg *pgconn.PgError
	if !errors.As(err, &pg) || pg.Code != pgUniqueViolation {
		return nil, false
	}
	v := &uniqueError{cause: pg, table: pg.TableName, indexes: []string{pg.ConstraintName}}
	// The detail reads: Key (organization_id, slug)=(1, main) already exists.
	if _, rest, ok := strings.Cut(pg.Detail, "("); ok {
		if list, _, ok := strings.Cut(rest, ")=("); ok && !strings.Contains(list, "(") {
			_, v.columns = splitColumns(list)
		}
	}
	return v, true
}

// splitColumns reads "t(a, b)", "t.a, t.b" and "a, b".
func splitColumns(s string) (table string, columns []string) {
	if t, rest, ok := strings.Cut(s, "("); ok {
		table, s = t, strings.TrimSuffix(rest, ")")
	}
	for column := range strings.SplitSeq(s, ",") {
		column = strings.TrimSpace(column)
		if t, c, ok := strings.Cut(column, "."); ok {
			table, column = t, c
		}
		columns = append(columns, column)
	}
	return table, columns
}

func aborted(cause error) error {
	if errors.Is(cause, ErrAborted) {
		return cause
	}
	return fmt.Errorf("%w: %w", ErrAborted, cause)
}
