package storetest_test

import (
	"testing"
	"time"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

func TestAgents(t *testing.T) {
	t.Parallel()
	storetest.EachAt(t, func(t *testing.T, st *store.Store, clock *storetest.Clock) {
		ctx, q := t.Context(), st.Read()
		w := storetest.NewWorld(t, st)
		token := storetest.ClusterToken(t, st, w.Cluster)
		now := clock.Now()
		full := storetest.Agent(t, st, w.Queue, func(a *store.Agent) {
			a.TokenID, a.Priority, a.MachineID, a.PID = &token.ID, new(int64(-3)), "m-1", 4711
			a.Features, a.Tags = []string{"git-mirrors"}, []string{"queue=default", "os=linux"}
			a.IgnoreInDispatches, a.StopForced = true, true
			a.DisconnectedAt, a.LostAt, a.StoppedAt, a.StoppedByID = &now, &now, &now, &w.Admin.ID
			a.PausedAt, a.PausedByID, a.PausedNote, a.PausedTimeoutMinutes = &now, &w.Admin.ID, new("why"), new(int64(5))
			a.LastJobFinishedAt = &now
		})
		bare := storetest.Agent(t, st, w.Queue, func(a *store.Agent) {
			a.State, a.ConnectedAt, a.LastSeenAt, a.QueueID = store.AgentNeverConnected, nil, nil, ""
		})

		got, err := store.GetAgent(ctx, q, full.ID)
		same(t, "by id", got, err, full)
		got, err = store.AgentBySession(ctx, q, full.SessionHash)
		same(t, "by session", got, err, full)
		_, err = store.AgentBySession(ctx, q, "0000")
		fails(t, "unknown session", err, store.ErrNotFound)
		got, err = store.GetAgent(ctx, q, bare.ID)
		same(t, "with nothing but what it needs", got, err, bare)
	})
}

func TestListAgents(t *testing.T) {
	t.Parallel()
	storetest.EachAt(t, func(t *testing.T, st *store.Store, clock *storetest.Clock) {
		ctx, q := t.Context(), st.Read()
		w := storetest.NewWorld(t, st)
		other := storetest.Queue(t, st, w.Cluster)
		token := storetest.ClusterToken(t, st, w.Cluster)
		first := storetest.Agent(t, st, w.Queue, func(a *store.Agent) { a.Hostname, a.TokenID = "alpha", &token.ID })
		clock.Advance(time.Minute)
		busy := storetest.Agent(t, st, w.Queue, func(a *store.Agent) { a.State = store.AgentStopping })
		clock.Advance(time.Minute)
		last := storetest.Agent(t, st, other, func(a *store.Agent) { a.Name, a.Version = "builder", "3.99.0" })
		for _, state := range []store.AgentState{
			store.AgentNeverConnected, store.AgentDisconnected, store.AgentStopped, store.AgentLost,
		} {
			gone := storetest.Agent(t, st, w.Queue, func(a *store.Agent) { a.State = state })
			if gone.Present() {
				t.Errorf("agent in state %s is present", state)
			}
		}
		storetest.Agent(t, st, storetest.NewWorld(t, st).Queue) // another organization's

		for name, c := range map[string]struct {
			edit func(*store.AgentFilter)
			want []store.Agent
		}{
			"all":             {func(*store.AgentFilter) {}, []store.Agent{last, busy, first}},
			"queue":           {func(f *store.AgentFilter) { f.QueueID = w.Queue.ID }, []store.Agent{busy, first}},
			"token":           {func(f *store.AgentFilter) { f.TokenID = token.ID }, []store.Agent{first}},
			"name":            {func(f *store.AgentFilter) { f.Name = "builder" }, []store.Agent{last}},
			"part of a name":  {func(f *store.AgentFilter) { f.Name = "build" }, nil},
			"hostname":        {func(f *store.AgentFilter) { f.Hostname = "alpha" }, []store.Agent{first}},
			"version":         {func(f *store.AgentFilter) { f.Version = "3.99.0" }, []store.Agent{last}},
			"name in a queue": {func(f *store.AgentFilter) { f.Name, f.QueueID = "builder", w.Queue.ID }, nil},
		} {
			f := store.AgentFilter{OrganizationID: w.Organization.ID}
			c.edit(&f)
			items, err := store.ListAgents(ctx, q, f, all)
			same(t, name, items, err, c.want)
			n, err := store.CountAgents(ctx, q, f)
			same(t, "count of "+name, n, err, len(c.want))
		}
		items, err := store.ListAgents(ctx, q, store.AgentFilter{OrganizationID: w.Organization.ID}, store.Page{Limit: 1, Offset: 1})
		same(t, "second page", items, err, []store.Agent{busy})

		for i, state := range []build.JobState{build.JobRunning, build.JobFinished} {
			holdJob(t, st, w.Pipeline, int64(i+1), state, busy.ID)
		}
		counts, err := store.AgentCountsOfCluster(ctx, q, w.Organization.ID, w.Cluster.ID)
		same(t, "counts by queue", counts, err, []store.QueueAgentCounts{
			{QueueID: w.Queue.ID, Total: 2, Busy: 1}, {QueueID: other.ID, Total: 1},
		})
		unseen, err := store.AgentsNotSeenSince(ctx, q, *last.LastSeenAt, 10)
		same(t, "not seen", unseen, err, []store.Agent{first, busy})
		unseen, err = store.AgentsNotSeenSince(ctx, q, *last.LastSeenAt, 1)
		same(t, "not seen longest", unseen, err, []store.Agent{first})
	})
}

func TestAgentStates(t *testing.T) {
	t.Parallel()
	storetest.EachAt(t, func(t *testing.T, st *store.Store, clock *storetest.Clock) {
		ctx, q := t.Context(), st.Read()
		w := storetest.NewWorld(t, st)
		present := []store.AgentState{store.AgentConnected, store.AgentStopping}
		set := func(id string, from []store.AgentState, to store.AgentState) error {
			return st.Write(ctx, func(tx *sqldb.Tx) error { return store.SetAgentState(ctx, tx, id, from, to, tx.Now()) })
		}
		for to, noted := range map[store.AgentState]func(*store.Agent) **time.Time{
			store.AgentDisconnected: func(a *store.Agent) **time.Time { return &a.DisconnectedAt },
			store.AgentStopped:      func(a *store.Agent) **time.Time { return &a.StoppedAt },
			store.AgentLost:         func(a *store.Agent) **time.Time { return &a.LostAt },
		} {
			want := storetest.Agent(t, st, w.Queue)
			clock.Advance(time.Second)
			if err := set(want.ID, present, to); err != nil {
				t.Fatalf("to %s: %v", to, err)
			}
			want.State = to
			*noted(&want) = new(clock.Now())
			got, err := store.GetAgent(ctx, q, want.ID)
			same(t, string(to), got, err, want)
			fails(t, "again to "+string(to), set(want.ID, present, to), store.ErrStale)

			clock.Advance(time.Second)
			if err := set(want.ID, []store.AgentState{to}, store.AgentConnected); err != nil {
				t.Fatalf("back from %s: %v", to, err)
			}
			want.State, want.ConnectedAt, want.LastSeenAt = store.AgentConnected, new(clock.Now()), new(clock.Now())
			got, err = store.GetAgent(ctx, q, want.ID)
			same(t, "back from "+string(to), got, err, want)
		}
		fails(t, "unknown agent", set(store.NewID(), present, store.AgentLost), store.ErrStale)

		t.Run("stop", func(t *testing.T) {
			want := storetest.Agent(t, st, w.Queue)
			stop := func(forced bool, by *string) error {
				return st.Write(ctx, func(tx *sqldb.Tx) error { return store.StopAgent(ctx, tx, want.ID, forced, by) })
			}
			if err := stop(false, nil); err != nil {
				t.Fatalf("first: %v", err)
			}
			fails(t, "again", stop(false, nil), store.ErrStale)
			if err := stop(true, &w.Admin.ID); err != nil {
				t.Fatalf("forced: %v", err)
			}
			fails(t, "forced again", stop(true, nil), store.ErrStale)
			want.State, want.StopForced, want.StoppedByID = store.AgentStopping, true, &w.Admin.ID
			got, err := store.GetAgent(ctx, q, want.ID)
			same(t, "stopping", got, err, want)
			if err := set(want.ID, present, store.AgentStopped); err != nil {
				t.Fatal(err)
			}
			fails(t, "gone", stop(true, nil), store.ErrStale)
		})
		t.Run("pause and resume", func(t *testing.T) {
			want := storetest.Agent(t, st, w.Queue)
			pause := store.AgentPause{At: clock.Now(), ByID: &w.Admin.ID, Note: new("Updates"), TimeoutMinutes: 7}
			run := func(f func(tx *sqldb.Tx) error) error { return st.Write(ctx, f) }
			resume := func(tx *sqldb.Tx) error { return store.ResumeAgent(ctx, tx, want.ID) }
			resumeAt := func(at time.Time) func(tx *sqldb.Tx) error {
				return func(tx *sqldb.Tx) error { return store.ResumeAgentPausedAt(ctx, tx, want.ID, at) }
			}
			doPause := func(tx *sqldb.Tx) error { return store.PauseAgent(ctx, tx, want.ID, pause) }

			fails(t, "resume first", run(resume), store.ErrStale)
			storetest.Write(t, st, doPause)
			fails(t, "pause again", run(doPause), store.ErrStale)
			paused := want
			paused.PausedAt, paused.PausedByID, paused.PausedNote = &pause.At, pause.ByID, pause.Note
			paused.PausedTimeoutMinutes = &pause.TimeoutMinutes
			got, err := store.GetAgent(ctx, q, want.ID)
			same(t, "paused", got, err, paused)
			if !got.Paused() {
				t.Error("Paused is false")
			}
			fails(t, "resume of another pause", run(resumeAt(pause.At.Add(-time.Second))), store.ErrStale)
			storetest.Write(t, st, resumeAt(pause.At))
			got, err = store.GetAgent(ctx, q, want.ID)
			same(t, "resumed", got, err, want)
			storetest.Write(t, st, doPause)
			storetest.Write(t, st, resume)
			got, err = store.GetAgent(ctx, q, want.ID)
			same(t, "resumed by hand", got, err, want)

			if err := set(want.ID, present, store.AgentStopping); err != nil {
				t.Fatal(err)
			}
			fails(t, "pause a stopping agent", run(doPause), store.ErrStale)
		})
		t.Run("finished job", func(t *testing.T) {
			want := storetest.Agent(t, st, w.Queue)
			at := clock.Now().Add(time.Hour)
			storetest.Write(t, st, func(tx *sqldb.Tx) error { return store.SetAgentFinishedJob(ctx, tx, want.ID, at) })
			want.LastJobFinishedAt = &at
			got, err := store.GetAgent(ctx, q, want.ID)
			same(t, "finished", got, err, want)
		})
		t.Run("touch", func(t *testing.T) {
			a, b := storetest.Agent(t, st, w.Queue), storetest.Agent(t, st, w.Queue)
			gone := storetest.Agent(t, st, w.Queue, func(a *store.Agent) { a.State = store.AgentLost })
			at := clock.Now().Add(time.Hour)
			before := st.DB().Statements()
			storetest.Write(t, st, func(tx *sqldb.Tx) error {
				return store.TouchAgents(ctx, tx, []string{a.ID, b.ID, gone.ID}, at)
			})
			if n := st.DB().Statements() - before; n != 1 {
				t.Errorf("took %d statements, want 1", n)
			}
			storetest.Write(t, st, func(tx *sqldb.Tx) error {
				if err := store.TouchAgents(ctx, tx, nil, at); err != nil {
					return err
				}
				return store.TouchAgents(ctx, tx, []string{b.ID}, at.Add(-time.Minute))
			})
			a.LastSeenAt, b.LastSeenAt = &at, &at
			for _, want := range []store.Agent{a, b, gone} {
				got, err := store.GetAgent(ctx, q, want.ID)
				same(t, "touched", got, err, want)
			}
		})
	})
}
