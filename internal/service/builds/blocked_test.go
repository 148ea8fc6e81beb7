package builds_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/service/builds"
	"github.com/bridle-ci/bridle/internal/store"
)

// TestBehindBlockIsShownAlike asks for the state of a job behind a block in every way there is.
func TestBehindBlockIsShownAlike(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		p := w.pipeline("steps:\n  - block: Go\n  - {command: a, key: a, parallelism: 2}\n  - wait\n  - {command: b, key: b}\n")
		b := w.create(p, builds.NewBuild{})
		ids := func(jobs []store.Job) (ids []string) {
			for _, j := range jobs {
				ids = append(ids, j.ID)
			}
			return ids
		}
		listed := func(states ...string) []string {
			page, err := w.service.Jobs(t.Context(), w.AdminActor(), p.Slug, b.ID, builds.JobFilter{Limit: 30, States: states})
			must(t, err)
			return ids(page.Jobs)
		}
		expanded := func(states ...string) ([]string, map[string]int) {
			x, err := w.service.Expand(t.Context(), w.AdminActor(), []store.Build{b}, builds.Expand{Jobs: true, JobStates: states})
			must(t, err)
			return ids(x.Jobs[b.ID]), x.JobStateCounts[b.ID]
		}
		rows := w.jobs(b)
		ref := builds.JobRef{JobID: rows[1].ID}
		shown := func() string {
			j, _, err := w.service.Job(t.Context(), w.AdminActor(), ref, access.JobView)
			must(t, err)
			return builds.ShownState(&j.Job)
		}
		wantAlike := func(counts map[string]int, want map[string][]string) {
			t.Helper()
			for state, jobs := range want {
				if diff := cmp.Diff(jobs, listed(state)); diff != "" {
					t.Errorf("listed as %s (-want +got):\n%s", state, diff)
				}
				got, counted := expanded(state)
				if diff := cmp.Diff(jobs, got); diff != "" {
					t.Errorf("of the build as %s (-want +got):\n%s", state, diff)
				}
				if diff := cmp.Diff(counts, counted); diff != "" {
					t.Errorf("counted (-want +got):\n%s", diff)
				}
			}
		}
		at := func(places ...int) (ids []string) {
			for _, i := range places {
				ids = append(ids, rows[i].ID)
			}
			return ids
		}

		wantAlike(map[string]int{"blocked": 3, "waiting": 2}, map[string][]string{"blocked": at(0, 1, 2), "waiting": at(3, 4)})
		if got := shown(); got != "blocked" {
			t.Errorf("the job by itself is %s", got)
		}
		if got := rows[1].State; got != build.JobWaiting {
			t.Errorf("the job's row is %s", got)
		}
		first, _, err := w.service.ReprioritizeJob(t.Context(), w.AdminActor(), ref, 3)
		must(t, err)
		if first.State != build.JobBlocked || first.Priority != 3 || builds.Unblockable(&first.Job) {
			t.Errorf("the job that was given priority is %s of priority %d", first.State, first.Priority)
		}

		_, _, err = w.service.UnblockJob(t.Context(), w.AdminActor(), builds.JobRef{JobID: rows[0].ID}, "", nil)
		must(t, err)
		wantAlike(map[string]int{"unblocked": 1, "scheduled": 2, "waiting": 2}, map[string][]string{
			"unblocked": at(0), "scheduled": at(1, 2), "waiting": at(3, 4), "blocked": nil,
		})
		if got := shown(); got != "scheduled" {
			t.Errorf("the job by itself is %s", got)
		}
	})
}

func TestBlockedFailedIsShownAlike(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		b := w.build("steps:\n  - {command: a, key: a}\n  - block: Go\n  - command: b\n  - {command: c, depends_on: a}\n")
		w.runNext(w.agent(), 1)
		w.wantBuild(b, build.Failed, "failed", "blocked_failed", "blocked_failed", "waiting_failed")
	})
}

// TestBehindBlockCostsOneStatement counts what jobs that wait add to showing builds.
func TestBehindBlockCostsOneStatement(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		cost := func(configuration string, n int) int64 {
			p := w.pipeline(configuration)
			var list []store.Build
			for range n {
				list = append(list, w.create(p, builds.NewBuild{}))
			}
			before := w.st.DB().Statements()
			_, err := w.service.Expand(t.Context(), w.AdminActor(), list, builds.Expand{Jobs: true})
			must(t, err)
			return w.st.DB().Statements() - before
		}
		none := cost("steps:\n  - block: Go\n    depends_on: []\n  - {command: a, depends_on: []}\n", 1)
		for _, n := range []int{1, 10} {
			if some := cost("steps:\n  - block: Go\n  - {command: a, parallelism: 3}\n  - {command: b, depends_on: []}\n", n); some != none+1 {
				t.Errorf("%d builds with jobs behind a block cost %d statements, one without costs %d", n, some, none)
			}
		}
	})
}
