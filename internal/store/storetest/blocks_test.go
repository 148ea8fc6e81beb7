package storetest_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/pipeline"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

func TestStepsBehindBlocks(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		w := storetest.NewWorld(t, st)
		p := storetest.Pipeline(t, st, w.Organization)
		one, two := storetest.Build(t, st, p), storetest.Build(t, st, p)
		of := func(b store.Build, kind pipeline.Kind, state build.StepState) build.Step {
			return storetest.Step(t, st, b, func(s *build.Step) { s.Kind, s.State = kind, state })
		}
		offered := of(one, pipeline.KindBlock, build.StepWaitingForInput)
		input := of(two, pipeline.KindInput, build.StepWaitingForInput)
		failed := of(one, pipeline.KindBlock, build.StepFinished)
		canceled := of(one, pipeline.KindBlock, build.StepCanceled)
		unblocked := of(one, pipeline.KindBlock, build.StepFinished)
		wait := of(one, pipeline.KindWait, build.StepWaiting)

		type edge struct {
			from  string
			state build.EdgeState
		}
		names, ids := map[string]string{}, []string(nil)
		step := func(name string, b store.Build, edges ...edge) {
			s := of(b, pipeline.KindCommand, build.StepWaiting)
			names[s.ID], ids = name, append(ids, s.ID)
			storetest.Write(t, st, func(tx *sqldb.Tx) error {
				var rows []*build.Edge
				for _, e := range edges {
					rows = append(rows, &build.Edge{ID: store.NewID(), BuildID: b.ID, From: e.from, To: s.ID, State: e.state})
				}
				return store.InsertEdges(t.Context(), tx, rows)
			})
		}
		missing := edge{"", build.EdgeHeld}
		step("behind a block", one, edge{offered.ID, build.EdgeHeld})
		step("behind a block and more", one, missing, edge{wait.ID, build.EdgeHeld}, edge{offered.ID, build.EdgeOpen}, edge{failed.ID, build.EdgeFailed})
		step("behind an input of another build", two, edge{input.ID, build.EdgeHeld})
		step("behind a block that failed", one, edge{failed.ID, build.EdgeFailed})
		step("behind a block that was canceled", one, edge{canceled.ID, build.EdgeFailed})
		step("behind an unblocked block", one, edge{unblocked.ID, build.EdgeSatisfied})
		step("past a block that failed", one, edge{failed.ID, build.EdgeForgiven})
		step("behind a wait", one, edge{wait.ID, build.EdgeHeld})
		step("behind a key that nobody has", one, missing)
		step("behind nothing", one)
		asked := append([]string{store.NewID()}, ids...)
		step("not asked for", one, edge{offered.ID, build.EdgeHeld})

		before := st.DB().Statements()
		found, err := store.StepsBehindBlocks(t.Context(), st.Read(), asked)
		if err != nil {
			t.Fatal(err)
		}
		if n := st.DB().Statements() - before; n != 1 {
			t.Errorf("it took %d statements", n)
		}
		got := map[string]bool{}
		for id, behind := range found {
			got[names[id]] = behind
		}
		want := map[string]bool{
			"behind a block": true, "behind a block and more": true, "behind an input of another build": true,
			"behind a block that failed": true,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("steps behind blocks (-want +got):\n%s", diff)
		}
		if none, err := store.StepsBehindBlocks(t.Context(), st.Read(), nil); err != nil || len(none) > 0 {
			t.Errorf("of no steps: %v, %v", none, err)
		}
	})
}
