package storetest_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

func TestPipelines(t *testing.T) {
	t.Parallel()
	storetest.EachAt(t, func(t *testing.T, st *store.Store, clock *storetest.Clock) {
		ctx, q := t.Context(), st.Read()
		w := storetest.NewWorld(t, st)
		now := clock.Now()
		full := storetest.Pipeline(t, st, w.Organization, func(p *store.Pipeline) {
			p.ClusterID, p.Description, p.CreatedByID, p.ArchivedAt = &w.Cluster.ID, new("Ships"), &w.Admin.ID, &now
			p.VisualSteps, p.Env = json.RawMessage(`[{"type":"script"}]`), map[string]string{"A": "1"}
			p.BranchConfiguration, p.CloneMirrorURL = new("main !wip"), new("https://mirror.example.com/a.git")
			p.SkipQueuedBranchBuilds, p.SkipQueuedBranchBuildsFilter = true, new("!main")
			p.CancelRunningBranchBuilds, p.CancelRunningBranchBuildsFilter = true, new("!main")
			p.Tags, p.Emoji, p.Color = []string{"go", "web"}, new(":go:"), new("#ffffff")
			p.DefaultTimeoutMinutes, p.MaximumTimeoutMinutes = new(int64(10)), new(int64(60))
			p.Visibility, p.ProviderSettings, p.NextBuildNumber = store.VisibilityPublic, json.RawMessage(`{"b":1,"a":2}`), 7
		})

		got, err := store.GetPipeline(ctx, q, full.ID)
		same(t, "by id", got, err, full)
		got, err = store.GetPipeline(ctx, q, w.Pipeline.ID)
		same(t, "bare", got, err, w.Pipeline)
		got, err = store.PipelineBySlug(ctx, q, w.Organization.ID, full.Slug)
		same(t, "by slug", got, err, full)
		_, err = store.PipelineBySlug(ctx, q, store.NewID(), full.Slug)
		fails(t, "slug of another organization", err, store.ErrNotFound)
		some, err := store.GetPipelines(ctx, q, []string{full.ID, store.NewID()})
		same(t, "several", some, err, map[string]store.Pipeline{full.ID: full})

		t.Run("taken names", func(t *testing.T) {
			for index, edit := range map[string]func(*store.Pipeline){
				"pipelines(organization_id, slug)": func(p *store.Pipeline) { p.Slug = full.Slug },
				"pipelines(organization_id, name)": func(p *store.Pipeline) { p.Name = full.Name },
			} {
				p := w.Pipeline
				edit(&p)
				err := st.Write(ctx, func(tx *sqldb.Tx) error { return store.UpdatePipeline(ctx, tx, p) })
				if !sqldb.IsUniqueOn(err, index) {
					t.Errorf("%s: got %v, want a unique violation", index, err)
				}
			}
		})
		t.Run("update", func(t *testing.T) {
			changed := w.Pipeline
			changed.ID, changed.Slug, changed.Name = full.ID, "renamed", "Renamed"
			changed.ClusterID, changed.AllowRebuilds, changed.Provider = nil, false, "unknown"
			storetest.Write(t, st, func(tx *sqldb.Tx) error { return store.UpdatePipeline(ctx, tx, changed) })
			// What an update does not own stays.
			changed.NextBuildNumber, changed.ArchivedAt, changed.CreatedByID = full.NextBuildNumber, full.ArchivedAt, full.CreatedByID
			changed.BadgeToken, changed.WebhookToken = full.BadgeToken, full.WebhookToken
			var got store.Pipeline
			storetest.Write(t, st, func(tx *sqldb.Tx) (err error) {
				got, err = store.LockPipelineBySlug(ctx, tx, w.Organization.ID, "renamed")
				return err
			})
			same(t, "changed", got, nil, changed)
			missing := changed
			missing.ID = store.NewID()
			err := st.Write(ctx, func(tx *sqldb.Tx) error { return store.UpdatePipeline(ctx, tx, missing) })
			fails(t, "unknown pipeline", err, store.ErrNotFound)
		})
		t.Run("archive and unarchive", func(t *testing.T) {
			p := storetest.Pipeline(t, st, w.Organization)
			archive := func(tx *sqldb.Tx) error { return store.ArchivePipeline(ctx, tx, p.ID, now) }
			unarchive := func(tx *sqldb.Tx) error { return store.UnarchivePipeline(ctx, tx, p.ID) }
			fails(t, "unarchive first", st.Write(ctx, unarchive), store.ErrStale)
			storetest.Write(t, st, archive)
			fails(t, "archive again", st.Write(ctx, archive), store.ErrStale)
			got, err := store.GetPipeline(ctx, q, p.ID)
			archived := p
			archived.ArchivedAt = &now
			same(t, "archived", got, err, archived)
			storetest.Write(t, st, unarchive)
			got, err = store.GetPipeline(ctx, q, p.ID)
			same(t, "unarchived", got, err, p)
		})
		t.Run("delete takes the builds", func(t *testing.T) {
			p := storetest.Pipeline(t, st, w.Organization)
			job := addJob(t, st, p, 1, build.Running, build.Script, build.JobRunning)
			storetest.Write(t, st, func(tx *sqldb.Tx) error { return store.DeletePipeline(ctx, tx, p.ID) })
			_, err := store.GetPipeline(ctx, q, p.ID)
			fails(t, "pipeline", err, store.ErrNotFound)
			_, err = store.GetBuild(ctx, q, job.BuildID)
			fails(t, "build", err, store.ErrNotFound)
			_, err = store.GetJob(ctx, q, job.ID)
			fails(t, "job", err, store.ErrNotFound)
			err = st.Write(ctx, func(tx *sqldb.Tx) error { return store.DeletePipeline(ctx, tx, p.ID) })
			fails(t, "again", err, store.ErrNotFound)
		})
	})
}

func TestListPipelines(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		ctx, q := t.Context(), st.Read()
		o := storetest.Organization(t, st)
		add := func(name, repository string) store.Pipeline {
			return storetest.Pipeline(t, st, o, func(p *store.Pipeline) { p.Name, p.Repository = name, repository })
		}
		web := add("Web Shop", "git@github.com:acme/web.git")
		api := add("100% API", "https://gitlab.com/acme/api_v2")
		tool := add(`Back\slash`, "https://github.com/acme/TOOL")
		storetest.NewWorld(t, st) // another organization's

		for name, c := range map[string]struct {
			filter store.PipelineFilter
			want   []store.Pipeline
		}{
			"all":                    {store.PipelineFilter{}, []store.Pipeline{tool, api, web}},
			"name, another case":     {store.PipelineFilter{Name: "wEb s"}, []store.Pipeline{web}},
			"percent is a character": {store.PipelineFilter{Name: "0%"}, []store.Pipeline{api}},
			"percent alone":          {store.PipelineFilter{Name: "%"}, []store.Pipeline{api}},
			"underscore":             {store.PipelineFilter{Repository: "api_v"}, []store.Pipeline{api}},
			"underscore is no joker": {store.PipelineFilter{Repository: "t_ol"}, nil},
			"backslash":              {store.PipelineFilter{Name: `\s`}, []store.Pipeline{tool}},
			"repository":             {store.PipelineFilter{Repository: "GitHub.com"}, []store.Pipeline{tool, web}},
			"both":                   {store.PipelineFilter{Name: "back", Repository: "tool"}, []store.Pipeline{tool}},
			"one does not fit":       {store.PipelineFilter{Name: "back", Repository: "web"}, nil},
		} {
			c.filter.OrganizationID = o.ID
			items, err := store.ListPipelines(ctx, q, c.filter, all)
			same(t, name, items, err, c.want)
			n, err := store.CountPipelines(ctx, q, c.filter)
			same(t, "count of "+name, n, err, len(c.want))
		}
		items, err := store.ListPipelines(ctx, q, store.PipelineFilter{OrganizationID: o.ID}, store.Page{Limit: 1, Offset: 1})
		same(t, "second page", items, err, []store.Pipeline{api})
	})
}

func TestCountsOfPipelines(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		ctx, q := t.Context(), st.Read()
		w := storetest.NewWorld(t, st)
		quiet := storetest.Pipeline(t, st, w.Organization)
		other := storetest.Pipeline(t, st, w.Organization)
		for i, c := range []struct {
			build build.State
			typ   build.JobType
			job   build.JobState
		}{
			{build.Scheduled, build.Script, build.JobScheduled},
			{build.Creating, build.Script, build.JobLimited},
			{build.Running, build.Script, build.JobRunning},
			{build.Failing, build.Script, build.JobAssigned},
			{build.Canceling, build.Script, build.JobCanceling},
			{build.Running, build.Script, build.JobWaiting},
			{build.Running, build.Waiter, build.JobWaiting},
			{build.Passed, build.Script, build.JobFinished},
			{build.Blocked, build.Manual, build.JobBlocked},
		} {
			addJob(t, st, w.Pipeline, int64(i+1), c.build, c.typ, c.job)
		}
		addJob(t, st, quiet, 1, build.Passed, build.Script, build.JobFinished)
		addJob(t, st, other, 1, build.Running, build.Script, build.JobRunning)

		before := st.DB().Statements()
		got, err := store.CountsOfPipelines(ctx, q, []string{w.Pipeline.ID, quiet.ID, other.ID})
		if n := st.DB().Statements() - before; n != 2 {
			t.Errorf("took %d statements, want 2", n)
		}
		same(t, "counts", got, err, map[string]store.PipelineCounts{
			w.Pipeline.ID: {ScheduledBuilds: 2, RunningBuilds: 5, ScheduledJobs: 2, RunningJobs: 3, WaitingJobs: 1},
			other.ID:      {RunningBuilds: 1, RunningJobs: 1},
		})
		got, err = store.CountsOfPipelines(ctx, q, nil)
		same(t, "no pipelines", got, err, nil)
	})
}

// addJob adds a build with one job.
func addJob(t *testing.T, st *store.Store, p store.Pipeline, number int64, state build.State, typ build.JobType, jobState build.JobState) *build.Job {
	t.Helper()
	return addJobOf(t, st, p, number, state, &build.Job{Type: typ, State: jobState})
}

// holdJob adds a running build with a job that an agent holds or held.
func holdJob(t *testing.T, st *store.Store, p store.Pipeline, number int64, state build.JobState, agentID string) {
	t.Helper()
	addJobOf(t, st, p, number, build.Running, &build.Job{Type: build.Script, State: state, AgentID: agentID})
}

func addJobOf(t *testing.T, st *store.Store, p store.Pipeline, number int64, state build.State, j *build.Job) *build.Job {
	t.Helper()
	b := &store.Build{
		Build:          build.Build{ID: store.NewID(), State: state, BlockedState: build.Passed, CreatedAt: time.Now()},
		OrganizationID: p.OrganizationID, PipelineID: p.ID, Number: number, Branch: "main", Commit: "HEAD", Source: "api",
	}
	j.ID, j.BuildID, j.StepID, j.StepPath = store.NewID(), b.ID, store.NewID(), fmt.Sprintf("%05d", number)
	j.CreatedAt, j.ScheduledAt = time.Now(), time.Now()
	storetest.Write(t, st, func(tx *sqldb.Tx) error {
		if err := store.InsertBuild(t.Context(), tx, b); err != nil {
			return err
		}
		return store.InsertJobs(t.Context(), tx, p.OrganizationID, p.ID, []*build.Job{j})
	})
	return j
}
