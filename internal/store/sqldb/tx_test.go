package sqldb_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/google/go-cmp/cmp"
)

const insertThing = "INSERT INTO things (id, name) VALUES ($1, $2)"

func TestWrite(t *testing.T) {
	t.Parallel()

	onBoth(t, func(t *testing.T, db *sqldb.DB) {
		things(t, db)
		ctx := t.Context()

		t.Run("commits", func(t *testing.T) {
			var affected int64
			err := db.Write(ctx, func(tx *sqldb.Tx) (err error) {
				if _, err = tx.Exec(ctx, insertThing, firstID, "one"); err != nil {
					return err
				}
				affected, err = tx.Exec(ctx, "UPDATE things SET size = 1 WHERE id = $1", firstID)
				return err
			})
			if err != nil || affected != 1 {
				t.Fatalf("affected %d, %v", affected, err)
			}
			if n := count(t, db.Read()); n != 1 {
				t.Errorf("%d rows, want 1", n)
			}
		})
		t.Run("error rolls back", func(t *testing.T) {
			boom := errors.New("boom")
			err := db.Write(ctx, func(tx *sqldb.Tx) error {
				if _, err := tx.Exec(ctx, insertThing, secondID, "two"); err != nil {
					return err
				}
				if n := count(t, tx); n != 2 {
					t.Errorf("%d rows inside, want 2", n)
				}
				return boom
			})
			if !errors.Is(err, boom) {
				t.Errorf("got %v, want boom", err)
			}
			if n := count(t, db.Read()); n != 1 {
				t.Errorf("%d rows, want 1", n)
			}
		})
		t.Run("panic rolls back and goes on", func(t *testing.T) {
			func() {
				defer func() {
					if got := recover(); got != "boom" {
						t.Errorf("recovered %v, want boom", got)
					}
				}()
				err := db.Write(ctx, func(tx *sqldb.Tx) error {
					if _, err := tx.Exec(ctx, insertThing, secondID, "two"); err != nil {
						return err
					}
					if _, err := tx.Query(ctx, "SELECT id FROM things"); err != nil {
						return err
					}
					panic("boom")
				})
				t.Errorf("returned %v instead of panicking", err)
			}()
			err := db.Write(ctx, func(tx *sqldb.Tx) error {
				rows, err := tx.Query(ctx, "SELECT id FROM things")
				if err != nil {
					return err
				}
				rows.Close()
				return nil
			})
			if err != nil {
				t.Errorf("write after a panic: %v", err)
			}
			if n := count(t, db.Read()); n != 1 {
				t.Errorf("%d rows, want 1", n)
			}
		})
		t.Run("canceled before the start", func(t *testing.T) {
			canceled, cancel := context.WithCancel(ctx)
			cancel()
			err := db.Write(canceled, func(*sqldb.Tx) error {
				t.Error("ran")
				return nil
			})
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
		})
		t.Run("canceled in between", func(t *testing.T) {
			canceled, cancel := context.WithCancel(ctx)
			defer cancel()
			err := db.Write(canceled, func(tx *sqldb.Tx) error {
				cancel()
				_, err := tx.Exec(canceled, insertThing, secondID, "two")
				return err
			})
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
		})
		t.Run("used after its end", func(t *testing.T) {
			var leaked *sqldb.Tx
			if err := db.Write(ctx, func(tx *sqldb.Tx) error { leaked = tx; return nil }); err != nil {
				t.Fatal(err)
			}
			_, execErr := leaked.Exec(ctx, insertThing, secondID, "two")
			_, queryErr := leaked.Query(ctx, "SELECT 1")
			rowErr := leaked.QueryRow(ctx, "SELECT 1").Scan(new(int))
			for _, err := range []error{execErr, queryErr, rowErr} {
				if !errors.Is(err, sqldb.ErrTxEnded) {
					t.Errorf("got %v, want ErrTxEnded", err)
				}
			}
		})
	})
}

func TestAbortedTransaction(t *testing.T) {
	t.Parallel()

	onBoth(t, func(t *testing.T, db *sqldb.DB) {
		things(t, db)
		ctx := t.Context()
		if err := insert(t, db, firstID, new("one"), nil); err != nil {
			t.Fatal(err)
		}
		clash := func(tx *sqldb.Tx) error {
			if _, err := tx.Exec(ctx, insertThing, secondID, "two"); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, insertThing, firstID, "again")
			if !sqldb.IsUnique(err) {
				t.Errorf("got %v, want a unique violation", err)
			}
			return nil
		}
		t.Run("refuses statements", func(t *testing.T) {
			err := db.Write(ctx, func(tx *sqldb.Tx) error {
				if err := clash(tx); err != nil {
					return err
				}
				_, err := tx.Exec(ctx, insertThing, thirdID, "three")
				return err
			})
			if !errors.Is(err, sqldb.ErrAborted) {
				t.Errorf("got %v, want ErrAborted", err)
			}
		})
		t.Run("refuses to commit", func(t *testing.T) {
			if err := db.Write(ctx, clash); !errors.Is(err, sqldb.ErrAborted) || !sqldb.IsUnique(err) {
				t.Errorf("got %v, want ErrAborted with its cause", err)
			}
			if n := count(t, db.Read()); n != 1 {
				t.Errorf("%d rows, want 1", n)
			}
		})
		t.Run("failed scan", func(t *testing.T) {
			err := db.Write(ctx, func(tx *sqldb.Tx) error {
				if err := tx.QueryRow(ctx, "SELECT name FROM things").Scan(new(int64)); err == nil {
					t.Error("scanned a name into a number")
				}
				return nil
			})
			if !errors.Is(err, sqldb.ErrAborted) {
				t.Errorf("got %v, want ErrAborted", err)
			}
		})
		t.Run("open rows", func(t *testing.T) {
			err := db.Write(ctx, func(tx *sqldb.Tx) error {
				rows, err := tx.Query(ctx, "SELECT id FROM things")
				if err != nil {
					return err
				}
				defer rows.Close()
				_, err = tx.Exec(ctx, insertThing, secondID, "two")
				return err
			})
			if err == nil {
				t.Error("a statement ran while rows were open")
			}
		})
	})
}

func TestAfterCommit(t *testing.T) {
	t.Parallel()

	onBoth(t, func(t *testing.T, db *sqldb.DB) {
		things(t, db)
		ctx := t.Context()
		var got []string
		err := db.Write(ctx, func(tx *sqldb.Tx) error {
			tx.AfterCommit(func() {
				got = append(got, "first")
				if n := count(t, db.Read()); n != 1 {
					t.Errorf("a hook sees %d rows, want 1", n)
				}
			})
			tx.AfterCommit(func() {
				got = append(got, "second")
				if err := db.Write(ctx, func(*sqldb.Tx) error { return nil }); err != nil {
					t.Errorf("write in a hook: %v", err)
				}
			})
			_, err := tx.Exec(ctx, insertThing, firstID, "one")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"first", "second"}, got); diff != "" {
			t.Errorf("hooks (-want +got):\n%s", diff)
		}
		boom := errors.New("boom")
		err = db.Write(ctx, func(tx *sqldb.Tx) error {
			tx.AfterCommit(func() { t.Error("hook of a failed transaction ran") })
			return boom
		})
		if !errors.Is(err, boom) {
			t.Errorf("got %v, want boom", err)
		}
	})
}

func TestNow(t *testing.T) {
	t.Parallel()

	at := time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.FixedZone("east", 3600))
	for engine, url := range map[string]string{"sqlite": fileURL(t), "postgres": postgresURL(t)} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			db := open(t, sqldb.Config{URL: url, Now: func() time.Time { return at }})
			var got []time.Time
			err := db.Write(t.Context(), func(tx *sqldb.Tx) error {
				got = []time.Time{tx.Now(), tx.Now()}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if want := sqldb.FromMicros(sqldb.Micros(at)); !slices.Equal(got, []time.Time{want, want}) {
				t.Errorf("got %v, want twice %v", got, want)
			}
		})
	}
}

func TestStatements(t *testing.T) {
	t.Parallel()

	onBoth(t, func(t *testing.T, db *sqldb.DB) {
		things(t, db)
		ctx := t.Context()
		before := db.Statements()
		err := db.Write(ctx, func(tx *sqldb.Tx) error {
			if _, err := tx.Exec(ctx, insertThing, firstID, "one"); err != nil {
				return err
			}
			return tx.QueryRow(ctx, "SELECT count(*) FROM things").Scan(new(int))
		})
		if err != nil {
			t.Fatal(err)
		}
		count(t, db.Read())
		if err := insert(t, db, firstID, nil, nil); !sqldb.IsUnique(err) {
			t.Fatalf("got %v, want a unique violation", err)
		}
		if got := db.Statements() - before; got != 4 {
			t.Errorf("counted %d statements, want 4", got)
		}
	})
}

func TestReadPoolRefusesWrites(t *testing.T) {
	t.Parallel()

	onBoth(t, func(t *testing.T, db *sqldb.DB) {
		things(t, db)
		if _, err := db.Read().Exec(t.Context(), "DELETE FROM things"); err == nil {
			t.Error("want an error")
		}
	})
}

func TestClose(t *testing.T) {
	t.Parallel()

	onBoth(t, func(t *testing.T, db *sqldb.DB) {
		for range 2 {
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if err := db.Write(t.Context(), func(*sqldb.Tx) error { return nil }); !errors.Is(err, sqldb.ErrClosed) {
			t.Errorf("write: %v, want ErrClosed", err)
		}
		if _, err := db.Read().Query(t.Context(), "SELECT 1"); !errors.Is(err, sqldb.ErrClosed) {
			t.Errorf("query: %v, want ErrClosed", err)
		}
		if err := db.Ping(t.Context()); !errors.Is(err, sqldb.ErrClosed) {
			t.Errorf("ping: %v, want ErrClosed", err)
		}
	})
}
