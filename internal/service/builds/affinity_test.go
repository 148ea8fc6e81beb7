package builds_test

import (
	"testing"

	"github.com/bridle-ci/bridle/internal/service/builds"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

// TestRetriesGoToTheAgentThatTheQueuePrefers fails a job while two agents wait, and retries it: the warmest is who ran a
// job last, and a different one is anybody else.
func TestRetriesGoToTheAgentThatTheQueuePrefers(t *testing.T) {
	t.Parallel()
	for name, same := range map[string]bool{store.PreferWarmest: true, store.PreferDifferent: false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, w *world) {
				storetest.Write(t, w.st, func(tx *sqldb.Tx) error {
					q := w.Queue
					q.RetryAgentAffinity = name
					return store.UpdateQueue(t.Context(), tx, q)
				})
				agents := []store.Agent{w.agent(), w.agent()}
				streams := make([]builds.Waiter, len(agents))
				for i, a := range agents {
					streams[i] = w.service.Wait(t.Context(), a)
					t.Cleanup(streams[i].Close)
				}
				// next takes the job that one of the streams is offered, and returns whose it is.
				next := func() (int, *builds.Assignment) {
					var i int
					var id string
					select {
					case id = <-streams[0].Jobs():
					case id = <-streams[1].Jobs():
						i = 1
					}
					got, err := w.service.Accept(t.Context(), agents[i], id)
					must(t, err)
					must(t, w.service.Start(t.Context(), got.Job, w.clock.Now()))
					return i, &got
				}
				w.build("steps:\n  - command: warm\n  - wait\n  - command: test\n")
				warm, got := next()
				w.finish(got, 0)
				ran, got := next()
				if ran != warm {
					t.Fatal("the job after went to an agent that has not run any")
				}
				w.finish(got, 1)
				_, _, err := w.service.RetryJob(t.Context(), w.AdminActor(), builds.JobRef{JobID: got.Job.ID})
				must(t, err)
				if again, _ := next(); (again == ran) != same {
					t.Errorf("it ran on agent %d, and again on %d", ran, again)
				}
			})
		})
	}
}
