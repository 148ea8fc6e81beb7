package store

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// rowsPerInsert is how many rows may go into one statement. Few sizes keep the number of prepared texts small.
var rowsPerInsert = []int{16, 4, 1}

// insertRows adds rows to a table, several to a statement, without waiting for it: see sqldb.Tx.Later.
func insertRows(ctx context.Context, q sqldb.Queryer, table, names string, rows [][]any) error {
	width := strings.Count(names, ",") + 1
	for len(rows) > 0 {
		n := rowsPerInsert[slices.IndexFunc(rowsPerInsert, func(n int) bool { return n <= len(rows) })]
		args := make([]any, 0, n*width)
		for _, row := range rows[:n] {
			args = append(args, row...)
		}
		if err := later(ctx, q, nil, "INSERT INTO "+table+" ("+names+") VALUES "+tuples(n, width), args...); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// tuples renders n tuples of numbered placeholders.
func tuples(n, width int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteByte('(')
		for j := range width {
			if j > 0 {
				b.WriteString(", ")
			}
			b.WriteByte('$')
			b.WriteString(strconv.Itoa(i*width + j + 1))
		}
		b.WriteByte(')')
	}
	return b.String()
}
