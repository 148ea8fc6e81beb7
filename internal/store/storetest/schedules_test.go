package storetest_test

import (
	"testing"
	"time"

	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

func TestSchedules(t *testing.T) {
	t.Parallel()
	storetest.EachAt(t, func(t *testing.T, st *store.Store, clock *storetest.Clock) {
		ctx, q := t.Context(), st.Read()
		w := storetest.NewWorld(t, st)
		now := clock.Now()
		due := now.Add(time.Hour)
		full := store.Schedule{
			ID: store.NewID(), PipelineID: w.Pipeline.ID, Cronline: "@daily", Label: new("Nightly"), Message: new("Build it"),
			Commit: "HEAD", Branch: new("main"), Env: map[string]string{"A": "1"}, Enabled: true, NextBuildAt: &due,
			FailedAt: &now, FailedMessage: new("No"), CreatedByID: &w.Admin.ID, CreatedAt: now,
		}
		bare := store.Schedule{ID: store.NewID(), PipelineID: w.Pipeline.ID, Cronline: "@hourly", Commit: "HEAD", CreatedAt: now}
		for _, s := range []store.Schedule{full, bare} {
			storetest.Write(t, st, func(tx *sqldb.Tx) error { return store.InsertSchedule(ctx, tx, s) })
		}

		got, err := store.GetSchedule(ctx, q, full.ID)
		same(t, "full", got, err, full)
		got, err = store.GetSchedule(ctx, q, bare.ID)
		same(t, "bare", got, err, bare)
		_, err = store.GetSchedule(ctx, q, store.NewID())
		fails(t, "unknown", err, store.ErrNotFound)

		items, err := store.ListSchedules(ctx, q, w.Pipeline.ID, store.Page{Limit: 10})
		same(t, "list", items, err, []store.Schedule{bare, full})
		items, err = store.ListSchedules(ctx, q, w.Pipeline.ID, store.Page{Limit: 1, Offset: 1})
		same(t, "second page", items, err, []store.Schedule{full})
		n, err := store.CountSchedules(ctx, q, w.Pipeline.ID)
		same(t, "count", n, err, 2)
		n, err = store.CountSchedules(ctx, q, store.NewID())
		same(t, "count of another pipeline", n, err, 0)

		storetest.Write(t, st, func(tx *sqldb.Tx) error {
			locked, err := store.LockSchedule(ctx, tx, bare.ID)
			same(t, "locked", locked, err, bare)
			bare.Cronline, bare.Label, bare.Message, bare.Commit = "@weekly", new("Weekly"), new("Again"), "abc"
			bare.Branch, bare.Env, bare.Enabled, bare.NextBuildAt = new("next"), map[string]string{"B": "2"}, true, &due
			return store.UpdateSchedule(ctx, tx, bare)
		})
		got, err = store.GetSchedule(ctx, q, bare.ID)
		same(t, "updated", got, err, bare)

		advance := func(s store.Schedule, due time.Time) error {
			return st.Write(ctx, func(tx *sqldb.Tx) error { return store.AdvanceSchedule(ctx, tx, s, due) })
		}
		later := due.Add(time.Hour)
		full.NextBuildAt, full.FailedAt, full.FailedMessage = &later, nil, nil
		fails(t, "advanced from another time", advance(full, now), store.ErrStale)
		same(t, "advanced", advance(full, due), nil, error(nil))
		fails(t, "advanced twice", advance(full, due), store.ErrStale)
		got, err = store.GetSchedule(ctx, q, full.ID)
		same(t, "after the advance", got, err, full)
		full.NextBuildAt, full.FailedAt, full.FailedMessage = nil, &later, new("Not again")
		same(t, "advanced to the end", advance(full, later), nil, error(nil))
		got, err = store.GetSchedule(ctx, q, full.ID)
		same(t, "at the end", got, err, full)

		remove := func() error {
			return st.Write(ctx, func(tx *sqldb.Tx) error { return store.DeleteSchedule(ctx, tx, full.ID) })
		}
		same(t, "deleted", remove(), nil, error(nil))
		fails(t, "deleted twice", remove(), store.ErrNotFound)
		fails(t, "updated after", st.Write(ctx, func(tx *sqldb.Tx) error { return store.UpdateSchedule(ctx, tx, full) }), store.ErrNotFound)
		storetest.Write(t, st, func(tx *sqldb.Tx) error { return store.DeletePipeline(ctx, tx, w.Pipeline.ID) })
		_, err = store.GetSchedule(ctx, q, bare.ID)
		fails(t, "of a deleted pipeline", err, store.ErrNotFound)
	})
}
