package storetest_test

import (
	"testing"

	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

func TestEach(t *testing.T) {
	t.Parallel()
	engines := make(chan sqldb.Engine, 2)
	t.Run("runs", func(t *testing.T) {
		storetest.Each(t, func(_ *testing.T, st *store.Store) { engines <- st.DB().Engine() })
	})
	close(engines)
	seen := map[sqldb.Engine]bool{}
	for e := range engines {
		seen[e] = true
	}
	if !seen[sqldb.SQLite] || !seen[sqldb.Postgres] {
		t.Errorf("ran on %v, want both engines", seen)
	}
}
