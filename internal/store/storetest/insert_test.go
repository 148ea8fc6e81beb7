package storetest_test

import (
	"testing"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/bridle-ci/bridle/internal/store/storetest"
	"github.com/google/go-cmp/cmp"
)

// However many rows there are, all are written, in few statements.
func TestInsertSeveralRows(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		w := storetest.NewWorld(t, st)
		p := storetest.Pipeline(t, st, w.Organization)
		for rows, statements := range map[int]int64{0: 0, 1: 1, 3: 3, 4: 1, 7: 4, 16: 1, 20: 2, 39: 6} {
			b := storetest.Build(t, st, p)
			var edges []*build.Edge
			var want []string
			for range rows {
				e := &build.Edge{ID: store.NewID(), BuildID: b.ID, From: "from", To: "to", State: build.EdgeOpen}
				edges, want = append(edges, e), append(want, e.ID)
			}
			before := st.DB().Statements()
			storetest.Write(t, st, func(tx *sqldb.Tx) error { return store.InsertEdges(t.Context(), tx, edges) })
			if n := st.DB().Statements() - before; n != statements {
				t.Errorf("%d rows took %d statements, want %d", rows, n, statements)
			}
			inserted, err := store.EdgesFrom(t.Context(), st.Read(), b.ID, "from")
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, e := range inserted {
				got = append(got, e.ID)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%d rows (-want +got):\n%s", rows, diff)
			}
		}
	})
}
