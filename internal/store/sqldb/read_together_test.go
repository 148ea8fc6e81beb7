package sqldb_test

import (
	"errors"
	"testing"

	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

func TestReadTogether(t *testing.T) {
	t.Parallel()

	onBoth(t, func(t *testing.T, db *sqldb.DB) {
		things(t, db)
		var kept sqldb.Queryer
		err := db.ReadTogether(t.Context(), func(q sqldb.Queryer) error {
			kept = q
			before := count(t, q)
			if err := insert(t, db, firstID, new("one"), nil); err != nil {
				return err
			}
			after := count(t, q)
			if one := db.Engine() == sqldb.SQLite; one != (before == after) {
				t.Errorf("counted %d and then %d", before, after)
			}
			if _, err := q.Exec(t.Context(), "DELETE FROM things"); err == nil {
				t.Error("a reader may write")
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if n := count(t, db.Read()); n != 1 {
			t.Errorf("%d rows afterwards", n)
		}
		if db.Engine() == sqldb.SQLite {
			if err := kept.QueryRow(t.Context(), "SELECT 1").Scan(new(int)); !errors.Is(err, sqldb.ErrTxEnded) {
				t.Errorf("after its end: %v", err)
			}
		}
	})
}

// TestReadTogetherGivesItsConnectionBack runs more of them than there are connections, with every way to end.
func TestReadTogetherGivesItsConnectionBack(t *testing.T) {
	t.Parallel()

	db := open(t, sqldb.Config{URL: "sqlite::memory:", Readers: 1})
	things(t, db)
	failed := errors.New("failed")
	for _, end := range []func(q sqldb.Queryer) error{
		func(sqldb.Queryer) error { return nil },
		func(sqldb.Queryer) error { return failed },
		func(sqldb.Queryer) error { panic(failed) },
		func(q sqldb.Queryer) error {
			_, err := q.Query(t.Context(), "SELECT id FROM things") // and leaves the rows open
			return err
		},
		func(q sqldb.Queryer) error {
			_, err := q.Query(t.Context(), "SELECT nothing")
			return err
		},
	} {
		func() {
			defer func() { _ = recover() }()
			_ = db.ReadTogether(t.Context(), end)
		}()
		if n := count(t, db.Read()); n != 0 {
			t.Errorf("%d rows", n)
		}
	}
}
