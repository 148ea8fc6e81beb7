package storetest_test

import (
	"testing"

	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

func TestJobLogs(t *testing.T) {
	t.Parallel()
	storetest.EachAt(t, func(t *testing.T, st *store.Store, clock *storetest.Clock) {
		ctx, q := t.Context(), st.Read()
		job := storetest.RunningJob(t, st, storetest.NewWorld(t, st).Pipeline)
		_, err := store.GetJobLog(ctx, q, job.ID)
		fails(t, "before it is open", err, store.ErrNotFound)

		open := func() {
			storetest.Write(t, st, func(tx *sqldb.Tx) error { return store.OpenJobLog(ctx, tx, job.ID, tx.Now()) })
		}
		open()
		want := store.JobLog{JobID: job.ID, BuildID: job.BuildID, State: store.LogOpen, UpdatedAt: clock.Now()}
		got, err := store.GetJobLog(ctx, q, job.ID)
		same(t, "open", got, err, want)
		open()
		err = st.Write(ctx, func(tx *sqldb.Tx) error { return store.OpenJobLog(ctx, tx, store.NewID(), tx.Now()) })
		fails(t, "a job that is not there", err, store.ErrNotFound)

		storetest.Write(t, st, func(tx *sqldb.Tx) error { return store.TruncateJobLog(ctx, tx, job.ID) })
		want.Truncated = true
		got, err = store.GetJobLog(ctx, q, job.ID)
		same(t, "truncated", got, err, want)

		want.State, want.Size, want.BlobKey = store.LogClosed, 10, "logs/1"
		want.HeaderTimes, want.PostedTimes = []int64{1, 2}, map[int]int64{0: 5}
		storetest.Write(t, st, func(tx *sqldb.Tx) error {
			got, err := store.LockJobLog(ctx, tx, job.ID)
			if err != nil {
				return err
			}
			return store.SaveJobLog(ctx, tx, want, got.State)
		})
		got, err = store.GetJobLog(ctx, q, job.ID)
		same(t, "closed", got, err, want)
		err = st.Write(ctx, func(tx *sqldb.Tx) error { return store.SaveJobLog(ctx, tx, want, store.LogOpen) })
		fails(t, "closed twice", err, store.ErrStale)
	})
}

func TestLogChunks(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		ctx, q := t.Context(), st.Read()
		job := storetest.RunningJob(t, st, storetest.NewWorld(t, st).Pipeline)
		type progress struct {
			Size, Stored int64
			OK           bool
		}
		add := func(start, size int64) progress {
			t.Helper()
			var p progress
			storetest.Write(t, st, func(tx *sqldb.Tx) error {
				l, ok, err := store.AddLogChunk(ctx, tx, job.ID, store.LogChunk{Start: start, Size: size, Data: []byte("x")}, tx.Now())
				p = progress{l.Size, l.Stored, ok}
				return err
			})
			return p
		}
		same(t, "no log", add(0, 5), nil, progress{})
		storetest.Write(t, st, func(tx *sqldb.Tx) error { return store.OpenJobLog(ctx, tx, job.ID, tx.Now()) })
		for _, c := range []struct {
			name        string
			start, size int64
			want        progress
		}{
			{"first", 0, 5, progress{5, 5, true}},
			{"after a gap", 10, 5, progress{5, 10, true}},
			{"the same again", 10, 5, progress{5, 10, true}},
			{"held already", 1, 3, progress{5, 10, true}},
			{"further on", 15, 5, progress{5, 15, true}},
			{"filling the gap", 5, 5, progress{20, 20, true}},
			{"overlapping the end", 18, 4, progress{22, 24, true}},
			{"from within to the end", 19, 3, progress{22, 24, true}},
		} {
			same(t, c.name, add(c.start, c.size), nil, c.want)
		}
		log, err := store.GetJobLog(ctx, q, job.ID)
		same(t, "the row", progress{log.Size, log.Stored, true}, err, progress{22, 24, true})

		var starts []int64
		chunks, err := store.LogChunks(ctx, q, job.ID, 7, 3)
		for _, c := range chunks {
			starts = append(starts, c.Start)
		}
		same(t, "from an offset", starts, err, []int64{5, 10, 15})

		err = st.Write(ctx, func(tx *sqldb.Tx) error {
			_, _, err := store.AddLogChunk(ctx, tx, job.ID, store.LogChunk{Start: 30, Size: 1<<20 + 1}, tx.Now())
			return err
		})
		if err == nil {
			t.Error("a chunk that is too large was kept")
		}
		storetest.Write(t, st, func(tx *sqldb.Tx) error {
			log.State = store.LogClosed
			return store.SaveJobLog(ctx, tx, log, store.LogOpen)
		})
		same(t, "closed", add(22, 5), nil, progress{})
		storetest.Write(t, st, func(tx *sqldb.Tx) error { return store.DeleteLogChunks(ctx, tx, job.ID) })
		chunks, err = store.LogChunks(ctx, q, job.ID, 0, 10)
		same(t, "deleted", len(chunks), err, 0)
	})
}

func TestInstanceValue(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		for _, made := range []string{"first", "second"} {
			got, err := store.InstanceValue(t.Context(), st, "a key", func() string { return made })
			same(t, made, got, err, "first")
		}
		got, err := store.InstanceValue(t.Context(), st, "another key", func() string { return "other" })
		same(t, "another", got, err, "other")
	})
}
