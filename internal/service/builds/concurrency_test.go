package builds_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/service/builds"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

// inner returns the states of a build's jobs as they are kept, in build order.
func (w *world) inner(b store.Build) []build.JobState {
	w.t.Helper()
	var states []build.JobState
	for _, j := range w.jobs(b) {
		states = append(states, j.State)
	}
	return states
}

func (w *world) wantInner(b store.Build, want ...build.JobState) {
	w.t.Helper()
	if diff := cmp.Diff(want, w.inner(b)); diff != "" {
		w.t.Errorf("states (-want +got):\n%s", diff)
	}
}

const deploy = "steps:\n  - { key: deploy, command: deploy, concurrency: 1, concurrency_group: prod }\n"

func TestGroupHoldsAcrossPipelines(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		a := w.agent()
		first, second := w.build(deploy), w.build(deploy)
		w.wantInner(first, build.JobLimiting)
		if w.take(a) != nil {
			t.Fatal("a job went to an agent before its group was looked at")
		}
		w.drain(0)
		w.wantInner(first, build.JobScheduled)
		w.wantInner(second, build.JobLimited)
		running := w.take(a)
		if running == nil || running.Job.BuildID != first.ID {
			t.Fatalf("the agent got %+v", running)
		}
		w.drain(3 * time.Second)
		w.wantInner(second, build.JobLimited)
		w.finish(running, 1)
		w.drain(0)
		w.wantInner(second, build.JobScheduled)
		waited := w.jobs(second)[0].ConcurrencyWait
		if waited == nil || *waited != 3*time.Second {
			t.Errorf("the second job waited %v for its slot", waited)
		}
		if waited = w.jobs(first)[0].ConcurrencyWait; waited == nil || *waited != 0 {
			t.Errorf("the first job waited %v for its slot", waited)
		}
		w.runNext(a, 0)
		w.wantBuild(second, build.Passed, "passed")
	})
}

func TestGroupOfAnotherOrganizationIsAnother(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		other := newWorld(t, w.st, w.clock)
		first, second := w.build(deploy), other.build(deploy)
		w.drain(0)
		w.wantInner(first, build.JobScheduled)
		w.wantInner(second, build.JobScheduled)
	})
}

func TestGroupForgetsItself(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		w.build(deploy)
		w.drain(0)
		if n := w.countGroups(); n != 1 {
			t.Errorf("%d groups are kept while one has a job", n)
		}
		w.runNext(w.agent(), 0)
		w.drain(0)
		if n := w.countGroups(); n != 0 {
			t.Errorf("%d groups are kept without any job", n)
		}
	})
}

func (w *world) countGroups() (n int) {
	w.t.Helper()
	must(w.t, w.st.Read().QueryRow(w.t.Context(), "SELECT count(*) FROM concurrency_groups").Scan(&n))
	return n
}

func TestSweepFreesSlotsOfDeletedPipelines(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		p := w.pipeline(deploy)
		w.create(p, builds.NewBuild{})
		waiting := w.build(deploy)
		w.drain(0)
		w.wantInner(waiting, build.JobLimited)
		storetest.Write(t, w.st, func(tx *sqldb.Tx) error { return store.DeletePipeline(t.Context(), tx, p.ID) })
		w.enqueue("builds.sweep", struct{}{})
		w.drain(10 * time.Minute)
		w.wantInner(waiting, build.JobScheduled)
	})
}

func TestLimitedJobIsLockedForAcquire(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		w.build(deploy)
		b := w.build(deploy)
		w.drain(0)
		_, err := w.service.Acquire(t.Context(), w.agent(), w.jobs(b)[0].ID)
		if err == nil || !strings.Contains(err.Error(), "its concurrency group has no slot") {
			t.Errorf("acquire: %v", err)
		}
	})
}

func TestStepTellsItsLimit(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		w.build(deploy)
		w.drain(0)
		job := w.take(w.agent()).Job
		for attribute, want := range map[string]string{"concurrency_key": "prod", "concurrency_limit": "1"} {
			got, err := w.service.ExportStep(t.Context(), job, "deploy", "", attribute, "")
			must(t, err)
			if got != want {
				t.Errorf("%s is %q, want %q", attribute, got, want)
			}
		}
	})
}

// TestUploadedDependentWaitsForStoredMembers: members that are stored already are found by their group.
func TestUploadedDependentWaitsForStoredMembers(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		b := w.build(`steps:
  - { key: a, command: a, concurrency: 9, concurrency_group: many }
  - { key: b, command: b, concurrency: 9, concurrency_group: many }
  - { key: up, command: up, priority: 1 }
`)
		w.drain(0)
		a := w.agent()
		up := w.take(a)
		_, err := w.service.Upload(t.Context(), up.Job, builds.Upload{ID: store.NewID(), Pipeline: []byte(
			`{"steps": [{"key": "after", "command": "after", "depends_on": "a"}]}`)})
		must(t, err)
		w.finish(up, 0)
		w.runNext(a, 0)
		w.wantInner(b, build.JobFinished, build.JobScheduled, build.JobFinished, build.JobWaiting)
		w.runNext(a, 0)
		w.wantInner(b, build.JobFinished, build.JobFinished, build.JobFinished, build.JobScheduled)
	})
}

// TestHeldBackByPerson: a job behind a block is no member, and one that was let go is, on rows as in memory.
func TestHeldBackByPerson(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		const behind = "steps:\n  - block: sure\n" + "  - { command: prepare }\n  - wait\n" + "  - { command: deploy, concurrency: 1, concurrency_group: prod }\n"
		blocked := w.build(behind)
		free := w.build(deploy)
		w.drain(0)
		w.wantInner(free, build.JobScheduled)
		w.runNext(w.agent(), 0)
		_, _, err := w.service.UnblockJob(t.Context(), w.AdminActor(), builds.JobRef{JobID: w.jobs(blocked)[0].ID}, "", nil)
		must(t, err)
		later := w.build(deploy)
		w.drain(0)
		w.wantInner(later, build.JobLimited)
		w.runNext(w.agent(), 0)
		w.drain(0)
		w.wantInner(blocked, build.JobUnblocked, build.JobFinished, build.JobFinished, build.JobScheduled)
		w.wantInner(later, build.JobLimited)
	})
}

// TestNodesGiveOutNoSlotTwice lets two nodes look at one group at the same moment, again and again, each believing that
// it alone has the task, while who is next in the group keeps changing.
func TestNodesGiveOutNoSlotTwice(t *testing.T) {
	t.Parallel()
	twoNodes(t, func(t *testing.T, one, two *world) {
		const limit, jobs = 2, 24
		p := one.pipeline(fmt.Sprintf(
			"steps:\n  - { command: x, concurrency: %d, concurrency_group: g, concurrency_method: eager }\n", limit))
		var waiting []string
		for range jobs {
			waiting = append(waiting, one.jobs(one.create(p, builds.NewBuild{}))[0].ID)
		}
		a := one.agent()
		for finished := range jobs {
			// The second node finds another job to be next than the first one, which is about to decide.
			errs := make(chan error, 2)
			go func() { errs <- one.service.GiveSlots(t.Context(), one.Organization.ID, "g") }()
			go func() { errs <- two.hurry(waiting[jobs-1-finished], finished) }()
			must(t, errors.Join(<-errs, <-errs))
			holders := one.scheduled(p)
			if want := min(limit, jobs-finished); len(holders) != want {
				t.Fatalf("after %d jobs %d hold a slot, want %d", finished, len(holders), want)
			}
			one.runThis(a, holders[0])
		}
	})
}

// hurry makes a job the most urgent one and looks at the group.
func (w *world) hurry(jobID string, urgency int) error {
	ref := builds.JobRef{JobID: jobID}
	_, _, err := w.service.ReprioritizeJob(w.t.Context(), w.AdminActor(), ref, urgency)
	if err != nil && !fault.Is(err, fault.Conflict) { // it has gone to an agent
		return err
	}
	return w.service.GiveSlots(w.t.Context(), w.Organization.ID, "g")
}

// scheduled returns the ids of a pipeline's jobs that wait for an agent.
func (w *world) scheduled(p store.Pipeline) []string {
	w.t.Helper()
	rows, err := w.st.Read().Query(w.t.Context(), "SELECT id FROM jobs WHERE pipeline_id = $1 AND state = 'scheduled' ORDER BY id", p.ID)
	must(w.t, err)
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		must(w.t, rows.Scan(&id))
		ids = append(ids, id)
	}
	must(w.t, rows.Err())
	return ids
}

// runThis lets an agent run a certain job well.
func (w *world) runThis(a store.Agent, jobID string) {
	w.t.Helper()
	got, err := w.service.Acquire(w.t.Context(), a, jobID)
	must(w.t, err)
	must(w.t, w.service.Start(w.t.Context(), got.Job, w.clock.Now()))
	w.finish(&got, 0)
}
