package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// SpendInWindow adds cost to what each name has spent within the window that began at a time, and returns what that is
// now, by name. A name's first spending in a later window starts anew; one in an earlier window, by the clock of a node
// that is behind, counts in the later one. Names must differ.
func SpendInWindow(ctx context.Context, q sqldb.Queryer, names []string, cost int, began time.Time) (map[string]int, error) {
	args := []any{micros(began), int64(cost)}
	var rows []string
	for _, name := range slices.Sorted(slices.Values(names)) { // one order, so that transactions do not lock each other out
		args = append(args, name)
		rows = append(rows, fmt.Sprintf("($%d, $1, $2)", len(args)))
	}
	found, err := list(ctx, q, scanSpent, `INSERT INTO rate_windows (name, began_at, spent) VALUES `+strings.Join(rows, ", ")+`
		ON CONFLICT (name) DO UPDATE SET
			spent = CASE WHEN rate_windows.began_at >= excluded.began_at THEN rate_windows.spent ELSE 0 END + excluded.spent,
			began_at = CASE WHEN rate_windows.began_at >= excluded.began_at THEN rate_windows.began_at ELSE excluded.began_at END
		RETURNING name, spent`, args...)
	if err != nil {
		return nil, err
	}
	spent := make(map[string]int, len(found))
	for _, row := range found {
		spent[row.name] = row.spent
	}
	return spent, nil
}

// SpentInWindow returns what a name has spent since a window began.
func SpentInWindow(ctx context.Context, q sqldb.Queryer, name string, began time.Time) (int, error) {
	row, err := one(ctx, q, scanSpent, "SELECT name, spent FROM rate_windows WHERE name = $1 AND began_at >= $2", name, micros(began))
	if errors.Is(err, ErrNotFound) {
		return 0, nil
	}
	return row.spent, err
}

type spentRow struct {
	name  string
	spent int
}

func scanSpent(row scanner) (spentRow, error) {
	var r spentRow
	err := row.Scan(&r.name, &r.spent)
	return r, err
}
