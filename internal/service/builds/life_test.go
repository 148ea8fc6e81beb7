package builds_test

import (
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/service/builds"
	"github.com/bridle-ci/bridle/internal/store"
)

func TestLife(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		b := w.build("steps:\n  - {command: one, key: one}\n  - wait\n  - {command: two, depends_on: one}\n  - block: Go\n  - {command: three, agents: {os: linux}}\n")
		a := w.agent()
		w.wantBuild(b, build.Scheduled, "scheduled", "waiting", "waiting", "blocked", "blocked")
		w.runNext(a, 0)
		w.wantBuild(b, build.Running, "passed", "passed", "scheduled", "blocked", "blocked")
		w.runNext(a, 0)
		w.wantBuild(b, build.Blocked, "passed", "passed", "passed", "blocked", "blocked")
		manual := w.jobs(b)[3]
		_, _, err := w.service.UnblockJob(t.Context(), w.AdminActor(), builds.JobRef{JobID: manual.ID}, "", nil)
		must(t, err)
		w.wantBuild(b, build.Running, "passed", "passed", "passed", "unblocked", "scheduled")
		if w.take(a) != nil {
			t.Fatal("an agent without the tag got the job")
		}
		got := w.runNext(w.agent(func(a *store.Agent) { a.Tags = append(a.Tags, "os=linux") }), 0)
		w.wantBuild(b, build.Passed, "passed", "passed", "passed", "unblocked", "passed")
		if got.Env["BUILDKITE_UNBLOCKER_ID"] != w.Admin.ID || got.Env["BUILDKITE_AGENT_META_DATA_OS"] != "linux" {
			t.Errorf("environment %v", got.Env)
		}
	})
}

func TestAcceptIsRepeatable(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		b := w.build("steps:\n  - command: one\n")
		a, other := w.agent(), w.agent()
		id, err := w.service.Offer(t.Context(), a)
		must(t, err)
		again, err := w.service.Offer(t.Context(), a)
		must(t, err)
		if id == "" || again != id {
			t.Fatalf("offered %q and then %q", id, again)
		}
		if _, err := w.service.Accept(t.Context(), other, id); !fault.Is(err, fault.Conflict) {
			t.Errorf("another agent's accept: %v", err)
		}
		first, err := w.service.Accept(t.Context(), a, id)
		must(t, err)
		second, err := w.service.Accept(t.Context(), a, id)
		must(t, err)
		if first.Token != second.Token || first.Token == "" {
			t.Errorf("tokens %q and %q", first.Token, second.Token)
		}
		if job, err := w.service.JobByToken(t.Context(), first.Token); err != nil || job.ID != id {
			t.Errorf("job of the token: %v, %v", job.ID, err)
		}
		for range 2 {
			must(t, w.service.Start(t.Context(), first.Job, w.clock.Now()))
		}
		for range 2 {
			w.finish(&first, 3)
		}
		w.wantBuild(b, build.Failed, "failed")
	})
}

func TestConcurrentFinishEndsOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		b := w.build("steps:\n  - {command: one, retry: {automatic: {limit: 1}}}\n")
		got := w.take(w.agent())
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				err := w.service.Finish(t.Context(), got.Job, builds.Finish{ExitStatus: 1, FinishedAt: w.clock.Now()})
				if err != nil && !fault.Is(err, fault.Conflict) {
					t.Error(err)
				}
			})
		}
		group.Wait()
		w.wantBuild(b, build.Running, "failed", "scheduled")
	})
}

func TestConcurrentOffersNeverShareAJob(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		w.build("steps:\n  - {command: one, parallelism: 20}\n")
		var mu sync.Mutex
		var group sync.WaitGroup
		seen := map[string]bool{}
		for range 24 {
			a := w.agent()
			group.Go(func() {
				id, err := w.service.Offer(t.Context(), a)
				mu.Lock()
				defer mu.Unlock()
				if err != nil || id != "" && seen[id] {
					t.Errorf("offered %q twice, or %v", id, err)
				}
				seen[id] = true
			})
		}
		group.Wait()
		delete(seen, "")
		if len(seen) != 20 {
			t.Errorf("%d jobs were given, want 20", len(seen))
		}
	})
}

func TestStreamGetsJobs(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		a := w.agent()
		stream := w.service.Wait(t.Context(), a)
		b := w.build("steps:\n  - command: one\n  - command: two\n")
		for range 2 {
			id := <-stream.Jobs()
			got, err := w.service.Accept(t.Context(), a, id)
			must(t, err)
			must(t, w.service.Start(t.Context(), got.Job, w.clock.Now()))
			w.finish(&got, 0)
		}
		w.wantBuild(b, build.Passed, "passed", "passed")
		stream.Close()
	})
}

func TestStreamOffersUnacceptedJobAgain(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		a := w.agent()
		w.build("steps:\n  - command: one\n")
		first := w.service.Wait(t.Context(), a)
		id := <-first.Jobs()
		first.Close()
		second := w.service.Wait(t.Context(), a)
		defer second.Close()
		if again := <-second.Jobs(); again != id {
			t.Errorf("offered %s, want %s again", again, id)
		}
	})
}

func TestAssignmentRunsOut(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		b := w.build("steps:\n  - command: one\n")
		if id, err := w.service.Offer(t.Context(), w.agent()); id == "" {
			t.Fatal("no job", err)
		}
		w.wantBuild(b, build.Scheduled, "assigned")
		w.enqueue("builds.sweep", struct{}{})
		w.drain(30 * time.Second)
		w.wantBuild(b, build.Scheduled, "assigned")
		w.drain(2 * time.Minute)
		w.wantBuild(b, build.Scheduled, "scheduled")
		if w.take(w.agent()) == nil {
			t.Error("the job is not offered again")
		}
	})
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		b := w.build("steps:\n  - {command: one, timeout_in_minutes: 5}\n")
		got := w.take(w.agent())
		if got.Env["BUILDKITE_TIMEOUT"] != "5" {
			t.Errorf("BUILDKITE_TIMEOUT is %q", got.Env["BUILDKITE_TIMEOUT"])
		}
		w.drain(4 * time.Minute)
		w.wantBuild(b, build.Running, "running")
		must(t, w.service.UpdateTimeout(t.Context(), got.Job, 10))
		w.drain(2 * time.Minute)
		w.wantBuild(b, build.Running, "running")
		w.drain(5 * time.Minute)
		w.wantBuild(b, build.Running, "timing_out")
		w.finish(got, -1)
		w.wantBuild(b, build.Failed, "timed_out")
	})
}

func TestAgentLost(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		b := w.build("steps:\n  - command: one\n")
		got := w.take(w.agent())
		w.enqueue("builds.agent_lost", map[string]string{"job_id": got.Job.ID})
		w.drain(0)
		w.wantBuild(b, build.Failed, "failed")
		if status := w.jobs(b)[0].ExitStatus; status == nil || *status != -1 {
			t.Errorf("exit status %v, want -1", status)
		}
	})
}

func TestUpload(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		b := w.build("steps:\n  - {command: upload}\n  - wait\n  - {command: last}\n")
		a := w.agent()
		got := w.take(a)
		u := builds.Upload{
			ID:       store.NewID(),
			Pipeline: json.RawMessage(`{"env":{"FROM":"upload"},"steps":[{"command":"x","key":"x"},"wait",{"command":"y"}]}`),
		}
		for range 2 {
			applied, err := w.service.Upload(t.Context(), got.Job, u)
			must(t, err)
			if applied.State != store.UploadApplied {
				t.Errorf("upload is %s", applied.State)
			}
		}
		w.wantBuild(b, build.Running, "running", "waiting", "waiting", "waiting", "waiting", "waiting")
		for name, pipeline := range map[string]string{
			"duplicate key": `{"steps":[{"command":"z","key":"x"}]}`,
			"broken":        `{"steps":[{"shell":"z"}]}`,
			"cycle":         `{"steps":[{"command":"p","key":"p","depends_on":"q"},{"command":"q","key":"q","depends_on":"p"}]}`,
		} {
			_, err := w.service.Upload(t.Context(), got.Job, builds.Upload{ID: store.NewID(), Pipeline: json.RawMessage(pipeline)})
			if !fault.Is(err, fault.Invalid) {
				t.Errorf("%s: %v", name, err)
			}
		}
		w.finish(got, 0)
		if next := w.runNext(a, 0); next.Env["FROM"] != "upload" || next.Env["BUILDKITE_COMMAND"] != "x" {
			t.Errorf("next job's environment is %v", next.Env)
		}
		w.runNext(a, 0)
		w.runNext(a, 0)
		w.wantBuild(b, build.Passed, "passed", "passed", "passed", "passed", "passed", "passed")
	})
}

func TestTrigger(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		child := w.pipeline("steps:\n  - command: child\n")
		b := w.build("steps:\n  - {trigger: " + child.Slug + ", label: Deploy, build: {branch: release, env: {A: b}, meta_data: {k: v}}}\n  - wait\n  - command: after\n")
		w.drain(0)
		a := w.agent()
		got := w.take(a)
		if got.Env["A"] != "b" || got.Env["BUILDKITE_BRANCH"] != "release" || got.Env["BUILDKITE_MESSAGE"] != "Deploy" ||
			got.Env["BUILDKITE_TRIGGERED_FROM_BUILD_ID"] != b.ID || got.Env["BUILDKITE_SOURCE"] != "trigger_job" {
			t.Errorf("child's environment is %v", got.Env)
		}
		w.wantBuild(b, build.Running, "running", "waiting", "waiting")
		w.finish(got, 0)
		w.drain(0)
		w.wantBuild(b, build.Running, "passed", "passed", "scheduled")
		missing := w.build("steps:\n  - trigger: nothing-here\n")
		w.drain(0)
		w.wantBuild(missing, build.Failed, "failed")
	})
}

func TestCancelReachesAgentAndChildren(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		child := w.pipeline("steps:\n  - command: child\n")
		p := w.pipeline("steps:\n  - command: one\n  - command: two\n  - trigger: " + child.Slug + "\n")
		b := w.create(p, builds.NewBuild{})
		got := w.take(w.agent())
		w.drain(0)
		_, err := w.service.Cancel(t.Context(), w.AdminActor(), p.Slug, b.ID, "enough")
		must(t, err)
		state, err := w.service.JobState(t.Context(), got.Job.ID)
		must(t, err)
		if state != build.JobCanceling {
			t.Errorf("job is %s for its agent", state)
		}
		w.finish(got, 0)
		w.drain(0)
		w.wantBuild(b, build.Canceled, "canceled", "canceled", "canceled")
		if _, err := w.service.Cancel(t.Context(), w.AdminActor(), p.Slug, b.ID, ""); !fault.Is(err, fault.Conflict) {
			t.Errorf("second cancel: %v", err)
		}
		if _, _, err := w.service.RetryJob(t.Context(), w.AdminActor(), builds.JobRef{JobID: got.Job.ID}); !fault.Is(err, fault.Invalid) {
			t.Errorf("retry in a canceled build: %v", err)
		}
	})
}

func TestRetry(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		b := w.build("steps:\n  - command: one\n  - wait\n  - command: two\n")
		a := w.agent()
		failed := w.runNext(a, 1)
		w.wantBuild(b, build.Failed, "failed", "waiting_failed", "waiting_failed")
		retried, _, err := w.service.RetryJob(t.Context(), w.AdminActor(), builds.JobRef{JobID: failed.Job.ID})
		must(t, err)
		if retried.RetriesCount != 1 || retried.RetrySourceID != failed.Job.ID {
			t.Errorf("retried job: %+v", retried)
		}
		if _, _, err := w.service.RetryJob(t.Context(), w.AdminActor(), builds.JobRef{JobID: failed.Job.ID}); !fault.Is(err, fault.Malformed) {
			t.Errorf("second retry: %v", err)
		}
		w.wantBuild(b, build.Running, "failed", "scheduled", "waiting", "waiting")
		if got := w.runNext(a, 0); got.Env["BUILDKITE_RETRY_COUNT"] != "1" {
			t.Errorf("retry count is %q", got.Env["BUILDKITE_RETRY_COUNT"])
		}
		w.runNext(a, 0)
		w.wantBuild(b, build.Passed, "failed", "passed", "passed", "passed")
	})
}

func TestNumbersHaveNoGaps(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		p := w.pipeline("steps:\n  - command: one\n")
		var group sync.WaitGroup
		for range 64 {
			group.Go(func() { w.create(p, builds.NewBuild{}) })
		}
		group.Wait()
		list, total, err := w.service.List(t.Context(), w.AdminActor(), p.Slug, store.BuildFilter{}, store.Page{Limit: 100})
		must(t, err)
		if total != 64 {
			t.Fatalf("%d builds", total)
		}
		seen := map[int64]bool{}
		for _, b := range list {
			seen[b.Number] = true
		}
		for n := int64(1); n <= 64; n++ {
			if !seen[n] {
				t.Errorf("there is no build %d", n)
			}
		}
	})
}

func TestIdlePingCostsNoStatement(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		a := w.agent()
		if w.take(a) != nil {
			t.Fatal("there is a job")
		}
		before := w.st.DB().Statements()
		for range 10 {
			if w.take(a) != nil {
				t.Fatal("there is a job")
			}
		}
		if cost := w.st.DB().Statements() - before; cost != 0 {
			t.Errorf("ten idle pings cost %d statements", cost)
		}
	})
}

func TestStreamIsOfferedAJobAgainThatItDidNotAccept(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		w.build("steps:\n  - command: one\n")
		stream := w.service.Wait(t.Context(), w.agent())
		defer stream.Close()
		id := <-stream.Jobs()
		w.enqueue("builds.sweep", struct{}{})
		w.drain(0)
		w.drain(2 * time.Minute)
		if again := <-stream.Jobs(); again != id {
			t.Errorf("offered %s, want %s again", again, id)
		}
	})
}
