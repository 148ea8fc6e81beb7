package sqldb

import (
	"strings"

	"zombiezen.com/go/sqlite"
)

// describe adds to a unique violation which indexes it may have been: SQLite names the columns, PostgreSQL the index,
// and callers ask for either.
func (c *sqliteConn) describe(err error) error {
	switch sqlite.ErrCode(err) {
	case sqlite.ResultConstraintUnique, sqlite.ResultConstraintPrimaryKey, sqlite.ResultConstraintRowID:
	default:
		return err
	}
	unique := &uniqueError{cause: err}
	// The message ends: … UNIQUE constraint failed: t.a, t.b, or index 'name' for one over expressions.
	_, subject, _ := strings.Cut(err.Error(), "UNIQUE constraint failed: ")
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
	rows, err := c.query(uniqueIndexesSQL, []any{table, strings.Join(columns, ",")})
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
