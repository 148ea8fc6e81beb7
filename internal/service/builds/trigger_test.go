package builds_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/service/builds"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

// builtOf returns a pipeline's builds, oldest first.
func (w *world) builtOf(p store.Pipeline) []store.Build {
	w.t.Helper()
	list, _, err := w.service.List(w.t.Context(), w.AdminActor(), p.Slug, store.BuildFilter{}, store.Page{Limit: 100})
	must(w.t, err)
	slices.Reverse(list)
	return list
}

// parentOf makes a build whose one step triggers a pipeline, with more attributes, and its child.
func (w *world) parentOf(child store.Pipeline, attributes string) (parent, made store.Build) {
	w.t.Helper()
	parent = w.build(fmt.Sprintf("steps:\n  - {trigger: %s%s}\n", child.Slug, attributes))
	w.drain(0)
	children := w.builtOf(child)
	return parent, children[len(children)-1]
}

func TestTriggerFollowsItsBuild(t *testing.T) {
	t.Parallel()
	const child = "steps:\n  - command: child\n"
	for name, tt := range map[string]struct {
		attributes string
		status     int
		build      build.State
		job        string
	}{
		"passed":      {"", 0, build.Passed, "passed"},
		"failed":      {"", 1, build.Failed, "failed"},
		"soft failed": {", soft_fail: true", 1, build.Passed, "failed"},
		"async":       {", async: true", 1, build.Passed, "passed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, w *world) {
				parent, made := w.parentOf(w.pipeline(child), tt.attributes)
				if tt.attributes != ", async: true" {
					w.wantBuild(parent, build.Running, "running")
				}
				w.runNext(w.agent(), tt.status)
				w.drain(0)
				w.wantBuild(parent, tt.build, tt.job)
				if job := w.jobs(parent)[0]; job.TriggeredBuildID != made.ID || job.SoftFailed != (name == "soft failed") {
					t.Errorf("trigger job has the build %q, soft failed %v", job.TriggeredBuildID, job.SoftFailed)
				}
			})
		})
	}
}

func TestTriggerAttributes(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		child := w.pipeline("steps:\n  - command: child\n", func(p *store.Pipeline) { p.DefaultBranch = "trunk" })
		parent := w.create(w.pipeline(fmt.Sprintf("env: {LEAK: no}\nsteps:\n  - {trigger: %s, label: Ship it}\n"+
			"  - {trigger: %[1]s, build: {branch: b, commit: c, message: m, env: {A: 1}, meta_data: {k: 2}}}\n", child.Slug)),
			builds.NewBuild{Author: &store.Author{Name: "Ada"}, Env: map[string]string{"LEAK": "no"}, Branch: "feature", Message: "Parent"})
		w.drain(0)
		made := w.builtOf(child)
		if len(made) != 2 {
			t.Fatalf("%d builds were triggered", len(made))
		}
		for i, want := range []struct{ branch, commit, message string }{{"trunk", "HEAD", "Ship it"}, {"b", "c", "m"}} {
			b := made[i]
			if b.Branch != want.branch || b.Commit != want.commit || b.Message == nil || *b.Message != want.message {
				t.Errorf("child %d is of %s at %s: %v", i, b.Branch, b.Commit, b.Message)
			}
			if b.Source != "trigger_job" || b.CreatorID == nil || *b.CreatorID != w.Admin.ID || b.Author == nil || b.Author.Name != "Ada" ||
				b.TriggeredFromID == nil || *b.TriggeredFromID != parent.ID {
				t.Errorf("child %d: %+v", i, b)
			}
			if _, inherited := b.Env["LEAK"]; inherited {
				t.Errorf("child %d inherits the env %v", i, b.Env)
			}
		}
		metaData := storetest.MetaDataOf(t, w.st, made[1].ID)
		if made[1].Env["A"] != "1" || metaData[made[1].ID]["k"] != "2" {
			t.Errorf("second child has the env %v and the meta-data %v", made[1].Env, metaData)
		}
	})
}

func TestParallelTriggerMakesOneBuildEach(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		child := w.pipeline("steps:\n  - command: child\n")
		parent, _ := w.parentOf(child, ", parallelism: 3")
		var parts []string
		for _, b := range w.builtOf(child) {
			parts = append(parts, b.Env["BUILDKITE_PARALLEL_JOB"]+"/"+b.Env["BUILDKITE_PARALLEL_JOB_COUNT"])
		}
		slices.Sort(parts)
		if !slices.Equal(parts, []string{"0/3", "1/3", "2/3"}) {
			t.Errorf("parts are %v", parts)
		}
		a := w.agent()
		for range 3 {
			w.runNext(a, 0)
		}
		w.drain(0)
		w.wantBuild(parent, build.Passed, "passed", "passed", "passed")
	})
}

func TestExcludedTriggersMakeNoBuild(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		child := w.pipeline("steps:\n  - command: child\n")
		for _, attribute := range []string{"skip: not now", "if: build.branch == 'x'", "branches: x"} {
			parent := w.build(fmt.Sprintf("steps:\n  - {trigger: %s, %s}\n", child.Slug, attribute))
			w.drain(0)
			w.wantBuild(parent, build.NotRun, "broken")
		}
		if made := w.builtOf(child); len(made) != 0 {
			t.Errorf("%d builds were triggered", len(made))
		}
	})
}

func TestTriggerWaitsForBlockedBuild(t *testing.T) {
	t.Parallel()
	for _, state := range []string{"passed", "failed", "running"} {
		t.Run(state, func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, w *world) {
				child := w.pipeline("steps:\n  - {block: Go, blocked_state: " + state + "}\n  - command: after\n")
				parent, made := w.parentOf(child, "")
				w.wantBuild(made, build.Blocked, "blocked", "blocked")
				if got := w.reload(made).BlockedState; string(got) != state {
					t.Errorf("blocked state is %s", got)
				}
				w.wantBuild(parent, build.Running, "running")
				_, _, err := w.service.UnblockJob(t.Context(), w.AdminActor(), builds.JobRef{JobID: w.jobs(made)[0].ID}, "", nil)
				must(t, err)
				w.runNext(w.agent(), 0)
				w.drain(0)
				w.wantBuild(parent, build.Passed, "passed")
			})
		})
	}
}

func TestTriggerFollowsRetriedBuild(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		parent, _ := w.parentOf(w.pipeline("steps:\n  - command: child\n"), "")
		a := w.agent()
		failed := w.runNext(a, 1)
		w.drain(0)
		w.wantBuild(parent, build.Failed, "failed")
		_, _, err := w.service.RetryJob(t.Context(), w.AdminActor(), builds.JobRef{JobID: w.jobs(parent)[0].ID})
		if !fault.Is(err, fault.Malformed) {
			t.Errorf("retry of the trigger job itself: %v", err)
		}
		_, _, err = w.service.RetryJob(t.Context(), w.AdminActor(), builds.JobRef{JobID: failed.Job.ID})
		must(t, err)
		w.drain(0)
		w.wantBuild(parent, build.Running, "running")
		w.runNext(a, 0)
		w.drain(0)
		w.wantBuild(parent, build.Passed, "passed")
	})
}

func TestCanceledParentTakesItsBuildsAlong(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		grandchild := w.pipeline("steps:\n  - command: grandchild\n")
		child := w.pipeline("steps:\n  - trigger: " + grandchild.Slug + "\n")
		beside := w.pipeline("steps:\n  - command: beside\n")
		p := w.pipeline("steps:\n  - trigger: " + child.Slug + "\n  - {trigger: " + beside.Slug + ", async: true}\n")
		parent := w.create(p, builds.NewBuild{})
		w.drain(0)
		_, err := w.service.Cancel(t.Context(), w.AdminActor(), p.Slug, parent.ID, "")
		must(t, err)
		w.wantBuild(parent, build.Canceling, "canceling", "passed")
		w.drain(0)
		w.wantBuild(parent, build.Canceled, "canceled", "passed")
		w.wantBuild(w.builtOf(child)[0], build.Canceled, "canceled")
		w.wantBuild(w.builtOf(grandchild)[0], build.Canceled, "canceled")
		w.wantBuild(w.builtOf(beside)[0], build.Scheduled, "scheduled")
	})
}

// TestJobsBelowCanceledParentCannotBeRetried cancels a parent whose child has failed already.
func TestJobsBelowCanceledParentCannotBeRetried(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		child := w.pipeline("steps:\n  - command: child\n")
		p := w.pipeline("steps:\n  - trigger: " + child.Slug + "\n  - block: Go\n    depends_on: ~\n")
		parent := w.create(p, builds.NewBuild{})
		w.drain(0)
		failed := w.runNext(w.agent(), 1)
		_, err := w.service.Cancel(t.Context(), w.AdminActor(), p.Slug, parent.ID, "")
		must(t, err)
		w.drain(0)
		const text = "This job can't be retried because this build was triggered by a synchronous trigger step in a canceled build"
		_, _, err = w.service.RetryJob(t.Context(), w.AdminActor(), builds.JobRef{JobID: failed.Job.ID})
		if !fault.Is(err, fault.Invalid) || err.Error() != text {
			t.Errorf("retry: %v", err)
		}
		_, _, err = w.service.RetryFailed(t.Context(), w.AdminActor(), child.Slug, "1", nil)
		if !fault.Is(err, fault.Invalid) || err.Error() != text {
			t.Errorf("retry of all that failed: %v", err)
		}
	})
}

func TestTriggersNestTenDeep(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		p := w.pipeline("steps:\n  - trigger: round-and-round\n", func(p *store.Pipeline) { p.Slug = "round-and-round" })
		w.create(p, builds.NewBuild{})
		for range 15 {
			w.drain(0)
		}
		chain := w.builtOf(p)
		if len(chain) != 10 {
			t.Fatalf("the chain has %d builds, want 10", len(chain))
		}
		for _, b := range chain {
			w.wantBuild(b, build.Failed, "failed")
		}
		w.wantReason(chain[9], "10 deep")
	})
}

// wantReason checks why the first job of a build did not trigger another.
func (w *world) wantReason(b store.Build, part string) {
	w.t.Helper()
	job := w.jobs(b)[0]
	if job.TriggeredBuildID != "" || !strings.Contains(job.BrokenReason, part) {
		w.t.Errorf("trigger job made the build %q and says %q, want %q", job.TriggeredBuildID, job.BrokenReason, part)
	}
}

func TestRefusedTriggers(t *testing.T) {
	t.Parallel()
	const steps = "steps:\n  - command: child\n"
	for name, tt := range map[string]struct {
		edit   func(other store.Cluster, p *store.Pipeline)
		reason string
	}{
		"branch":        {func(_ store.Cluster, p *store.Pipeline) { p.BranchConfiguration = ptr("release/*") }, `branch "main" is not built by this pipeline`},
		"archived":      {func(_ store.Cluster, p *store.Pipeline) { p.ArchivedAt = &p.CreatedAt }, "archived"},
		"configuration": {func(_ store.Cluster, p *store.Pipeline) { p.Configuration = "steps:\n  - shell: x\n" }, "shell"},
		"queue": {func(_ store.Cluster, p *store.Pipeline) {
			p.Configuration = "steps:\n  - {command: x, agents: {queue: none}}\n"
		}, `no queue "none"`},
		"cluster": {func(other store.Cluster, p *store.Pipeline) { p.ClusterID = &other.ID }, "another cluster"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, w *world) {
				other := storetest.Cluster(t, w.st, w.Organization)
				child := w.pipeline(steps, func(p *store.Pipeline) { tt.edit(other, p) })
				parent := w.build("steps:\n  - trigger: " + child.Slug + "\n  - wait\n  - command: after\n")
				w.drain(0)
				w.wantBuild(parent, build.Failed, "failed", "waiting_failed", "waiting_failed")
				w.wantReason(parent, tt.reason)
				if made := w.builtOf(child); len(made) != 0 {
					t.Errorf("%d builds were made", len(made))
				}
				storetest.Write(t, w.st, func(tx *sqldb.Tx) error {
					number, err := store.TakeBuildNumber(t.Context(), tx, child.ID)
					if number != 1 {
						t.Errorf("the next number is %d: one was used", number)
					}
					return err
				})
			})
		})
	}
	t.Run("other organization", func(t *testing.T) {
		t.Parallel()
		onBoth(t, func(t *testing.T, w *world) {
			other := storetest.NewWorld(t, w.st)
			parent := w.build("steps:\n  - trigger: " + other.Pipeline.Slug + "\n")
			w.drain(0)
			w.wantBuild(parent, build.Failed, "failed")
			w.wantReason(parent, "There is no pipeline")
		})
	})
}

func TestTriggerAsksForItsCreatorsPermission(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		child := w.pipeline("steps:\n  - command: child\n")
		p := w.pipeline("steps:\n  - trigger: " + child.Slug + "\n")
		stranger := storetest.User(t, w.st, storetest.NewWorld(t, w.st).Organization, "member")
		made := 0
		for name, tt := range map[string]struct {
			creator *string
			allowed bool
		}{
			"admin": {&w.Admin.ID, true}, "member": {&w.Member.ID, true}, "nobody": {nil, true}, "no member any more": {&stranger.ID, false},
		} {
			var parent store.Build
			storetest.Write(t, w.st, func(tx *sqldb.Tx) (err error) {
				parent, err = w.service.CreateInTx(t.Context(), tx, p, builds.NewBuild{
					Branch: "main", Commit: "HEAD", Source: "schedule", CreatorID: tt.creator,
				})
				return err
			})
			w.drain(0)
			if tt.allowed {
				made++
			} else {
				w.wantBuild(parent, build.Failed, "failed")
				w.wantReason(parent, "Could not find a matching team")
			}
			if got := len(w.builtOf(child)); got != made {
				t.Errorf("%s: %d builds were triggered, want %d", name, got, made)
			}
		}
	})
}

// TestTriggerTakesTheLatestState tells a parent of its child's end twice, out of order with a retry.
func TestTriggerTakesTheLatestState(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		parent, made := w.parentOf(w.pipeline("steps:\n  - command: child\n"), "")
		a := w.agent()
		failed := w.runNext(a, 1)
		_, _, err := w.service.RetryJob(t.Context(), w.AdminActor(), builds.JobRef{JobID: failed.Job.ID})
		must(t, err)
		w.runNext(a, 0)
		w.drain(0)
		for range 2 {
			w.enqueue("builds.child_changed", map[string]string{"job_id": w.jobs(parent)[0].ID, "build_id": made.ID})
			w.drain(time.Second)
		}
		w.wantBuild(parent, build.Passed, "passed")
	})
}

func ptr[T any](v T) *T { return &v }
