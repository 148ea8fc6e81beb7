package builds_test

import (
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

func TestListFilters(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		p := w.pipeline("steps:\n  - command: one\n")
		other := w.pipeline("steps:\n  - block: Wait\n")
		sha := "0123456789abcdef0123456789abcdef01234567"
		passed := w.create(p, builds.NewBuild{Branch: "main", Commit: sha, MetaData: map[string]string{"k": "v", "x": "1"}})
		w.runNext(w.agent(), 0)
		w.clock.Advance(time.Hour)
		scheduled := w.create(p, builds.NewBuild{Branch: "feature/a_b", MetaData: map[string]string{"k": "w"}})
		blocked := w.create(other, builds.NewBuild{Branch: "feature/axb"})
		now := w.clock.Now()
		for name, c := range map[string]struct {
			slug   string
			filter store.BuildFilter
			want   []store.Build
		}{
			"all, newest first":      {"", store.BuildFilter{}, []store.Build{blocked, scheduled, passed}},
			"one pipeline":           {p.Slug, store.BuildFilter{}, []store.Build{scheduled, passed}},
			"branch":                 {"", store.BuildFilter{Branches: []string{"main"}}, []store.Build{passed}},
			"branches":               {"", store.BuildFilter{Branches: []string{"main", "feature/axb"}}, []store.Build{blocked, passed}},
			"branch pattern":         {"", store.BuildFilter{Branches: []string{"feature/*"}}, []store.Build{blocked, scheduled}},
			"letters in their case":  {"", store.BuildFilter{Branches: []string{"Feature/*"}}, nil},
			"brackets are literal":   {"", store.BuildFilter{Branches: []string{"[f]eature/*", "feature/?xb*"}}, nil},
			"many stars":             {"", store.BuildFilter{Branches: []string{strings.Repeat("*", 60_000) + "/axb"}}, []store.Build{blocked}},
			"a long pattern":         {"", store.BuildFilter{Branches: []string{"*" + strings.Repeat("a", 60_000)}}, nil},
			"a long pattern of two":  {"", store.BuildFilter{Branches: []string{"*" + strings.Repeat("a", 60_000), "mai*"}}, []store.Build{passed}},
			"underscore is literal":  {"", store.BuildFilter{Branches: []string{"*a_b*"}}, []store.Build{scheduled}},
			"commit":                 {"", store.BuildFilter{Commits: []string{sha}}, []store.Build{passed}},
			"state":                  {"", store.BuildFilter{States: []string{"scheduled"}}, []store.Build{scheduled}},
			"finished":               {"", store.BuildFilter{States: []string{"finished"}}, []store.Build{blocked, passed}},
			"blocked":                {"", store.BuildFilter{States: []string{"blocked"}}, []store.Build{blocked}},
			"creator":                {"", store.BuildFilter{CreatorID: w.Admin.ID}, []store.Build{blocked, scheduled, passed}},
			"another creator":        {"", store.BuildFilter{CreatorID: w.Member.ID}, nil},
			"creator of no form":     {"", store.BuildFilter{CreatorID: "me"}, nil},
			"created from":           {"", store.BuildFilter{CreatedFrom: &now}, []store.Build{blocked, scheduled}},
			"created to":             {"", store.BuildFilter{CreatedTo: &now}, []store.Build{passed}},
			"finished from":          {"", store.BuildFilter{FinishedFrom: &passed.CreatedAt}, []store.Build{blocked, passed}},
			"meta-data":              {"", store.BuildFilter{MetaData: map[string]string{"k": "v", "x": "1"}}, []store.Build{passed}},
			"meta-data, all of them": {"", store.BuildFilter{MetaData: map[string]string{"k": "w", "x": "1"}}, nil},
			"not on paused queues":   {"", store.BuildFilter{ExcludePaused: true}, []store.Build{blocked, scheduled, passed}},
		} {
			list, total, err := w.service.List(t.Context(), w.AdminActor(), c.slug, c.filter, store.Page{Limit: 30})
			must(t, err)
			if got, want := numbers(list), numbers(c.want); !slices.Equal(got, want) || total != len(want) {
				t.Errorf("%s: %v of %d, want %v", name, got, total, want)
			}
		}
		storetest.Write(t, w.st, func(tx *sqldb.Tx) error {
			return store.PauseQueue(t.Context(), tx, w.Queue.ID, tx.Now(), nil, nil)
		})
		list, _, err := w.service.List(t.Context(), w.AdminActor(), "", store.BuildFilter{ExcludePaused: true}, store.Page{Limit: 30})
		must(t, err)
		if got, want := numbers(list), numbers([]store.Build{blocked, passed}); !slices.Equal(got, want) {
			t.Errorf("with the queue paused: %v, want %v", got, want)
		}
	})
}

// numbers names builds so that a difference can be read.
func numbers(list []store.Build) []string {
	var names []string
	for _, b := range list {
		names = append(names, b.ID[24:]+" "+b.Branch)
	}
	return names
}

func TestListPages(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		p := w.pipeline("steps:\n  - command: one\n")
		for range 5 {
			w.create(p, builds.NewBuild{})
		}
		for offset, want := range map[int][]int64{0: {5, 4}, 2: {3, 2}, 4: {1}, 6: nil} {
			list, total, err := w.service.List(t.Context(), w.AdminActor(), p.Slug, store.BuildFilter{}, store.Page{Limit: 2, Offset: offset})
			must(t, err)
			var got []int64
			for _, b := range list {
				got = append(got, b.Number)
			}
			if !slices.Equal(got, want) || total != 5 {
				t.Errorf("from %d: %v of %d, want %v of 5", offset, got, total, want)
			}
		}
		_, _, err := w.service.List(t.Context(), w.AdminActor(), p.Slug, store.BuildFilter{}, store.Page{Limit: 100, Offset: 1_000_000})
		if !fault.Is(err, fault.Malformed) {
			t.Errorf("a page too deep: %v", err)
		}
	})
}

func TestJobsPages(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		p := w.pipeline("steps:\n  - {command: a, key: a, parallelism: 3}\n  - group: G\n    key: g\n    steps:\n      - {command: b, key: b}\n  - wait\n")
		b := w.create(p, builds.NewBuild{})
		jobs := func(f builds.JobFilter) builds.JobPage {
			page, err := w.service.Jobs(t.Context(), w.AdminActor(), p.Slug, b.ID, f)
			must(t, err)
			return page
		}
		all := jobs(builds.JobFilter{Limit: 30})
		if len(all.Jobs) != 5 || all.HasNext || all.HasPrev {
			t.Fatalf("%d jobs, next %v, prev %v", len(all.Jobs), all.HasNext, all.HasPrev)
		}
		first := jobs(builds.JobFilter{Limit: 2})
		next := jobs(builds.JobFilter{Limit: 2, After: first.Jobs[1].ID})
		if !first.HasNext || first.HasPrev || !next.HasPrev || next.Jobs[0].ID != all.Jobs[2].ID {
			t.Errorf("first %+v, next %+v", first, next)
		}
		back := jobs(builds.JobFilter{Limit: 2, Before: next.Jobs[0].ID})
		if back.Jobs[0].ID != first.Jobs[0].ID || back.HasPrev {
			t.Errorf("back is %v", back.Jobs)
		}
		if got := jobs(builds.JobFilter{Limit: 30, StepKey: "a"}); len(got.Jobs) != 3 {
			t.Errorf("%d jobs of the step", len(got.Jobs))
		}
		if got := jobs(builds.JobFilter{Limit: 30, GroupKey: "g"}); len(got.Jobs) != 1 {
			t.Errorf("%d jobs of the group", len(got.Jobs))
		}
		if got := jobs(builds.JobFilter{Limit: 30, States: []string{"waiting"}}); len(got.Jobs) != 1 || got.Jobs[0].Type != build.Waiter {
			t.Errorf("waiting jobs: %v", got.Jobs)
		}
		_, err := w.service.Jobs(t.Context(), w.AdminActor(), p.Slug, b.ID, builds.JobFilter{After: "x", Before: "y", Limit: 2})
		if !fault.Is(err, fault.Malformed) {
			t.Errorf("both cursors: %v", err)
		}
	})
}

func TestExpandCostsTheSameForAnyNumber(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		p := w.pipeline("steps:\n  - command: a\n  - group: G\n    steps:\n      - {command: b, parallelism: 4}\n")
		cost := func() int64 {
			list, _, err := w.service.List(t.Context(), w.AdminActor(), p.Slug, store.BuildFilter{}, store.Page{Limit: 30})
			must(t, err)
			before := w.st.DB().Statements()
			_, err = w.service.Expand(t.Context(), w.AdminActor(), list, builds.Expand{Jobs: true, Pipelines: true})
			must(t, err)
			return w.st.DB().Statements() - before
		}
		w.create(p, builds.NewBuild{})
		one := cost()
		for range 9 {
			w.create(p, builds.NewBuild{})
		}
		if ten := cost(); ten != one {
			t.Errorf("ten builds cost %d statements, one costs %d", ten, one)
		}
	})
}

func TestMetaDataAndCommit(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		b := w.build("steps:\n  - command: one\n  - command: two\n")
		a := w.agent()
		got := w.take(a)
		ctx, job := t.Context(), got.Job
		if exists, err := w.service.MetaDataExists(ctx, job, "", "buildkite:git:commit"); exists || err != nil {
			t.Fatalf("exists %v, %v", exists, err)
		}
		sha := "0123456789abcdef0123456789abcdef01234567"
		must(t, w.service.SetMetaData(ctx, job, "", map[string]string{
			"buildkite:git:commit": "commit " + sha + "\nabbrev-commit 0123456\nAuthor: Ann <ann@acme.test>\n\n    Subject\n",
			"plain":                "1",
		}))
		if value, err := w.service.MetaData(ctx, job, b.ID, "plain"); value != "1" || err != nil {
			t.Errorf("value %q, %v", value, err)
		}
		if _, err := w.service.MetaData(ctx, job, "", "none"); !fault.Is(err, fault.NotFound) {
			t.Errorf("missing key: %v", err)
		}
		if err := w.service.SetMetaData(ctx, job, "", map[string]string{"good": "1", "blank": ""}); !fault.Is(err, fault.Invalid) {
			t.Errorf("blank value: %v", err)
		}
		keys, err := w.service.MetaDataKeys(ctx, job, "")
		must(t, err)
		if !slices.Equal(keys, []string{"buildkite:git:commit", "plain"}) {
			t.Errorf("keys %v", keys)
		}
		w.finish(got, 0)
		next := w.take(a)
		if next.Env["BUILDKITE_COMMIT"] != sha || next.Env["BUILDKITE_MESSAGE"] != "Subject" || next.Env["BUILDKITE_BUILD_AUTHOR"] != "Ann" ||
			next.Env["BUILDKITE_COMMIT_RESOLVED"] != "true" {
			t.Errorf("environment %v", next.Env)
		}
	})
}

func TestStepsOfAgents(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		b := w.build("steps:\n  - {command: one, key: one, label: First, agents: {os: linux}, env: {A: b}}\n  - {command: two, key: two}\n")
		got := w.take(w.agent(func(a *store.Agent) { a.Tags = append(a.Tags, "os=linux") }))
		ctx, job := t.Context(), got.Job
		for attribute, want := range map[string]string{
			"label": "First", "state": "running", "outcome": "neutral", "agents": "os=linux", "env": "A=b", "key": "one",
		} {
			if text, err := w.service.ExportStep(ctx, job, "one", "", attribute, ""); text != want || err != nil {
				t.Errorf("%s is %q, %v; want %q", attribute, text, err, want)
			}
		}
		if _, err := w.service.ExportStep(ctx, job, "one", "", "nope", ""); !fault.Is(err, fault.Invalid) {
			t.Errorf("unknown attribute: %v", err)
		}
		for range 2 {
			must(t, w.service.UpdateStep(ctx, job, got.Env["BUILDKITE_STEP_ID"], "", "label", "!", true, "same"))
		}
		if text, err := w.service.ExportStep(ctx, job, "one", "", "label", ""); text != "First!" || err != nil {
			t.Errorf("label is %q, %v", text, err)
		}
		must(t, w.service.UpdateStep(ctx, job, "two", "", "priority", "7", false, "p"))
		if got := w.jobs(b)[1].Priority; got != 7 {
			t.Errorf("priority is %d", got)
		}
		_, err := w.service.CancelStep(ctx, job, "two", "", false, 0)
		must(t, err)
		w.wantBuild(b, build.Failing, "running", "canceled")
	})
}
