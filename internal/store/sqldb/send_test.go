package sqldb_test

import (
	"errors"
	"testing"

	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/google/go-cmp/cmp"
)

// counted is a statement that reads one number.
func counted(into *[]int, sql string, args ...any) sqldb.Statement {
	return sqldb.Statement{SQL: sql, Args: args, Read: func(rows sqldb.Rows) error {
		for rows.Next() {
			var n int
			if err := rows.Scan(&n); err != nil {
				return err
			}
			*into = append(*into, n)
		}
		return rows.Err()
	}}
}

func TestSend(t *testing.T) {
	t.Parallel()

	const all = "SELECT count(*) FROM things"
	onBoth(t, func(t *testing.T, db *sqldb.DB) {
		things(t, db)
		ctx := t.Context()
		boom := errors.New("boom")
		refuse := sqldb.Statement{SQL: all, Read: func(sqldb.Rows) error { return boom }}

		t.Run("in order", func(t *testing.T) {
			var got []int
			before := db.Statements()
			err := db.Write(ctx, func(tx *sqldb.Tx) error {
				got = nil
				return tx.Send(ctx, counted(&got, all),
					counted(&got, "INSERT INTO things (id, name, size) VALUES ($1, $2, 7) RETURNING size", firstID, "one"), counted(&got, all))
			})
			if diff := cmp.Diff([]int{0, 7, 1}, got); err != nil || diff != "" {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
			if n := db.Statements() - before; n != 3 {
				t.Errorf("counted %d statements, want 3", n)
			}
		})
		t.Run("read pool", func(t *testing.T) {
			var got []int
			err := db.Read().Send(ctx, counted(&got, all), counted(&got, "SELECT 1 WHERE 1 = 0"), counted(&got, "SELECT 5"))
			if diff := cmp.Diff([]int{1, 5}, got); err != nil || diff != "" {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
		t.Run("refusing to read ends it and spares the transaction", func(t *testing.T) {
			var got []int
			err := db.Write(ctx, func(tx *sqldb.Tx) error {
				if err := tx.Send(ctx, refuse, counted(&got, all)); err != boom {
					t.Errorf("got %v, want boom", err)
				}
				_, err := tx.Exec(ctx, insertThing, secondID, "two")
				return err
			})
			if err != nil || len(got) != 0 {
				t.Errorf("%v, read %v", err, got)
			}
			if err := db.Read().Send(ctx, refuse, counted(&got, all)); !errors.Is(err, boom) || len(got) != 0 {
				t.Errorf("read pool: %v, read %v", err, got)
			}
		})
		t.Run("failed statement", func(t *testing.T) {
			var got []int
			err := db.Write(ctx, func(tx *sqldb.Tx) error {
				err := tx.Send(ctx, counted(&got, all), counted(&got, insertThing, firstID, "again"), counted(&got, all))
				if !sqldb.IsUnique(err) {
					t.Errorf("got %v, want a unique violation", err)
				}
				return nil
			})
			if !errors.Is(err, sqldb.ErrAborted) || len(got) != 1 {
				t.Errorf("%v, read %v", err, got)
			}
		})
		t.Run("failed scan", func(t *testing.T) {
			err := db.Write(ctx, func(tx *sqldb.Tx) error {
				if err := tx.Send(ctx, counted(new([]int), "SELECT name FROM things")); err == nil {
					t.Error("scanned a name into a number")
				}
				return nil
			})
			if !errors.Is(err, sqldb.ErrAborted) {
				t.Errorf("got %v, want ErrAborted", err)
			}
		})
	})
}

func TestLater(t *testing.T) {
	t.Parallel()

	onBoth(t, func(t *testing.T, db *sqldb.DB) {
		things(t, db)
		ctx := t.Context()
		t.Run("before the next statement", func(t *testing.T) {
			var affected []int64
			note := func(n int64) error { affected = append(affected, n); return nil }
			err := db.Write(ctx, func(tx *sqldb.Tx) error {
				affected = nil
				err := errors.Join(
					tx.Later(ctx, nil, insertThing, firstID, "one"),
					tx.Later(ctx, note, "UPDATE things SET size = 0 WHERE id = $1", firstID),
					tx.Later(ctx, note, grow, secondID),
				)
				if n := count(t, tx); n != 1 {
					t.Errorf("%d rows inside, want 1", n)
				}
				return errors.Join(err, tx.Later(ctx, note, grow, firstID))
			})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]int64{1, 0, 1}, affected); diff != "" {
				t.Errorf("affected (-want +got):\n%s", diff)
			}
			if n := size(t, db, firstID); n != 1 {
				t.Errorf("size %d, want 1", n)
			}
		})
		t.Run("more than travel at once", func(t *testing.T) {
			const n = 300
			err := db.Write(ctx, func(tx *sqldb.Tx) error {
				for range n {
					if err := tx.Later(ctx, nil, grow, firstID); err != nil {
						return err
					}
				}
				return nil
			})
			if got := size(t, db, firstID); err != nil || got != n+1 {
				t.Errorf("%v, size %d, want %d", err, got, n+1)
			}
		})
		for name, end := range map[string]func(tx *sqldb.Tx) error{
			"at the commit":      func(*sqldb.Tx) error { return nil },
			"in the next insert": func(tx *sqldb.Tx) error { _, err := tx.Exec(ctx, insertThing, secondID, "two"); return err },
			"in the next query":  func(tx *sqldb.Tx) error { return tx.QueryRow(ctx, "SELECT 1").Scan(new(int)) },
			"ignored":            func(tx *sqldb.Tx) error { _, _ = tx.Exec(ctx, insertThing, secondID, "two"); return nil },
		} {
			t.Run("failure is told "+name, func(t *testing.T) {
				err := db.Write(ctx, func(tx *sqldb.Tx) error {
					if err := tx.Later(ctx, nil, insertThing, firstID, "again"); err != nil {
						return err
					}
					return end(tx)
				})
				if !sqldb.IsUnique(err) {
					t.Errorf("got %v, want a unique violation", err)
				}
			})
			t.Run("refused check is told "+name, func(t *testing.T) {
				none := errors.New("none")
				err := db.Write(ctx, func(tx *sqldb.Tx) error {
					if _, err := tx.Exec(ctx, insertThing, thirdID, "three"); err != nil {
						return err
					}
					refuse := func(n int64) error {
						if n != 0 {
							t.Errorf("affected %d", n)
						}
						return none
					}
					if err := tx.Later(ctx, refuse, grow, secondID); err != nil {
						return err
					}
					return end(tx)
				})
				if !errors.Is(err, none) {
					t.Errorf("got %v", err)
				}
			})
		}
		if n := count(t, db.Read()); n != 1 {
			t.Errorf("%d rows in the end, want 1", n)
		}
	})
}

func TestLast(t *testing.T) {
	t.Parallel()

	onBoth(t, func(t *testing.T, db *sqldb.DB) {
		things(t, db)
		ctx := t.Context()
		var leaked *sqldb.Tx
		err := db.Write(ctx, func(tx *sqldb.Tx) error {
			leaked = tx
			return tx.Last(ctx, "a", insertThing, firstID, "one")
		})
		if n := count(t, db.Read()); err != nil || n != 1 {
			t.Errorf("%v, %d rows", err, n)
		}
		for _, err := range []error{leaked.Last(ctx, "", grow, firstID), leaked.Later(ctx, nil, grow, firstID), leaked.Send(ctx)} {
			if !errors.Is(err, sqldb.ErrTxEnded) {
				t.Errorf("got %v, want ErrTxEnded", err)
			}
		}
	})
}

// What several transactions write last, they write in the same order.
func TestLastInOrder(t *testing.T) {
	t.Parallel()

	db := open(t, sqldb.Config{URL: postgresURL(t)})
	things(t, db)
	ctx := t.Context()
	if err := insert(t, db, firstID, nil, new(int64(0))); err != nil {
		t.Fatal(err)
	}
	err := db.Write(ctx, func(tx *sqldb.Tx) error {
		return errors.Join(
			tx.Last(ctx, "b", "UPDATE things SET size = size * 10 + 2 WHERE id = $1", firstID),
			tx.Last(ctx, "a", "UPDATE things SET size = size * 10 + 1 WHERE id = $1", firstID),
			tx.Last(ctx, "c", "UPDATE things SET size = size * 10 + 3 WHERE id = $1", firstID),
			tx.Later(ctx, nil, "UPDATE things SET size = 9 WHERE id = $1", firstID),
		)
	})
	if got := size(t, db, firstID); err != nil || got != 9123 {
		t.Errorf("%v, size %d, want 9123", err, got)
	}
}

// The BEGIN and what nobody waits for take no trips of their own.
func TestTrips(t *testing.T) {
	t.Parallel()

	db := open(t, sqldb.Config{URL: postgresURL(t)})
	things(t, db)
	ctx := t.Context()
	for name, c := range map[string]struct {
		fn   func(tx *sqldb.Tx) error
		want int64
	}{
		"nothing":       {func(*sqldb.Tx) error { return nil }, 0},
		"one statement": {func(tx *sqldb.Tx) error { _, err := tx.Exec(ctx, grow, firstID); return err }, 2},
		"later":         {func(tx *sqldb.Tx) error { return tx.Later(ctx, nil, grow, firstID) }, 1},
		"later with a check": {
			func(tx *sqldb.Tx) error { return tx.Later(ctx, func(int64) error { return nil }, grow, firstID) }, 2,
		},
		"send, later, last": {func(tx *sqldb.Tx) error {
			return errors.Join(
				tx.Send(ctx, counted(new([]int), "SELECT 1"), counted(new([]int), "SELECT 1")),
				tx.Later(ctx, nil, grow, firstID), tx.Last(ctx, "", grow, firstID),
			)
		}, 2},
	} {
		before := db.Trips()
		if err := db.Write(ctx, c.fn); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := db.Trips() - before; got != c.want {
			t.Errorf("%s: %d trips, want %d", name, got, c.want)
		}
	}
}
