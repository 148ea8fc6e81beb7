package storetest_test

import (
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

func TestRateWindows(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		ctx := t.Context()
		window := time.Date(2026, 1, 31, 9, 30, 0, 0, time.UTC)
		next := window.Add(time.Minute)
		spend := func(began time.Time, cost int, names ...string) (spent map[string]int) {
			storetest.Write(t, st, func(tx *sqldb.Tx) (err error) {
				spent, err = store.SpendInWindow(ctx, tx, names, cost, began)
				return err
			})
			return spent
		}
		for _, step := range []struct {
			name  string
			began time.Time
			cost  int
			names []string
			want  map[string]int
		}{
			{"first", window, 1, []string{"user", "organization"}, map[string]int{"user": 1, "organization": 1}},
			{"together", window, 2, []string{"organization", "user"}, map[string]int{"user": 3, "organization": 3}},
			{"apart", window, 5, []string{"organization"}, map[string]int{"organization": 8}},
			{"next window", next, 1, []string{"organization"}, map[string]int{"organization": 1}},
			{"a clock that is behind", window, 1, []string{"organization", "user"}, map[string]int{"user": 4, "organization": 2}},
		} {
			if diff := cmp.Diff(step.want, spend(step.began, step.cost, step.names...)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", step.name, diff)
			}
		}
		for name, want := range map[string]int{"organization": 2, "user": 0, "nobody": 0} {
			if got, err := store.SpentInWindow(ctx, st.Read(), name, next); got != want || err != nil {
				t.Errorf("%s has spent %d, want %d: %v", name, got, want, err)
			}
		}
	})
}

// Nodes that spend at once lose no request and do not lock each other out.
func TestRateWindowsAtOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		ctx, began := t.Context(), time.Now().UTC().Truncate(time.Minute)
		const nodes, each = 4, 10
		var wg sync.WaitGroup
		for i := range nodes {
			names := []string{"a", "b"}
			if i%2 == 1 {
				names = []string{"b", "a"}
			}
			wg.Go(func() {
				for range each {
					err := st.Write(ctx, func(tx *sqldb.Tx) error {
						_, err := store.SpendInWindow(ctx, tx, names, 1, began)
						return err
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		for _, name := range []string{"a", "b"} {
			if got, err := store.SpentInWindow(ctx, st.Read(), name, began); got != nodes*each || err != nil {
				t.Errorf("%s: %d, %v", name, got, err)
			}
		}
	})
}
