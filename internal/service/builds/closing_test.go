package builds_test

import (
	"testing"
	"time"

	"github.com/bridle-ci/bridle/internal/service/builds"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/bridle-ci/bridle/internal/store/storetest"
	"github.com/google/go-cmp/cmp"
)

// A log is closed with its job. One that is opened while the server ends the job is closed a little later, and an agent
// that reports the end has sent all there is.
func TestClosingOfLogs(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		lost := func(id string) { w.enqueue("builds.agent_lost", map[string]string{"job_id": id}); w.drain(0) }
		for name, c := range map[string]struct {
			logged bool
			end    func(got *builds.Assignment)
			want   []time.Duration
		}{
			"reported, with a log":    {true, func(got *builds.Assignment) { w.finish(got, 0) }, []time.Duration{0}},
			"reported, without a log": {false, func(got *builds.Assignment) { w.finish(got, 0) }, nil},
			"lost, with a log":        {true, func(got *builds.Assignment) { lost(got.Job.ID) }, []time.Duration{0}},
			"lost, without a log":     {false, func(got *builds.Assignment) { lost(got.Job.ID) }, []time.Duration{time.Minute}},
		} {
			w.build("steps:\n  - command: one\n")
			got := w.take(w.agent())
			if c.logged {
				storetest.Write(t, w.st, func(tx *sqldb.Tx) error { return store.OpenJobLog(t.Context(), tx, got.Job.ID, tx.Now()) })
			}
			c.end(got)
			var after []time.Duration
			job, err := store.GetJob(t.Context(), w.st.Read(), got.Job.ID)
			must(t, err)
			rows, err := w.st.Read().Query(t.Context(), "SELECT run_at FROM tasks WHERE kind = 'logs.close' AND key = $1", got.Job.ID)
			must(t, err)
			for rows.Next() {
				var at int64
				must(t, rows.Scan(&at))
				after = append(after, sqldb.FromMicros(at).Sub(*job.FinishedAt).Truncate(time.Second))
			}
			must(t, rows.Err())
			if diff := cmp.Diff(c.want, after); diff != "" {
				t.Errorf("%s: closed after its end (-want +got):\n%s", name, diff)
			}
		}
	})
}
