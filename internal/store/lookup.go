package store

import (
	"context"

	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// maxCount bounds the work of counting a list: beyond it a total is only known to be more.
const maxCount = 10000

// byID runs a query for rows with some of the ids, given as argument $1, and returns those that exist by id.
func byID[T any](ctx context.Context, q sqldb.Queryer, scan func(scanner) (T, error), id func(T) string, sql string, ids []string) (map[string]T, error) {
	found := make(map[string]T, len(ids))
	if len(ids) == 0 {
		return found, nil
	}
	items, err := list(ctx, q, scan, sql+" WHERE "+sqldb.In(q, "id", 1, ids), sqldb.List(q, ids))
	for _, item := range items {
		found[id(item)] = item
	}
	return found, err
}

// count counts the rows of a table under conditions, up to one more than maxCount.
func count(ctx context.Context, q sqldb.Queryer, table string, c conditions) (int, error) {
	var n int
	limit := c.arg(maxCount + 1)
	err := q.QueryRow(ctx, "SELECT count(*) FROM (SELECT 1 FROM "+table+c.where()+" LIMIT "+limit+") AS counted", c.args...).Scan(&n)
	return n, err
}

// exists runs a query for a single boolean.
func exists(ctx context.Context, q sqldb.Queryer, sql string, args ...any) (bool, error) {
	var found bool
	err := q.QueryRow(ctx, "SELECT EXISTS ("+sql+")", args...).Scan(&found)
	return found, err
}

// mustChange runs a statement that is to change a row; changing none is the error none.
func mustChange(ctx context.Context, q sqldb.Queryer, none error, sql string, args ...any) error {
	n, err := q.Exec(ctx, sql, args...)
	if err == nil && n == 0 {
		return none
	}
	return err
}
