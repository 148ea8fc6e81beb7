package storetest_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/bridle-ci/bridle/internal/store/storetest"
	"github.com/google/go-cmp/cmp"
)

type lockOfJob func(ctx context.Context, q sqldb.Queryer, buildID, jobID string) (store.Build, *store.Graph, error)

// What is read with the lock is what would be read for the asking, and is not asked for again.
func TestLockBuildOfJob(t *testing.T) {
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

		accepted := func(ctx context.Context, q sqldb.Queryer, buildID, jobID string) (store.Build, *store.Graph, error) {
			b, g, around, err := store.LockBuildOfAcceptedJob(ctx, q, buildID, jobID)
			if around != nil && err == nil {
				want, wantErr := store.SurroundingsOf(ctx, q, p.ID, []string{w.Admin.ID})
				same(t, "around", *around, wantErr, want)
			}
			return b, g, err
		}
		for name, lock := range map[string]lockOfJob{
			"job": store.LockBuildOfJob, "ending job": store.LockBuildOfEndingJob, "accepted job": accepted,
		} {
			t.Run(name, func(t *testing.T) {
				storetest.Write(t, st, func(tx *sqldb.Tx) error {
					got, g, err := lock(ctx, tx, b.ID, job.ID)
					if err != nil || got.ID != b.ID {
						t.Fatalf("locked build %q, %v", got.ID, err)
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
					_, g, err := lock(ctx, tx, b.ID, foreign.ID)
					if err != nil {
						t.Fatal(err)
					}
					if _, err := g.Row(foreign.ID); !errors.Is(err, store.ErrNotFound) {
						t.Errorf("got %v", err)
					}
					return nil
				})
			})
			t.Run("no build of the "+name, func(t *testing.T) {
				storetest.Write(t, st, func(tx *sqldb.Tx) error {
					if _, _, err := lock(ctx, tx, store.NewID(), job.ID); !errors.Is(err, store.ErrNotFound) {
						t.Errorf("got %v", err)
					}
					return nil
				})
			})
		}
		t.Run("a saved change is seen", func(t *testing.T) {
			storetest.Write(t, st, func(tx *sqldb.Tx) error {
				_, g, err := store.LockBuildOfEndingJob(ctx, tx, b.ID, job.ID)
				if err != nil {
					return err
				}
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
