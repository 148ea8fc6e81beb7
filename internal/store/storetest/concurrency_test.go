package storetest_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/pipeline"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

// inGroup makes a job a member of the group g.
func inGroup(state build.JobState, edit ...func(*store.Job)) []func(*store.Job) {
	return append([]func(*store.Job){func(j *store.Job) {
		j.State, j.Concurrency = state, pipeline.Concurrency{Group: "g", Limit: 2, Method: pipeline.Ordered}
	}}, edit...)
}

func TestGroupMembers(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		w := storetest.NewWorld(t, st)
		p := storetest.Pipeline(t, st, w.Organization)
		old, young := storetest.Build(t, st, p), storetest.Build(t, st, p)
		// All of one moment, so that the builds' order counts, and one that is older than its build.
		now := time.Now().UTC().Truncate(time.Microsecond)
		at := func(j *store.Job) { j.ScheduledAt = now }
		step := func(b store.Build, path string, edit ...func(*build.Step)) build.Step {
			return storetest.Step(t, st, b, append([]func(*build.Step){func(s *build.Step) { s.Path = path }}, edit...)...)
		}
		job := func(b store.Build, s build.Step, state build.JobState, edit ...func(*store.Job)) store.Job {
			return storetest.Job(t, st, b, s, inGroup(state, append([]func(*store.Job){at}, edit...)...)...)
		}
		last := job(young, step(young, "00000"), build.JobWaiting)
		second := job(old, step(old, "00001"), build.JobRunning)
		firstStep := step(old, "00000")
		first1 := job(old, firstStep, build.JobLimited, func(j *store.Job) { j.Index = 1 })
		first0 := job(old, firstStep, build.JobScheduled, func(j *store.Job) {
			j.Priority, j.Concurrency.Method, j.Concurrency.Limit = 4, pipeline.Eager, 7
		})
		oldest := job(young, step(young, "00001"), build.JobLimiting, func(j *store.Job) { j.ScheduledAt = now.Add(-time.Hour) })

		held := step(old, "00005", func(s *build.Step) { s.Released, s.HeldEdges = false, 1 })
		job(old, held, build.JobWaiting)
		job(old, firstStep, build.JobFinished)
		job(old, firstStep, build.JobWaitingFailed)
		job(old, firstStep, build.JobRunning, func(j *store.Job) { j.Concurrency.Group = "other" })
		job(old, firstStep, build.JobRunning, func(j *store.Job) { j.Concurrency = pipeline.Concurrency{} })

		got, err := store.GroupMembers(t.Context(), st.Read(), w.Organization.ID, "g")
		if err != nil {
			t.Fatal(err)
		}
		member := func(j store.Job) store.GroupMember {
			return store.GroupMember{
				JobID: j.ID, BuildID: j.BuildID, State: j.State, Priority: j.Priority, Limit: j.Concurrency.Limit,
				Method: j.Concurrency.Method,
			}
		}
		want := []store.GroupMember{member(oldest), member(first0), member(first1), member(second), member(last)}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("members (-want +got):\n%s", diff)
		}
		for _, none := range []struct{ organization, group string }{{w.Organization.ID, ""}, {store.NewID(), "g"}} {
			if got, err := store.GroupMembers(t.Context(), st.Read(), none.organization, none.group); err != nil || len(got) > 0 {
				t.Errorf("group %q has members %v, %v", none.group, got, err)
			}
		}

		steps, err := store.StepsOfGroup(t.Context(), st.Read(), old.ID, "g")
		if err != nil {
			t.Fatal(err)
		}
		var paths []string
		for _, s := range steps {
			paths = append(paths, s.Path)
		}
		if want := []string{"00000", "00001", "00005"}; !slices.Equal(paths, want) {
			t.Errorf("steps %v, want %v", paths, want)
		}
	})
}

func TestJobKeepsItsLimit(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		w := storetest.NewWorld(t, st)
		b := storetest.Build(t, st, storetest.Pipeline(t, st, w.Organization))
		asked := time.Now().UTC().Truncate(time.Microsecond)
		j := storetest.Job(t, st, b, storetest.Step(t, st, b), inGroup(build.JobLimited, func(j *store.Job) { j.LimitingAt = &asked })...)
		got, err := store.GetJob(t.Context(), st.Read(), j.ID)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(j.Concurrency, got.Concurrency); diff != "" || !got.LimitingAt.Equal(asked) || got.ConcurrencyWait != nil {
			t.Errorf("kept %+v, asked at %v, waited %v", got.Concurrency, got.LimitingAt, got.ConcurrencyWait)
		}
		wait := 1500 * time.Millisecond
		got.State, got.ConcurrencyWait = build.JobScheduled, &wait
		storetest.Write(t, st, func(tx *sqldb.Tx) error { return store.SaveJob(t.Context(), tx, got, build.JobLimited) })
		if got, err = store.GetJob(t.Context(), st.Read(), j.ID); err != nil || *got.ConcurrencyWait != wait {
			t.Errorf("waited %v, %v", got.ConcurrencyWait, err)
		}
	})
}

func TestHeldEdgesAreKept(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		w := storetest.NewWorld(t, st)
		b := storetest.Build(t, st, storetest.Pipeline(t, st, w.Organization))
		s := storetest.Step(t, st, b, func(s *build.Step) { s.Released, s.HeldEdges, s.HeldParts = false, 2, 3 })
		e := &build.Edge{ID: store.NewID(), BuildID: b.ID, To: s.ID, Key: "later", State: build.EdgeHeld}
		storetest.Write(t, st, func(tx *sqldb.Tx) error {
			if err := store.InsertEdges(t.Context(), tx, []*build.Edge{e}); err != nil {
				return err
			}
			e.From, e.Forward, e.State = store.NewID(), true, build.EdgeOpen
			return store.SaveEdges(t.Context(), tx, []*build.Edge{e})
		})
		edges, err := store.EdgesTo(t.Context(), st.Read(), b.ID, s.ID)
		if diff := cmp.Diff([]*build.Edge{e}, edges); err != nil || diff != "" {
			t.Errorf("edges: %v\n%s", err, diff)
		}
		got, err := store.GetStep(t.Context(), st.Read(), b.ID, s.ID)
		if err != nil || got.HeldEdges != 2 || got.HeldParts != 3 {
			t.Errorf("step %+v, %v", got, err)
		}
	})
}

func TestConcurrencyGroups(t *testing.T) {
	t.Parallel()
	storetest.EachAt(t, func(t *testing.T, st *store.Store, clock *storetest.Clock) {
		w := storetest.NewWorld(t, st)
		lock := func(name string) {
			storetest.Write(t, st, func(tx *sqldb.Tx) error { return store.LockGroup(t.Context(), tx, w.Organization.ID, name) })
		}
		idle := func(after time.Duration) (names []string) {
			clock.Advance(after)
			storetest.Write(t, st, func(tx *sqldb.Tx) error {
				names = nil
				groups, err := store.TouchIdleGroups(t.Context(), tx, tx.Now().Add(-time.Minute), 10)
				for _, g := range groups {
					names = append(names, g.Name)
				}
				slices.Sort(names)
				return err
			})
			return names
		}
		lock("a")
		lock("b")
		lock("b")
		if got := idle(0); got != nil {
			t.Errorf("%v are idle at once", got)
		}
		if got := idle(2 * time.Minute); !slices.Equal(got, []string{"a", "b"}) {
			t.Errorf("%v are idle after two minutes", got)
		}
		if got := idle(0); got != nil {
			t.Errorf("%v are idle though they were touched", got)
		}
		clock.Advance(time.Minute)
		lock("a")
		storetest.Write(t, st, func(tx *sqldb.Tx) error { return store.DropGroup(t.Context(), tx, w.Organization.ID, "b") })
		if got := idle(time.Minute); got != nil {
			t.Errorf("%v are idle though one was locked and the other dropped", got)
		}
	})
}
