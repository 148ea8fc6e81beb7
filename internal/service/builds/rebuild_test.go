package builds_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/service/builds"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

func TestRebuildCopies(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		p := w.pipeline(oneStep, func(p *store.Pipeline) { p.BranchConfiguration = ptr("main") })
		first := w.create(p, builds.NewBuild{
			Commit: "0123abc", Branch: "feature", IgnoreBranchFilters: true, Message: "Try", Tag: "v1", Source: "webhook",
			Author: &store.Author{Name: "Ada", Email: "ada@example.com"}, Env: map[string]string{"A": "b"},
			MetaData: map[string]string{"k": "v"}, CleanCheckout: true,
			PullRequest: &store.PullRequest{ID: "7", Base: "main", Repository: "git://x", Labels: []string{"bug"}},
		})
		again, err := w.service.Rebuild(t.Context(), w.MemberActor(), p.Slug, "1")
		must(t, err)
		got := w.reload(again)
		type copied struct {
			Commit, Branch, Message, Tag, Source string
			Author                               *store.Author
			Env                                  map[string]string
			PullRequest                          *store.PullRequest
			CleanCheckout                        bool
			RebuiltFrom, Creator                 string
		}
		want := copied{
			first.Commit, first.Branch, "Try", "v1", "api", first.Author, first.Env, first.PullRequest, false, first.ID, w.Member.ID,
		}
		if diff := cmp.Diff(want, copied{
			got.Commit, got.Branch, *got.Message, *got.Tag, got.Source, got.Author, got.Env, got.PullRequest, got.CleanCheckout,
			*got.RebuiltFromID, *got.CreatorID,
		}); diff != "" {
			t.Errorf("rebuilt differs (-want +got):\n%s", diff)
		}
		metaData := storetest.MetaDataOf(t, w.st, got.ID)
		if len(metaData[got.ID]) != 0 {
			t.Errorf("meta-data %v was copied", metaData[got.ID])
		}
		w.runNext(w.agent(), 0)
		job := w.runNext(w.agent(), 0)
		if job.Env["BUILDKITE_REBUILT_FROM_BUILD_ID"] != first.ID || job.Env["BUILDKITE_REBUILT_FROM_BUILD_NUMBER"] != "1" ||
			job.Env["BUILDKITE_PULL_REQUEST"] != "7" || job.Env["A"] != "b" {
			t.Errorf("environment %v", job.Env)
		}
	})
}

// TestRebuildTakesPresentConfiguration changes the pipeline between a build and its rebuild.
func TestRebuildTakesPresentConfiguration(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		p := w.pipeline(oneStep)
		w.create(p, builds.NewBuild{})
		p.Configuration = "steps:\n  - command: one\n  - command: two\n"
		storetest.Write(t, w.st, func(tx *sqldb.Tx) error { return store.UpdatePipeline(t.Context(), tx, p) })
		again, err := w.service.Rebuild(t.Context(), w.AdminActor(), p.Slug, "1")
		must(t, err)
		w.wantBuild(again, build.Scheduled, "scheduled", "scheduled")
	})
}

func TestRebuildOfTriggeredBuildStandsAlone(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		child := w.pipeline(oneStep)
		parent, made := w.parentOf(child, "")
		again, err := w.service.Rebuild(t.Context(), w.AdminActor(), child.Slug, made.ID)
		must(t, err)
		if again.TriggeredFromID != nil || again.TriggeredJobID != nil || again.TriggerDepth != 0 {
			t.Errorf("rebuilt %+v", again)
		}
		a := w.agent()
		w.runNext(a, 1)
		w.runNext(a, 0)
		w.drain(0)
		w.wantBuild(parent, build.Failed, "failed")
	})
}

func TestRefusedRebuilds(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		p := w.pipeline(oneStep, func(p *store.Pipeline) { p.AllowRebuilds = false })
		w.create(p, builds.NewBuild{})
		if _, err := w.service.Rebuild(t.Context(), w.AdminActor(), p.Slug, "1"); !fault.Is(err, fault.Invalid) {
			t.Errorf("where rebuilds are not allowed: %v", err)
		}
		if _, err := w.service.Rebuild(t.Context(), w.AdminActor(), p.Slug, "2"); !fault.Is(err, fault.NotFound) {
			t.Errorf("of no build: %v", err)
		}
		if _, err := w.service.Rebuild(t.Context(), access.Actor{OrganizationID: w.Organization.ID}, p.Slug, "1"); !fault.Is(err, fault.Forbidden) {
			t.Errorf("by nobody: %v", err)
		}
	})
}
