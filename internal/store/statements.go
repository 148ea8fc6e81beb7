package store

import (
	"context"

	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// later runs a statement of a transaction whose result nobody waits for; see sqldb.Tx.Later. check may be nil.
func later(ctx context.Context, q sqldb.Queryer, check func(affected int64) error, sql string, args ...any) error {
	if tx, ok := q.(interface {
		Later(ctx context.Context, check func(affected int64) error, sql string, args ...any) error
	}); ok {
		return tx.Later(ctx, check, sql, args...)
	}
	n, err := q.Exec(ctx, sql, args...)
	if err != nil || check == nil {
		return err
	}
	return check(n)
}

// listed is a statement for Send that scans every row into items.
func listed[T any](items *[]T, scan func(scanner) (T, error), sql string, args ...any) sqldb.Statement {
	return sqldb.Statement{SQL: sql, Args: args, Read: func(rows sqldb.Rows) error {
		for rows.Next() {
			item, err := scan(rows)
			if err != nil {
				return err
			}
			*items = append(*items, item)
		}
		return rows.Err()
	}}
}

// mapped is a statement for Send that scans every row into items, by what key says.
func mapped[T any](items map[string]T, key func(T) string, scan func(scanner) (T, error), sql string) sqldb.Statement {
	return sqldb.Statement{SQL: sql, Read: func(rows sqldb.Rows) error {
		for rows.Next() {
			item, err := scan(rows)
			if err != nil {
				return err
			}
			items[key(item)] = item
		}
		return rows.Err()
	}}
}

// found is a statement for Send that scans a single row into item; none is ErrNotFound.
func found[T any](item *T, scan func(scanner) (T, error), sql string, args ...any) sqldb.Statement {
	return sqldb.Statement{SQL: sql, Args: args, Read: func(rows sqldb.Rows) (err error) {
		if !rows.Next() {
			if err := rows.Err(); err != nil {
				return err
			}
			return ErrNotFound
		}
		*item, err = scan(rows)
		return err
	}}
}
