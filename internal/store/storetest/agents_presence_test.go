package storetest_test

import (
	"context"
	"testing"
	"time"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

func TestSetAgentIgnored(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		w := storetest.NewWorld(t, st)
		leaving, other := storetest.Agent(t, st, w.Queue), storetest.Agent(t, st, w.Queue)
		for range 2 {
			storetest.Write(t, st, func(tx *sqldb.Tx) error { return store.SetAgentIgnored(t.Context(), tx, leaving.ID) })
		}
		leaving.IgnoreInDispatches = true
		for _, want := range []store.Agent{leaving, other} {
			got, err := store.GetAgent(t.Context(), st.Read(), want.ID)
			same(t, "agent", got, err, want)
		}
	})
}

func TestLoseAgent(t *testing.T) {
	t.Parallel()
	storetest.EachAt(t, func(t *testing.T, st *store.Store, clock *storetest.Clock) {
		w := storetest.NewWorld(t, st)
		quiet := storetest.Agent(t, st, w.Queue)
		gone := storetest.Agent(t, st, w.Queue, func(a *store.Agent) { a.State = store.AgentDisconnected })
		clock.Advance(time.Minute)
		lively := storetest.Agent(t, st, w.Queue)
		since := clock.Now()
		clock.Advance(time.Minute)
		for id, want := range map[string]bool{quiet.ID: true, gone.ID: false, lively.ID: false} {
			storetest.Write(t, st, func(tx *sqldb.Tx) error {
				lost, err := store.LoseAgent(t.Context(), tx, id, since, tx.Now())
				if lost != want {
					t.Errorf("lost is %t, want %t", lost, want)
				}
				return err
			})
		}
		got, err := store.GetAgent(t.Context(), st.Read(), quiet.ID)
		quiet.State, quiet.LostAt = store.AgentLost, new(clock.Now())
		same(t, "lost agent", got, err, quiet)
	})
}

func TestJobCountsOfQueues(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		w := storetest.NewWorld(t, st)
		other, empty := storetest.Queue(t, st, w.Cluster), storetest.Queue(t, st, w.Cluster)
		b := storetest.Build(t, st, w.Pipeline)
		step := storetest.Step(t, st, b)
		add := func(queue store.Queue, states ...build.JobState) {
			for _, state := range states {
				storetest.Job(t, st, b, step, func(j *store.Job) { j.QueueID, j.State = queue.ID, state })
			}
		}
		add(w.Queue, build.JobScheduled, build.JobReserved, build.JobAssigned, build.JobAccepted, build.JobRunning,
			build.JobCanceling, build.JobTimingOut, build.JobWaiting, build.JobBlocked, build.JobLimited, build.JobLimiting)
		add(w.Queue, build.JobFinished, build.JobCanceled, build.JobTimedOut, build.JobBroken, build.JobExpired)
		add(other, build.JobScheduled, build.JobFinished)
		got, err := store.JobCountsOfQueues(t.Context(), st.Read(), []string{w.Queue.ID, other.ID, empty.ID})
		want := []store.QueueJobCounts{
			{QueueID: w.Queue.ID, Scheduled: 2, Running: 5, Waiting: 4}, {QueueID: other.ID, Scheduled: 1},
		}
		same(t, "counts", got, err, want)
		got, err = store.JobCountsOfQueues(t.Context(), st.Read(), nil)
		same(t, "counts of none", got, err, nil)
	})
}

// Noting which agents were seen must not wait for a row of one while others wait for rows that it holds.
func TestTouchAgentsWaitsForNobody(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		if st.DB().Engine() == sqldb.SQLite {
			return // one transaction at a time
		}
		w := storetest.NewWorld(t, st)
		busy, free := storetest.Agent(t, st, w.Queue), storetest.Agent(t, st, w.Queue)
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		at := free.LastSeenAt.Add(time.Hour)
		err := st.Write(ctx, func(tx *sqldb.Tx) error {
			if _, err := store.LockAgent(ctx, tx, busy.ID); err != nil {
				return err
			}
			return st.Write(ctx, func(tx *sqldb.Tx) error {
				return store.TouchAgents(ctx, tx, []string{busy.ID, free.ID}, at)
			})
		})
		if err != nil {
			t.Fatal(err)
		}
		free.LastSeenAt = &at
		for _, want := range []store.Agent{busy, free} {
			got, err := store.GetAgent(ctx, st.Read(), want.ID)
			same(t, "touched", got, err, want)
		}
	})
}
