package storetest_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/bridle-ci/bridle/internal/store/storetest"
	"github.com/google/go-cmp/cmp"
)

// What is read with the lock is what would be read for the asking, and is not asked for again.
func TestLockBuildFor(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		ctx := t.Context()
		w := storetest.NewWorld(t, st)
		p := storetest.Pipeline(t, st, w.Organization)
		b := storetest.Build(t, st, p, func(b *store.Build) { b.CreatorID = &w.Admin.ID })
		other := storetest.Build(t, st, p)
		step, next := storetest.Step(t, st, b), storetest.Step(t, st, b)
		job, foreign := storetest.Job(t, st, b, step), storetest.Job(t, st, other, storetest.Step(t, st, other))
		edge := &build.Edge{ID: store.NewID(), BuildID: b.ID, From: step.ID, To: next.ID, State: build.EdgeOpen}
		storetest.Write(t, st, func(tx *sqldb.Tx) error { return store.InsertEdges(ctx, tx, []*build.Edge{edge}) })

		for name, ev := range map[string]store.JobEvent{
			"job": {}, "ending job": {Ends: true}, "accepted job": {Accepts: true},
		} {
			lock := func(tx *sqldb.Tx, buildID, jobID string) (*store.LockedBuild, error) {
				ev.JobID = jobID
				return store.LockBuildFor(ctx, tx, buildID, ev)
			}
			t.Run(name, func(t *testing.T) {
				storetest.Write(t, st, func(tx *sqldb.Tx) error {
					got, err := lock(tx, b.ID, job.ID)
					if err != nil || got.Build.ID != b.ID {
						t.Fatalf("locked build %+v, %v", got, err)
					}
					g := got.Graph
					if got.Around != nil {
						want, wantErr := store.SurroundingsOf(ctx, st.Read(), p.ID, []string{w.Admin.ID})
						same(t, "around", *got.Around, wantErr, want)
					}
					before := st.DB().Statements()
					row, jobErr := g.Row(job.ID)
					s, stepErr := g.Step(step.ID)
					if n := st.DB().Statements() - before; n != 0 {
						t.Errorf("asking for what was read took %d statements", n)
					}
					if err := errors.Join(jobErr, stepErr); err != nil || row.ID != job.ID || s.ID != step.ID {
						t.Fatalf("job and step: %v", err)
					}
					edges, err := g.EdgesFrom(step.ID)
					if err != nil || len(edges) != 1 || edges[0].ID != edge.ID {
						t.Errorf("edges %v, %v", edges, err)
					}
					logged, err := g.HasLog(job.ID)
					if err != nil || logged {
						t.Errorf("logged %v, %v", logged, err)
					}
					return nil
				})
			})
			t.Run(name+" of another build", func(t *testing.T) {
				storetest.Write(t, st, func(tx *sqldb.Tx) error {
					got, err := lock(tx, b.ID, foreign.ID)
					if err != nil {
						t.Fatal(err)
					}
					if _, err := got.Graph.Row(foreign.ID); !errors.Is(err, store.ErrNotFound) {
						t.Errorf("got %v", err)
					}
					return nil
				})
			})
			t.Run("no build of the "+name, func(t *testing.T) {
				storetest.Write(t, st, func(tx *sqldb.Tx) error {
					if _, err := lock(tx, store.NewID(), job.ID); !errors.Is(err, store.ErrNotFound) {
						t.Errorf("got %v", err)
					}
					return nil
				})
			})
		}
		t.Run("a saved change is seen", func(t *testing.T) {
			storetest.Write(t, st, func(tx *sqldb.Tx) error {
				got, err := store.LockBuildFor(ctx, tx, b.ID, store.JobEvent{JobID: job.ID, Ends: true})
				if err != nil {
					return err
				}
				g := got.Graph
				added := &build.Edge{ID: store.NewID(), BuildID: b.ID, From: step.ID, To: next.ID, State: build.EdgeOpen}
				if err := g.Save(&b, &build.Changes{NewEdges: []*build.Edge{added}}); err != nil {
					return err
				}
				if edges, err := g.EdgesFrom(step.ID); err != nil || len(edges) != 2 {
					t.Errorf("%d edges, %v, want 2", len(edges), err)
				}
				return nil
			})
		})
	})
}

// Those that share a transaction share the build, as the one before them left it, until something else changes it.
func TestShareLockedBuild(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		ctx := t.Context()
		w := storetest.NewWorld(t, st)
		b := storetest.Build(t, st, storetest.Pipeline(t, st, w.Organization))
		job, next := storetest.Job(t, st, b, storetest.Step(t, st, b)), storetest.Job(t, st, b, storetest.Step(t, st, b))
		storetest.Write(t, st, func(tx *sqldb.Tx) error {
			locked, err := store.LockBuildFor(ctx, tx, b.ID, store.JobEvent{JobID: job.ID})
			if err != nil {
				return err
			}
			row, err := locked.Graph.Row(job.ID)
			if err != nil {
				return err
			}
			row.State, locked.Build.State = build.JobCanceling, build.Canceling
			locked.Share(tx)

			before := st.DB().Statements()
			same, err := store.LockBuildFor(ctx, tx, b.ID, store.JobEvent{JobID: job.ID})
			if err != nil || same.Build.State != build.Canceling || st.DB().Statements() != before {
				t.Errorf("the same job: build %+v, %v, %d statements", same.Build.Build, err, st.DB().Statements()-before)
			}
			if again, err := same.Graph.Row(job.ID); err != nil || again != row {
				t.Errorf("the job is another: %+v, %v", again, err)
			}
			other, err := store.LockBuildFor(ctx, tx, b.ID, store.JobEvent{JobID: next.ID, Ends: true, Accepts: true})
			if err != nil || other.Build.State != build.Canceling {
				t.Errorf("another job: %+v, %v", other, err)
			}
			if got, err := other.Graph.Row(next.ID); err != nil || got.ID != next.ID {
				t.Errorf("another job: %+v, %v", got, err)
			}
			store.ForgetShared(tx, b.ID)
			fresh, err := store.LockBuildFor(ctx, tx, b.ID, store.JobEvent{JobID: job.ID})
			if err != nil || fresh.Build.State != b.State {
				t.Errorf("after another change: %+v, %v", fresh.Build.Build, err)
			}
			return nil
		})
	})
}

// What those ask for who wait is read with what the first one asks for.
func TestReadForThoseWhoWait(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		if st.DB().Engine() == sqldb.SQLite {
			return // statements are no trips
		}
		ctx := t.Context()
		w := storetest.NewWorld(t, st)
		b := storetest.Build(t, st, storetest.Pipeline(t, st, w.Organization))
		events := []store.JobEvent{{}, {Ends: true}, {Accepts: true}, {}}
		for i := range events {
			events[i].JobID = storetest.Job(t, st, b, storetest.Step(t, st, b)).ID
		}
		cost := make([]int64, len(events))
		write := func(i int, wait func(tx *sqldb.Tx)) {
			err := st.WriteTogether(ctx, b.ID, events[i], func(tx *sqldb.Tx) error {
				wait(tx)
				before := st.DB().Statements()
				locked, err := store.LockBuildFor(ctx, tx, b.ID, events[i])
				if err != nil {
					return err
				}
				cost[i] = st.DB().Statements() - before
				locked.Share(tx)
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		}
		leading := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			write(0, func(tx *sqldb.Tx) {
				close(leading)
				for len(tx.Waiting()) < len(events)-1 {
					runtime.Gosched()
				}
			})
		})
		<-leading
		for i := 1; i < len(events); i++ {
			wg.Go(func() { write(i, func(*sqldb.Tx) {}) })
		}
		wg.Wait()
		// The build, jobs, steps, edges, logs and four for the surroundings.
		if diff := cmp.Diff([]int64{9, 0, 0, 0}, cost); diff != "" {
			t.Errorf("statements (-want +got):\n%s", diff)
		}
	})
}

// The rules name a step as changed when they had a reason to look at it; only one that differs is written.
func TestGraphWritesWhatDiffers(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		ctx := t.Context()
		w := storetest.NewWorld(t, st)
		b := storetest.Build(t, st, storetest.Pipeline(t, st, w.Organization))
		made := storetest.Step(t, st, b)
		storetest.Write(t, st, func(tx *sqldb.Tx) error {
			g := store.NewGraph(ctx, tx, b.ID)
			step, err := g.Step(made.ID)
			if err != nil {
				return err
			}
			for _, c := range []struct {
				name   string
				change func()
				want   int64
			}{
				{"nothing", func() {}, 0},
				{"a counter", func() { step.OpenJobs++ }, 1},
				{"nothing more", func() {}, 0},
				{"back", func() { step.OpenJobs-- }, 1},
				{"state", func() { step.State = build.StepRunning }, 1},
			} {
				c.change()
				before := st.DB().Statements()
				if err := g.Save(&b, &build.Changes{ChangedSteps: []*build.Step{step}}); err != nil {
					return err
				}
				if n := st.DB().Statements() - before; n != c.want {
					t.Errorf("%s: %d statements, want %d", c.name, n, c.want)
				}
			}
			return nil
		})
		got, err := store.GetStep(ctx, st.Read(), b.ID, made.ID)
		made.State = build.StepRunning
		if diff := cmp.Diff(&made, got); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	})
}

func TestClaimJobs(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		ctx := t.Context()
		w := storetest.NewWorld(t, st)
		b := storetest.Build(t, st, storetest.Pipeline(t, st, w.Organization))
		in := func(state build.JobState) store.Job {
			return storetest.Job(t, st, b, storetest.Step(t, st, b), func(j *store.Job) { j.State, j.AgentID = state, "" })
		}
		free, taken := in(build.JobScheduled), in(build.JobAssigned)
		claims := []store.Claim{{JobID: free.ID, AgentID: "one"}, {JobID: taken.ID, AgentID: "two"}, {JobID: free.ID, AgentID: "three"}}
		var builds map[string]string
		storetest.Write(t, st, func(tx *sqldb.Tx) (err error) {
			builds, err = store.ClaimJobs(ctx, tx, claims, tx.Now())
			return err
		})
		if diff := cmp.Diff(map[string]string{free.ID: b.ID}, builds); diff != "" {
			t.Errorf("given (-want +got):\n%s", diff)
		}
		got, err := store.GetJob(ctx, st.Read(), free.ID)
		if err != nil || got.State != build.JobAssigned || got.AgentID != "one" || got.AssignedAt == nil {
			t.Errorf("claimed job is %+v, %v", got, err)
		}
	})
}

// What belongs to a build is added while the build is locked, and those who add it do not hold up its events.
func TestLockedBuildGrows(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		if st.DB().Engine() == sqldb.SQLite {
			return // one transaction at a time
		}
		w := storetest.NewWorld(t, st)
		job := storetest.RunningJob(t, st, storetest.Pipeline(t, st, w.Organization))
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		open := func(tx *sqldb.Tx) error { return store.OpenJobLog(ctx, tx, job.ID, tx.Now()) }
		err := st.Write(ctx, func(tx *sqldb.Tx) error {
			if _, err := store.LockBuild(ctx, tx, job.BuildID); err != nil {
				return err
			}
			return st.Write(ctx, open)
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
