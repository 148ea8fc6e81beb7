package sqldb_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/google/go-cmp/cmp"
)

func TestConcurrentWrites(t *testing.T) {
	t.Parallel()

	onBoth(t, func(t *testing.T, db *sqldb.DB) {
		things(t, db)
		ctx := t.Context()
		if err := insert(t, db, firstID, nil, new(int64(0))); err != nil {
			t.Fatal(err)
		}
		const writers, each = 8, 20
		boom := errors.New("boom")
		var wg sync.WaitGroup
		for range writers {
			wg.Go(func() {
				for i := range each {
					fails := i%4 == 3
					err := db.Write(ctx, func(tx *sqldb.Tx) error {
						var size int64
						if err := tx.QueryRow(ctx, "SELECT size FROM things WHERE id = $1 "+sqldb.ForUpdate(tx), firstID).Scan(&size); err != nil {
							return err
						}
						if _, err := tx.Exec(ctx, "UPDATE things SET size = $1 WHERE id = $2", size+1, firstID); err != nil {
							return err
						}
						if fails {
							return boom
						}
						return nil
					})
					if fails != errors.Is(err, boom) || !fails && err != nil {
						t.Errorf("write %d: %v", i, err)
					}
				}
			})
		}
		wg.Wait()
		var size int64
		if err := db.Read().QueryRow(ctx, "SELECT size FROM things").Scan(&size); err != nil {
			t.Fatal(err)
		}
		if want := int64(writers * each * 3 / 4); size != want {
			t.Errorf("counted to %d, want %d", size, want)
		}
	})
}

// Transactions that wait at the same moment share a commit: none returns before all have run. One that fails, or
// panics, takes nothing with it.
func TestGroupCommit(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		db := open(t, sqldb.Config{URL: "sqlite::memory:"})
		things(t, db)
		ctx := t.Context()
		var wg sync.WaitGroup
		holding, release := make(chan struct{}), make(chan struct{})
		wg.Go(func() {
			err := db.Write(ctx, func(*sqldb.Tx) error {
				close(holding)
				<-release
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
		<-holding

		var returned atomic.Int32
		boom := errors.New("boom")
		for i := range 10 {
			wg.Go(func() {
				defer func() {
					if v := recover(); v != nil && i != 4 {
						t.Errorf("write %d panicked: %v", i, v)
					}
				}()
				err := db.Write(ctx, func(tx *sqldb.Tx) error {
					if n := returned.Load(); n != 0 {
						t.Errorf("%d writes returned before write %d ran", n, i)
					}
					if _, err := tx.Exec(ctx, "INSERT INTO things (id, name) VALUES ($1, $1)", fmt.Sprint(i)); err != nil {
						return err
					}
					switch i {
					case 3:
						return boom
					case 4:
						panic("boom")
					}
					return nil
				})
				returned.Add(1)
				if (i == 3) != errors.Is(err, boom) || i != 3 && err != nil {
					t.Errorf("write %d: %v", i, err)
				}
			})
		}
		synctest.Wait() // all ten are waiting for the writer
		close(release)
		wg.Wait()

		var names string
		if err := db.Read().QueryRow(ctx, "SELECT group_concat(name, '') FROM (SELECT name FROM things ORDER BY name)").Scan(&names); err != nil {
			t.Fatal(err)
		}
		if names != "01256789" {
			t.Errorf("committed %s, want all but 3 and 4", names)
		}
	})
}

// A transaction that the database asks to be repeated runs again, with everything its function sets anew.
func TestDeadlockIsRepeated(t *testing.T) {
	t.Parallel()

	db := open(t, sqldb.Config{URL: postgresURL(t)})
	things(t, db)
	ctx := t.Context()
	for _, id := range []string{firstID, secondID} {
		if err := insert(t, db, id, &id, new(int64(0))); err != nil {
			t.Fatal(err)
		}
	}
	var wg, bothLocked sync.WaitGroup
	bothLocked.Add(2)
	var attempts, hooks atomic.Int32
	for _, order := range [][2]string{{firstID, secondID}, {secondID, firstID}} {
		wg.Go(func() {
			met := false
			err := db.Write(ctx, func(tx *sqldb.Tx) error {
				attempts.Add(1)
				tx.AfterCommit(func() { hooks.Add(1) })
				if _, err := tx.Exec(ctx, grow, order[0]); err != nil {
					return err
				}
				if !met {
					met = true
					bothLocked.Done()
					bothLocked.Wait()
				}
				_, err := tx.Exec(ctx, grow, order[1])
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if attempts.Load() < 3 || hooks.Load() != 2 {
		t.Errorf("%d attempts and %d hooks, want at least 3 and exactly 2", attempts.Load(), hooks.Load())
	}
	var sizes [2]int64
	row := db.Read().QueryRow(ctx, "SELECT min(size), max(size) FROM things")
	if err := row.Scan(&sizes[0], &sizes[1]); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([2]int64{2, 2}, sizes); diff != "" {
		t.Errorf("sizes (-want +got):\n%s", diff)
	}
}

// Readers go on while a transaction is open, and do not see it.
func TestReadersBesideTheWriter(t *testing.T) {
	t.Parallel()

	onBoth(t, func(t *testing.T, db *sqldb.DB) {
		things(t, db)
		ctx := t.Context()
		err := db.Write(ctx, func(tx *sqldb.Tx) error {
			if _, err := tx.Exec(ctx, insertThing, firstID, "one"); err != nil {
				return err
			}
			if n := count(t, db.Read()); n != 0 {
				t.Errorf("a reader sees %d uncommitted rows", n)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if n := count(t, db.Read()); n != 1 {
			t.Errorf("a reader sees %d rows after the commit, want 1", n)
		}
	})
}
