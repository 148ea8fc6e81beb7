package sqldb_test

import (
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

func mirrored(name, text string) fstest.MapFS {
	file := &fstest.MapFile{Data: []byte("-- +goose Up\n" + text)}
	return fstest.MapFS{"sqlite/" + name: file, "postgres/" + name: file}
}

func TestMigrate(t *testing.T) {
	t.Parallel()

	onBoth(t, func(t *testing.T, db *sqldb.DB) {
		files := mirrored("00001_first.sql", "CREATE TABLE things (id integer);")
		for range 2 {
			if err := db.Migrate(t.Context(), files); err != nil {
				t.Fatal(err)
			}
		}
		for name, file := range mirrored("00002_second.sql", "INSERT INTO things (id) VALUES (1); INSERT INTO things (id) VALUES (2);") {
			files[name] = file
		}
		if err := db.Migrate(t.Context(), files); err != nil {
			t.Fatal(err)
		}
		if n := count(t, db.Read()); n != 2 {
			t.Errorf("%d rows, want 2", n)
		}
		for name, file := range mirrored("00003_broken.sql", "INSERT INTO things (id) VALUES (3); INSERT INTO missing VALUES (1);") {
			files[name] = file
		}
		if err := db.Migrate(t.Context(), files); err == nil || !strings.Contains(err.Error(), "version:3") {
			t.Errorf("got %v, want an error that names the version", err)
		}
		if n := count(t, db.Read()); n != 2 {
			t.Errorf("%d rows after a broken migration, want 2", n)
		}
	})
}

func TestMigrateByManyNodes(t *testing.T) {
	t.Parallel()

	url := postgresURL(t)
	var wg sync.WaitGroup
	for range 3 {
		db := open(t, sqldb.Config{URL: url})
		wg.Go(func() {
			if err := db.Migrate(t.Context(), mirrored("00001_first.sql", "CREATE TABLE things (id integer);")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestMigrateRefuses(t *testing.T) {
	t.Parallel()

	file := &fstest.MapFile{Data: []byte("-- +goose Up\nSELECT 1;")}
	cases := map[string]struct {
		files fstest.MapFS
		want  string
	}{
		"only for SQLite":     {fstest.MapFS{"sqlite/00001_a.sql": file, "postgres/00002_b.sql": file}, "sqlite/00001_a.sql"},
		"only for PostgreSQL": {fstest.MapFS{"sqlite/00001_a.sql": file, "postgres/00001_a.sql": file, "postgres/00002_b.sql": file}, "postgres/00002_b.sql"},
		"no folder":           {fstest.MapFS{"sqlite/00001_a.sql": file}, "postgres"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t, sqldb.Config{URL: "sqlite::memory:"})
			if err := db.Migrate(t.Context(), c.files); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error about %s", err, c.want)
			}
		})
	}
}

func TestMigrateChecksForeignKeys(t *testing.T) {
	t.Parallel()

	db := open(t, sqldb.Config{URL: "sqlite::memory:"})
	err := db.Migrate(t.Context(), mirrored("00001_orphans.sql", `
		CREATE TABLE parents (id integer PRIMARY KEY);
		CREATE TABLE children (parent_id integer REFERENCES parents (id));
		INSERT INTO children VALUES (1);`))
	if err == nil || !strings.Contains(err.Error(), "rows of children refer to rows of parents") {
		t.Errorf("got %v, want an error about the orphan", err)
	}
}
