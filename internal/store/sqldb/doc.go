// Package sqldb lets the store speak to SQLite and PostgreSQL with the same SQL texts.
//
// It knows connections, transactions, prepared statements, a few dialect words and migrations. It knows no table: what
// the rows mean is the store's business.
//
// # Rules for SQL that runs on both engines
//
//   - Placeholders are $1, $2, ….
//   - Values are string, int, int64, bool, float64, []byte, types whose underlying type is one of these, and pointers to
//     them, where nil is NULL. A NULL can only be scanned into a pointer to a pointer or into a *[]byte.
//   - Times travel as integers; see [Micros] and [FromMicros].
//   - A uuid column of PostgreSQL is read into a string.
//   - PostgreSQL refuses a NUL byte in text; what may hold one belongs in a bytea/BLOB column.
//   - A transaction is one conversation: close the rows of a query before sending the next statement.
//   - The first failed statement fails its transaction, whatever the caller does with the error. Use ON CONFLICT where a
//     conflict is no failure, or start over with a new [DB.Write].
//
// On PostgreSQL every statement that is waited for is a trip to the server, which costs more than most statements do. On
// paths that are walked often, read with Send what is read anyway, and write with Later; a failure of such a statement
// is told late, so those whose failure means something are no matter for it. Transactions that begin with the same lock
// are for WriteTogether.
//
// SQLite would forgive the last two of the rules; it does not here, so that a test on SQLite finds what PostgreSQL would
// refuse.
package sqldb
