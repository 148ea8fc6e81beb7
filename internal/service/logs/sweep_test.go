package logs_test

import (
	"testing"

	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

func TestSweep(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle) {
		gone := b
		gone.job = storetest.RunningJob(t, b.store, b.world.Pipeline)
		b.append(t, 0, "kept")
		gone.append(t, 0, "dropped")
		storetest.Write(t, b.store, func(tx *sqldb.Tx) error {
			_, err := tx.Exec(t.Context(), "DELETE FROM builds WHERE id = $1", gone.job.BuildID)
			return err
		})
		s := b.start()
		if err := s.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		b.Service, gone.Service = s, s
		if got := b.read(t, 0, -1); got != "kept" {
			t.Errorf("got %q", got)
		}
		if got := gone.size(t); got != 0 {
			t.Errorf("%d bytes are left of a job that is gone", got)
		}
	})
}
