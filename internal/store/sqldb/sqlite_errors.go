package sqldb

import (
	"context"
	"errors"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// describe adds to a unique violation which indexes it may have been: SQLite names the columns, PostgreSQL the index,
// and callers ask for either.
func (c *sqliteConn) describe(err error) error {
	var lite *sqlite.Error
	if !errors.As(err, &lite) {
		return err
	}
	switch lite.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_ROWID:
	default:
		return err
	}
	unique := &uniqueError{cause: err}
	// The message reads: … UNIQUE constraint failed: t.a, t.b (2067), or index 'name' for one over expressions.
	_, subject, _ := strings.Cut(lite.Error(), "constraint failed: UNIQUE constraint failed: ")
	subject, _, _ = strings.Cut(subject, " (")
	if name, ok := strings.CutPrefix(subject, "index '"); ok {
		unique.indexes = []string{strings.TrimSuffix(name, "'")}
		return unique
	}
	unique.table, unique.columns = splitColumns(subject)
	unique.indexes = c.uniqueIndexes(unique.table, unique.columns)
	return unique
}

const uniqueIndexesSQL = `SELECT l.name FROM pragma_index_list($1) l WHERE l."unique" = 1
AND (SELECT group_concat(i.name, ',') FROM (SELECT name FROM pragma_index_info(l.name) ORDER BY seqno) i) = $2`

// uniqueIndexes finds the unique indexes over exactly these columns. Partial ones may share them.
func (c *sqliteConn) uniqueIndexes(table string, columns []string) []string {
	defer c.statements.Add(-1) // nothing the caller sent
	rows, err := c.query(context.Background(), uniqueIndexesSQL, []any{table, strings.Join(columns, ",")})
	if err != nil {
		return nil // the violation itself is worth more than this
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil
		}
		names = append(names, name)
	}
	return names
}
