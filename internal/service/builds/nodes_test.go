package builds_test

import (
	"log/slog"
	"testing"

	"github.com/bridle-ci/bridle/internal/bus/local"
	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/queue"
	"github.com/bridle-ci/bridle/internal/service/builds"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

// twoNodes are two services over one store that hear each other's hints.
func twoNodes(t *testing.T, test func(t *testing.T, one, two *world)) {
	storetest.EachAt(t, func(t *testing.T, st *store.Store, clock *storetest.Clock) {
		one := newWorld(t, st, clock)
		hints := local.New()
		node := func() *builds.Service {
			return builds.New(builds.Options{
				Store: st, Queue: queue.New(st.DB(), queue.Config{Bus: hints}), Bus: hints, Log: slog.New(slog.DiscardHandler),
				BaseURL: "http://bridle.test", JobKey: []byte("key"),
			})
		}
		one.service = node()
		two := *one
		two.service = node()
		test(t, one, &two)
	})
}

func TestJobReachesStreamOnAnotherNode(t *testing.T) {
	t.Parallel()
	twoNodes(t, func(t *testing.T, one, two *world) {
		a := one.agent()
		stream := two.service.Wait(t.Context(), a)
		defer stream.Close()
		b := one.build("steps:\n  - command: a\n  - command: b\n")
		first := <-stream.Jobs()
		// Everything else of the first job happens on the node that does not hold the stream.
		got, err := one.service.Accept(t.Context(), a, first)
		must(t, err)
		must(t, one.service.Start(t.Context(), got.Job, one.clock.Now()))
		one.finish(&got, 0)
		second := <-stream.Jobs()
		if second == first {
			t.Fatal("the same job came again")
		}
		again, err := two.service.Accept(t.Context(), a, second)
		must(t, err)
		must(t, two.service.Start(t.Context(), again.Job, one.clock.Now()))
		two.finish(&again, 0)
		one.wantBuild(b, build.Passed, "passed", "passed")
	})
}

func TestPingOnEitherNode(t *testing.T) {
	t.Parallel()
	twoNodes(t, func(t *testing.T, one, two *world) {
		a := one.agent()
		if one.take(a) != nil || two.take(a) != nil {
			t.Fatal("there is a job")
		}
		b := one.build("steps:\n  - command: a\n")
		id, err := one.service.Offer(t.Context(), a)
		must(t, err)
		// The other node offers it as soon as it has heard that the agent was given something.
		var again *builds.Assignment
		for again == nil {
			again = two.take(a)
		}
		if again.Job.ID != id {
			t.Fatalf("the other node offers %s, want %s", again.Job.ID, id)
		}
		one.finish(again, 0)
		one.wantBuild(b, build.Passed, "passed")
	})
}
