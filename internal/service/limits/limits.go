// Package limits counts what clients spend of their budgets, together with the other nodes of an installation. What a
// budget is, and what happens beyond it, faces know.
package limits

import (
	"context"
	"fmt"
	"time"

	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// Ledger counts within windows of one length, which begin at the same times on all nodes. It is safe for concurrent use.
type Ledger struct {
	store  *store.Store
	window time.Duration
	now    func() time.Time
}

// New returns a ledger with windows of a length.
func New(st *store.Store, window time.Duration, now func() time.Time) *Ledger {
	return &Ledger{store: st, window: window, now: now}
}

// Add counts cost for each key and returns what their windows hold with it, in the order of the keys, which must differ.
func (l *Ledger) Add(ctx context.Context, cost int, keys []string) ([]int, error) {
	var spent map[string]int
	err := l.store.Write(ctx, func(tx *sqldb.Tx) (err error) {
		spent, err = store.SpendInWindow(ctx, tx, keys, cost, l.began())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("count within limits: %w", err)
	}
	current := make([]int, len(keys))
	for i, key := range keys {
		current[i] = spent[key]
	}
	return current, nil
}

// Count returns what a key's window holds.
func (l *Ledger) Count(ctx context.Context, key string) (int, error) {
	n, err := store.SpentInWindow(ctx, l.store.Read(), key, l.began())
	if err != nil {
		return 0, fmt.Errorf("look up a limit: %w", err)
	}
	return n, nil
}

func (l *Ledger) began() time.Time { return l.now().Truncate(l.window) }
