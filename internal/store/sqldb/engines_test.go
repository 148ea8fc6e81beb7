package sqldb_test

import (
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/bridle-ci/bridle/internal/store/sqldb/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// onBoth runs a test on a fresh database of each engine.
func onBoth(t *testing.T, test func(t *testing.T, db *sqldb.DB)) {
	t.Helper()
	for engine, url := range map[sqldb.Engine]func(t *testing.T) string{sqldb.SQLite: fileURL, sqldb.Postgres: postgresURL} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			test(t, open(t, sqldb.Config{URL: url(t)}))
		})
	}
}

func fileURL(t *testing.T) string { return "sqlite://" + filepath.Join(t.TempDir(), "test.db") }

func postgresURL(t *testing.T) string { return pgtest.URL(t) }

func open(tb testing.TB, c sqldb.Config) *sqldb.DB {
	tb.Helper()
	db, err := sqldb.Open(tb.Context(), c)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := db.Close(); err != nil {
			tb.Errorf("close: %v", err)
		}
	})
	return db
}

// migrate applies one migration: the same text on both engines, or one for each.
func migrate(tb testing.TB, db *sqldb.DB, sqlite string, postgres ...string) {
	tb.Helper()
	texts := append([]string{sqlite}, postgres...)
	files := fstest.MapFS{
		"sqlite/00001_test.sql":   {Data: []byte("-- +goose Up\n" + sqlite)},
		"postgres/00001_test.sql": {Data: []byte("-- +goose Up\n" + texts[len(texts)-1])},
	}
	if err := db.Migrate(tb.Context(), files); err != nil {
		tb.Fatal(err)
	}
}

// things is a table with every type of column the store uses.
func things(tb testing.TB, db *sqldb.DB) {
	tb.Helper()
	migrate(
		tb, db,
		`CREATE TABLE things (id TEXT PRIMARY KEY, name TEXT, size INTEGER, ready INTEGER, ratio REAL, body BLOB);
		CREATE UNIQUE INDEX things_name ON things (name, size);
		CREATE UNIQUE INDEX things_lower ON things (lower(name)) WHERE size IS NULL;`,
		`CREATE TABLE things (id uuid PRIMARY KEY, name text, size bigint, ready boolean, ratio double precision, body bytea);
		CREATE UNIQUE INDEX things_name ON things (name, size);
		CREATE UNIQUE INDEX things_lower ON things (lower(name)) WHERE size IS NULL;`,
	)
}

const (
	firstID  = "01890000-0000-7000-8000-000000000001"
	secondID = "01890000-0000-7000-8000-000000000002"
	thirdID  = "01890000-0000-7000-8000-000000000003"
)

func insert(tb testing.TB, db *sqldb.DB, id string, name *string, size *int64) error {
	tb.Helper()
	return db.Write(tb.Context(), func(tx *sqldb.Tx) error {
		_, err := tx.Exec(tb.Context(), "INSERT INTO things (id, name, size) VALUES ($1, $2, $3)", id, name, size)
		return err
	})
}

func count(tb testing.TB, q sqldb.Queryer) int {
	tb.Helper()
	var n int
	if err := q.QueryRow(tb.Context(), "SELECT count(*) FROM things").Scan(&n); err != nil {
		tb.Fatal(err)
	}
	return n
}
