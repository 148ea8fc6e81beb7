package sqldb_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// The driver works only with the libc it was generated for, and nothing but this stops a go get from raising it.
func TestLibcIsTheDriversOwn(t *testing.T) {
	t.Parallel()

	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Version}} {{.GoMod}}", "modernc.org/libc", "modernc.org/sqlite").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	fields := strings.Fields(string(out))
	if len(fields) != 4 {
		t.Fatalf("go list answered %q", out)
	}
	mod, err := os.ReadFile(fields[3])
	if err != nil {
		t.Fatal(err)
	}
	if want := "modernc.org/libc " + fields[0]; !strings.Contains(string(mod), want+"\n") {
		t.Errorf("go.mod has modernc.org/libc at %s, and modernc.org/sqlite %s wants another one", fields[0], fields[2])
	}
}

func TestSQLiteSettings(t *testing.T) {
	t.Parallel()

	const normal, full = 1, 2
	for durability, synchronous := range map[string]int{"": full, "full": full, "normal": normal} {
		t.Run("durability "+durability, func(t *testing.T) {
			t.Parallel()
			db := open(t, sqldb.Config{URL: fileURL(t), Durability: durability})
			err := db.Write(t.Context(), func(tx *sqldb.Tx) error {
				for pragma, want := range map[string]any{"synchronous": synchronous, "journal_mode": "wal", "foreign_keys": 1} {
					var got string
					if err := tx.QueryRow(t.Context(), "SELECT CAST("+pragma+" AS TEXT) FROM pragma_"+pragma).Scan(&got); err != nil {
						return err
					}
					if got != fmt.Sprint(want) {
						t.Errorf("%s is %s, want %v", pragma, got, want)
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			rows, err := db.Read().Query(t.Context(), "CREATE TABLE sneaked (id INTEGER)")
			if err == nil {
				rows.Close()
				t.Error("a reader may write")
			}
		})
	}
}

func TestSQLiteFiles(t *testing.T) {
	t.Parallel()

	t.Run("only for the owner, one file at rest", func(t *testing.T) {
		t.Parallel()
		folder := t.TempDir()
		db := open(t, sqldb.Config{URL: "sqlite://" + folder + "/odd%20name%3F.db"})
		things(t, db)
		if err := insert(t, db, firstID, new("one"), nil); err != nil {
			t.Fatal(err)
		}
		entries, err := os.ReadDir(folder)
		if err != nil || len(entries) != 3 {
			t.Fatalf("%d files, %v; want the database and its two side files", len(entries), err)
		}
		for _, e := range entries {
			info, err := e.Info()
			if err != nil {
				t.Fatal(err)
			}
			if info.Mode().Perm() != 0o600 {
				t.Errorf("%s has mode %v", e.Name(), info.Mode())
			}
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if entries, err = os.ReadDir(folder); err != nil || len(entries) != 1 || entries[0].Name() != "odd name?.db" {
			t.Errorf("left %v, %v", entries, err)
		}
	})
	t.Run("kept", func(t *testing.T) {
		t.Parallel()
		url := fileURL(t)
		db := open(t, sqldb.Config{URL: url})
		things(t, db)
		if err := errors.Join(insert(t, db, firstID, new("one"), nil), db.Close()); err != nil {
			t.Fatal(err)
		}
		if n := count(t, open(t, sqldb.Config{URL: url}).Read()); n != 1 {
			t.Errorf("%d rows after reopening, want 1", n)
		}
	})
	t.Run("private databases", func(t *testing.T) {
		t.Parallel()
		one, other := open(t, sqldb.Config{URL: "sqlite::memory:"}), open(t, sqldb.Config{URL: "sqlite::memory:"})
		things(t, one)
		things(t, other)
		if err := insert(t, one, firstID, new("one"), nil); err != nil {
			t.Fatal(err)
		}
		if n := count(t, other.Read()); n != 0 {
			t.Errorf("the other database has %d rows", n)
		}
	})
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()

	cases := map[string]struct {
		config sqldb.Config
		want   string // in the error
	}{
		"no URL":             {sqldb.Config{}, "use sqlite:///"},
		"other database":     {sqldb.Config{URL: "mysql://user:hunter2@host/db"}, `"mysql"`},
		"no file":            {sqldb.Config{URL: "sqlite://"}, "names no file"},
		"folder":             {sqldb.Config{URL: "sqlite:///tmp/"}, "names no file"},
		"missing folder":     {sqldb.Config{URL: "sqlite://" + filepath.Join(t.TempDir(), "none", "x.db")}, "no such file"},
		"parameters":         {sqldb.Config{URL: "sqlite:///tmp/x.db?mode=ro"}, "no parameters"},
		"bad escape":         {sqldb.Config{URL: "sqlite:///tmp/%zz.db"}, "invalid URL escape"},
		"NUL":                {sqldb.Config{URL: "sqlite:///tmp/%00.db"}, "NUL"},
		"durability":         {sqldb.Config{URL: "sqlite::memory:", Durability: "some"}, `"some"`},
		"readers":            {sqldb.Config{URL: "sqlite::memory:", Readers: -1}, "negative"},
		"PostgreSQL garbage": {sqldb.Config{URL: "postgres://user:hunter2@host:port/db"}, "database URL"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, err := sqldb.Open(t.Context(), c.config)
			if err == nil {
				_ = db.Close()
				t.Fatal("opened")
			}
			if !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("error %q, want %q in it and no password", err, c.want)
			}
		})
	}
}

// More texts than a connection keeps prepared.
func TestManyStatements(t *testing.T) {
	t.Parallel()

	db := open(t, sqldb.Config{URL: "sqlite::memory:"})
	for i := range 1500 {
		var got int
		if err := db.Read().QueryRow(t.Context(), fmt.Sprintf("SELECT %d", i)).Scan(&got); err != nil || got != i {
			t.Fatalf("got %d, %v; want %d", got, err, i)
		}
	}
}

func TestSQLiteReadsEndWithTheirContext(t *testing.T) {
	t.Parallel()
	db := open(t, sqldb.Config{URL: fileURL(t)})
	ctx, cancel := context.WithCancel(t.Context())
	rows, err := db.Read().Query(ctx, "SELECT value FROM json_each('[1, 2, 3]')")
	if err != nil || !rows.Next() {
		t.Fatalf("first row: %v", err)
	}
	cancel()
	if rows.Next() || !errors.Is(rows.Err(), context.Canceled) {
		t.Errorf("after the end of its context: %v", rows.Err())
	}
	if _, err := db.Read().Query(ctx, "SELECT 1"); !errors.Is(err, context.Canceled) {
		t.Errorf("begun after the end of its context: %v", err)
	}
	if err := db.Read().QueryRow(t.Context(), "SELECT 1").Scan(new(int)); err != nil {
		t.Errorf("the connection afterwards: %v", err)
	}
}
