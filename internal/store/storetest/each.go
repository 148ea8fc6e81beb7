// Package storetest is what tests need of the store: a fresh store on each engine, a clock they set, and factories that
// fill in what a case does not care about. Its own tests are the store's conformance suite: every statement of the
// store runs there on both engines.
package storetest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/bridle-ci/bridle/internal/store/sqldb/pgtest"
)

// Each runs a test on a fresh, empty store of each engine, as parallel subtests named after the engines.
func Each(t *testing.T, test func(t *testing.T, st *store.Store)) {
	t.Helper()
	for engine, config := range engines {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			test(t, open(t, config(t)))
		})
	}
}

// EachAt is Each for a test that moves the store's clock, which is fresh for each engine.
func EachAt(t *testing.T, test func(t *testing.T, st *store.Store, clock *Clock)) {
	t.Helper()
	for engine, config := range engines {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			c, clock := config(t), NewClock()
			c.Now = clock.Now
			test(t, open(t, c), clock)
		})
	}
}

// Open returns a fresh, empty store on SQLite, for tests of what stands above the store. Its clock is the real one.
func Open(tb testing.TB) *store.Store {
	tb.Helper()
	return open(tb, sqliteConfig(tb))
}

// OpenAt is Open with a clock that the test sets.
func OpenAt(tb testing.TB, clock *Clock) *store.Store {
	tb.Helper()
	c := sqliteConfig(tb)
	c.Now = clock.Now
	return open(tb, c)
}

// Main runs the tests of a package that uses Each, for its TestMain.
func Main(m *testing.M) { pgtest.Main(m) }

var engines = map[sqldb.Engine]func(testing.TB) sqldb.Config{
	sqldb.SQLite:   sqliteConfig,
	sqldb.Postgres: postgresConfig,
}

func open(tb testing.TB, c sqldb.Config) *store.Store {
	tb.Helper()
	st, err := store.Open(tb.Context(), c)
	if err != nil {
		tb.Fatalf("open store: %v", err)
	}
	tb.Cleanup(func() {
		if err := st.Close(); err != nil {
			tb.Errorf("close store: %v", err)
		}
	})
	return st
}

// migratedFile is an empty database with the tables in it, made once: copying it is cheaper than migrating each time.
var migratedFile = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "storetest")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "template.db")
	if err := migrate("sqlite://" + file); err != nil {
		return nil, err
	}
	return os.ReadFile(file)
})

func sqliteConfig(tb testing.TB) sqldb.Config {
	tb.Helper()
	content, err := migratedFile()
	if err != nil {
		tb.Fatalf("make the database to copy: %v", err)
	}
	file := filepath.Join(tb.TempDir(), "bridle.db")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		tb.Fatal(err)
	}
	return sqldb.Config{URL: "sqlite://" + file, Durability: sqldb.DurabilityNormal}
}

func postgresConfig(tb testing.TB) sqldb.Config {
	tb.Helper()
	return sqldb.Config{URL: pgtest.URLFrom(tb, "store", migrate), MaxConns: 4}
}

// migrate makes the tables of a database and leaves no connection open. The result outlives the test that happens to ask
// for it first, so it takes no test's context.
func migrate(url string) error {
	st, err := store.Open(context.Background(), sqldb.Config{URL: url, Durability: sqldb.DurabilityNormal})
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return st.Close()
}
