package sqldb_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/google/go-cmp/cmp"
)

const grow = "UPDATE things SET size = size + 1 WHERE id = $1"

func size(t *testing.T, db *sqldb.DB, id string) int64 {
	t.Helper()
	var n int64
	if err := db.Read().QueryRow(t.Context(), "SELECT size FROM things WHERE id = $1", id).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// Whatever one of those that share a transaction does wrong is its own affair, on both engines.
func TestWriteTogether(t *testing.T) {
	t.Parallel()

	onBoth(t, func(t *testing.T, db *sqldb.DB) {
		things(t, db)
		ctx := t.Context()
		if err := insert(t, db, firstID, nil, new(int64(0))); err != nil {
			t.Fatal(err)
		}
		const writers, each = 8, 20
		boom := errors.New("boom")
		var hooks atomic.Int32
		var wg sync.WaitGroup
		for range writers {
			wg.Go(func() {
				for i := range each {
					err := db.WriteTogether(ctx, firstID, nil, func(tx *sqldb.Tx) error {
						tx.AfterCommit(func() { hooks.Add(1) })
						var size int64
						if err := tx.QueryRow(ctx, "SELECT size FROM things WHERE id = $1 "+sqldb.ForUpdate(tx), firstID).Scan(&size); err != nil {
							return err
						}
						if err := tx.Later(ctx, nil, "UPDATE things SET size = $1 WHERE id = $2", size+1, firstID); err != nil {
							return err
						}
						switch i % 4 {
						case 2:
							return tx.Later(ctx, func(int64) error { return boom }, grow, secondID)
						case 3:
							return boom
						}
						return nil
					})
					if fails := i%4 >= 2; fails != errors.Is(err, boom) || !fails && err != nil {
						t.Errorf("write %d: %v", i, err)
					}
				}
			})
		}
		wg.Wait()
		if got, want := size(t, db, firstID), int64(writers*each/2); got != want || int64(hooks.Load()) != want {
			t.Errorf("counted to %d and ran %d hooks, want %d", got, hooks.Load(), want)
		}
	})
}

// group starts a transaction that holds its key until all others wait for it, and returns how each ended, its own first.
func group(t *testing.T, db *sqldb.DB, others ...func(tx *sqldb.Tx) error) []error {
	t.Helper()
	ctx := t.Context()
	holding, release := make(chan struct{}), make(chan struct{})
	errs := make([]error, 1+len(others))
	var wg sync.WaitGroup
	wg.Go(func() {
		var once sync.Once
		errs[0] = db.WriteTogether(ctx, firstID, nil, func(tx *sqldb.Tx) error {
			once.Do(func() { close(holding); <-release })
			_, err := tx.Exec(ctx, grow, firstID)
			return err
		})
	})
	<-holding
	for i, fn := range others {
		wg.Go(func() {
			defer func() {
				if v := recover(); v != nil {
					errs[1+i] = fmt.Errorf("panicked: %v", v)
				}
			}()
			errs[1+i] = db.WriteTogether(ctx, firstID, i, fn)
		})
		for db.Waiting(firstID) <= i {
			runtime.Gosched()
		}
	}
	close(release)
	wg.Wait()
	return errs
}

// On PostgreSQL those who wait share one transaction, with a trip each and one more for the commit.
func TestOneTransactionForAll(t *testing.T) {
	t.Parallel()

	db := open(t, sqldb.Config{URL: postgresURL(t)})
	things(t, db)
	ctx := t.Context()
	if err := insert(t, db, firstID, nil, new(int64(0))); err != nil {
		t.Fatal(err)
	}
	const others = 10
	var mu sync.Mutex
	transactions := map[int64]int{}
	member := func(tx *sqldb.Tx) error {
		var id int64
		if err := tx.QueryRow(ctx, "SELECT pg_current_xact_id()::text::bigint").Scan(&id); err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		transactions[id]++
		return tx.Later(ctx, nil, grow, firstID)
	}
	members := make([]func(*sqldb.Tx) error, others)
	for i := range members {
		members[i] = member
	}
	before := db.Trips()
	errs := group(t, db, members...)
	trips := db.Trips() - before
	for _, err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
	if len(transactions) != 1 {
		t.Errorf("shared by transaction: %v, want one", transactions)
	}
	if want := int64(1 + others + 1); trips != want {
		t.Errorf("%d trips, want %d", trips, want)
	}
	if got := size(t, db, firstID); got != others+1 {
		t.Errorf("counted to %d, want %d", got, others+1)
	}
}

// What one leaves for the next is there for those that share its transaction, and for nobody else.
func TestShared(t *testing.T) {
	t.Parallel()

	type key struct{}
	onBoth(t, func(t *testing.T, db *sqldb.DB) {
		for range 2 {
			err := db.Write(t.Context(), func(tx *sqldb.Tx) error {
				if got := tx.Shared(key{}); got != nil {
					t.Errorf("found %v in a transaction of its own", got)
				}
				tx.Share(key{}, 1)
				if got := tx.Shared(key{}); got != 1 {
					t.Errorf("found %v, want 1", got)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	})
	t.Run("in a group", func(t *testing.T) {
		t.Parallel()
		db := open(t, sqldb.Config{URL: postgresURL(t)})
		things(t, db)
		if err := insert(t, db, firstID, nil, new(int64(0))); err != nil {
			t.Fatal(err)
		}
		var found []any
		count := func(tx *sqldb.Tx) error {
			last, _ := tx.Shared(key{}).(int)
			found = append(found, last)
			tx.Share(key{}, last+1)
			return nil
		}
		if err := errors.Join(group(t, db, count, count, count)...); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]any{0, 1, 2}, found); diff != "" {
			t.Errorf("found (-want +got):\n%s", diff)
		}
	})
}

// Each is told what those are about that wait behind it.
func TestTellOthersWaiting(t *testing.T) {
	t.Parallel()

	db := open(t, sqldb.Config{URL: postgresURL(t)})
	things(t, db)
	if err := insert(t, db, firstID, nil, new(int64(0))); err != nil {
		t.Fatal(err)
	}
	var told [][]any
	note := func(tx *sqldb.Tx) error {
		told = append(told, tx.Waiting())
		return nil
	}
	if err := errors.Join(group(t, db, note, note, note)...); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]any{{1, 2}, {2}, {}}, told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	err := db.Write(t.Context(), func(tx *sqldb.Tx) error {
		if got := tx.Waiting(); len(got) > 0 {
			t.Errorf("a transaction that nobody can share is told of %v", got)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// One that fails, panics or gives up takes nothing with it.
func TestFailureInAGroup(t *testing.T) {
	t.Parallel()

	boom := errors.New("boom")
	for name, bad := range map[string]struct {
		fn   func(ctx context.Context, tx *sqldb.Tx) error
		want string
	}{
		"error":            {func(context.Context, *sqldb.Tx) error { return boom }, "boom"},
		"panic":            {func(context.Context, *sqldb.Tx) error { panic("boom") }, "panicked: boom"},
		"failed statement": {func(ctx context.Context, tx *sqldb.Tx) error { _, err := tx.Exec(ctx, "SELECT 1/0"); return err }, "ERROR: division by zero (SQLSTATE 22012)"},
		"failed at the commit": {
			func(ctx context.Context, tx *sqldb.Tx) error { return tx.Last(ctx, "", insertThing, firstID, "again") },
			`commit transaction: ERROR: duplicate key value violates unique constraint "things_pkey" (SQLSTATE 23505)`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t, sqldb.Config{URL: postgresURL(t)})
			things(t, db)
			ctx := t.Context()
			if err := insert(t, db, firstID, nil, new(int64(0))); err != nil {
				t.Fatal(err)
			}
			good := func(tx *sqldb.Tx) error { return tx.Later(ctx, nil, grow, firstID) }
			errs := group(t, db, good, func(tx *sqldb.Tx) error {
				if err := tx.Later(ctx, nil, grow, firstID); err != nil {
					return err
				}
				return bad.fn(ctx, tx)
			}, good)
			if err := errors.Join(errs[0], errs[1], errs[3]); err != nil {
				t.Errorf("others failed: %v", err)
			}
			if errs[2] == nil || errs[2].Error() != bad.want {
				t.Errorf("got %v, want %s", errs[2], bad.want)
			}
			if got := size(t, db, firstID); got != 3 {
				t.Errorf("counted to %d, want 3", got)
			}
		})
	}
}

// A member whose caller has gone away while it waited does not run.
func TestGivingUpInAGroup(t *testing.T) {
	t.Parallel()

	db := open(t, sqldb.Config{URL: postgresURL(t)})
	things(t, db)
	ctx := t.Context()
	if err := insert(t, db, firstID, nil, new(int64(0))); err != nil {
		t.Fatal(err)
	}
	gone, leave := context.WithCancel(ctx)
	left := make(chan error)
	errs := group(t, db, func(tx *sqldb.Tx) error {
		go func() {
			left <- db.WriteTogether(gone, firstID, nil, func(*sqldb.Tx) error { t.Error("ran"); return nil })
		}()
		for db.Waiting(firstID) == 0 {
			runtime.Gosched()
		}
		leave()
		if err := <-left; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		return tx.Later(ctx, nil, grow, firstID)
	})
	if err := errors.Join(errs...); err != nil || size(t, db, firstID) != 2 {
		t.Errorf("others: %v, counted to %d", err, size(t, db, firstID))
	}
}
