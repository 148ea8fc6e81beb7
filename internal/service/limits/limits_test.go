package limits_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bridle-ci/bridle/internal/service/limits"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

func TestNodesCountTogether(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		now := time.Date(2026, 1, 31, 9, 30, 18, 0, time.UTC)
		clock := func() time.Time { return now }
		one, two := limits.New(st, time.Minute, clock), limits.New(st, time.Minute, clock)
		add := func(l *limits.Ledger, keys []string, want ...int) {
			t.Helper()
			got, err := l.Add(t.Context(), 1, keys)
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("%v, counts differ (-want +got):\n%s", err, diff)
			}
		}
		add(one, []string{"rest:acme", "rest_user:ada"}, 1, 1)
		add(two, []string{"rest:acme", "rest_user:bob"}, 2, 1)
		add(one, []string{"rest_user:bob", "rest:acme"}, 2, 3)
		if n, err := two.Count(t.Context(), "rest:acme"); n != 3 || err != nil {
			t.Errorf("counted %d, %v", n, err)
		}
		now = now.Add(42 * time.Second) // the next window begins
		if n, err := two.Count(t.Context(), "rest:acme"); n != 0 || err != nil {
			t.Errorf("counted %d in the next window, %v", n, err)
		}
		add(two, []string{"rest:acme"}, 1)
	})
}
