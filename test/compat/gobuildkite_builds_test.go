package compat

import (
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/buildkite/go-buildkite/v4"
)

func tellBuildsAndJobs(t *testing.T, s *server) {
	c, ctx := s.client(), t.Context()
	p := s.pipeline("Builds", repository(t, map[string]string{"a": "b"}),
		"steps:\n  - {label: One, key: one, command: 'echo --- Section; echo out; exit $$STATUS', env: {STATUS: '1'}}\n")
	b, _, err := c.Builds.Create(ctx, organization, p.Slug, buildkite.CreateBuild{
		Commit: "HEAD", Branch: "main", Message: "Try it", Env: map[string]string{"A": "b"}, MetaData: map[string]string{"k": "v"},
		Author: buildkite.Author{Name: "Ann", Email: "ann@example.org"}, PullRequestID: 7, PullRequestBaseBranch: "trunk",
	})
	must(t, err)
	if b.Number != 1 || b.State != "scheduled" || b.Source != "api" || b.Creator.Email != "dev@bridle.localhost" ||
		b.Author.Name != "Ann" || b.PullRequest.ID != "7" || b.Env["A"] != "b" || b.Pipeline.Slug != p.Slug || len(b.Jobs) != 1 {
		t.Errorf("build %+v", b)
	}
	if !strings.HasPrefix(b.URL, s.url+"/v2/organizations/dev/pipelines/builds/builds/1") || b.WebURL != s.url+"/dev/builds/builds/1" {
		t.Errorf("addresses %s and %s", b.URL, b.WebURL)
	}
	j, _, err := c.Jobs.ReprioritizeJob(ctx, organization, p.Slug, "1", b.Jobs[0].ID, &buildkite.JobReprioritizationOptions{Priority: 5})
	must(t, err)
	if j.Priority.Number != 5 {
		t.Errorf("priority %+v", j.Priority)
	}
	agent := startAgent(t, s, "agent")
	b = s.waitForState(p.Slug, 1, "failed")
	failed := b.Jobs[0]
	if failed.ExitStatus == nil || *failed.ExitStatus != 1 || failed.Agent.Name != "agent" || failed.StartedAt == nil || failed.FinishedAt == nil {
		t.Errorf("job %+v", failed)
	}
	log, _, err := c.Jobs.GetJobLog(ctx, organization, p.Slug, "1", failed.ID)
	must(t, err)
	contains(t, log.Content, "Section", "out")
	if log.Size != len(log.Content) || len(log.HeaderTimes) == 0 {
		t.Errorf("log of %d bytes says %d, %d headers", len(log.Content), log.Size, len(log.HeaderTimes))
	}
	env, _, err := c.Jobs.GetJobEnvironmentVariables(ctx, organization, p.Slug, "1", failed.ID)
	must(t, err)
	if env.EnvironmentVariables["STATUS"] != "1" || env.EnvironmentVariables["BUILDKITE_PULL_REQUEST"] != "7" {
		t.Errorf("environment %v", env.EnvironmentVariables)
	}
	_, _, err = c.Jobs.UnblockJob(ctx, organization, p.Slug, "1", failed.ID, nil)
	wantStatus(t, err, http.StatusBadRequest, "This job type cannot be unblocked")
	retried, _, err := c.Jobs.RetryJob(ctx, organization, p.Slug, "1", failed.ID)
	must(t, err)
	if retried.ID == failed.ID || retried.RetriesCount != 1 || retried.RetrySource == nil || retried.RetrySource.JobID != failed.ID {
		t.Errorf("retried job %+v", retried)
	}
	_, _, err = c.Jobs.RetryJob(ctx, organization, p.Slug, "1", failed.ID)
	wantStatus(t, err, http.StatusBadRequest, "Jobs can only be retried once")
	s.waitForState(p.Slug, 1, "failed")
	_, err = c.Jobs.DeleteJobLog(ctx, organization, p.Slug, "1", failed.ID)
	must(t, err)
	log, _, err = c.Jobs.GetJobLog(ctx, organization, p.Slug, "1", failed.ID)
	if err == nil && log.Size != 0 {
		t.Errorf("a deleted log has %d bytes", log.Size)
	}

	must(t, agent.command.Process.Signal(syscall.SIGTERM))
	<-agent.exited
	rebuilt, err := c.Builds.Rebuild(ctx, organization, p.Slug, "1")
	must(t, err)
	if rebuilt.Number != 2 || rebuilt.RebuiltFrom == nil || rebuilt.RebuiltFrom.Number != 1 || rebuilt.Message != "Try it" {
		t.Errorf("rebuilt %+v", rebuilt)
	}
	canceled, err := c.Builds.Cancel(ctx, organization, p.Slug, "2")
	must(t, err)
	if canceled.State != "canceled" {
		t.Errorf("canceled build is %s", canceled.State)
	}
	_, err = c.Builds.Cancel(ctx, organization, p.Slug, "2")
	wantStatus(t, err, http.StatusUnprocessableEntity, "canceled")
	_, _, err = c.Jobs.RetryJob(ctx, organization, p.Slug, "2", rebuilt.Jobs[0].ID)
	wantStatus(t, err, http.StatusUnprocessableEntity, "Jobs from canceled builds cannot be retried")
	checkBuildLists(t, c, p.Slug, b)
	checkBuildForms(t, c, p.Slug)
}

func checkBuildLists(t *testing.T, c *buildkite.Client, pipeline string, of buildkite.Build) {
	t.Helper()
	ctx := t.Context()
	for name, list := range map[string]func(*buildkite.BuildsListOptions) ([]buildkite.Build, *buildkite.Response, error){
		"all": func(o *buildkite.BuildsListOptions) ([]buildkite.Build, *buildkite.Response, error) {
			return c.Builds.List(ctx, o)
		},
		"org": func(o *buildkite.BuildsListOptions) ([]buildkite.Build, *buildkite.Response, error) {
			return c.Builds.ListByOrg(ctx, organization, o)
		},
		"pipeline": func(o *buildkite.BuildsListOptions) ([]buildkite.Build, *buildkite.Response, error) {
			return c.Builds.ListByPipeline(ctx, organization, pipeline, o)
		},
	} {
		for filter, o := range map[string]struct {
			options buildkite.BuildsListOptions
			want    []int
		}{
			"none":      {buildkite.BuildsListOptions{}, []int{2, 1}},
			"state":     {buildkite.BuildsListOptions{State: []string{"failed"}}, []int{1}},
			"states":    {buildkite.BuildsListOptions{State: []string{"failed", "canceled"}}, []int{2, 1}},
			"branch":    {buildkite.BuildsListOptions{Branch: []string{"ma*"}}, []int{2, 1}},
			"no branch": {buildkite.BuildsListOptions{Branch: []string{"other"}}, nil},
			"meta-data": {buildkite.BuildsListOptions{MetaData: buildkite.MetaDataFilters{MetaData: map[string]string{"k": "v"}}}, []int{1}},
			"commit":    {buildkite.BuildsListOptions{Commit: of.Commit}, []int{2, 1}},
			"creator":   {buildkite.BuildsListOptions{Creator: of.Creator.ID}, []int{2, 1}},
			"nobody":    {buildkite.BuildsListOptions{Creator: of.ID}, nil},
			"finished":  {buildkite.BuildsListOptions{FinishedFrom: time.Now().Add(-time.Hour)}, []int{2, 1}},
			"created":   {buildkite.BuildsListOptions{CreatedFrom: time.Now().Add(time.Hour)}, nil},
			"page":      {buildkite.BuildsListOptions{ListOptions: buildkite.ListOptions{Page: 2, PerPage: 1}}, []int{1}},
		} {
			builds, _, err := list(&o.options)
			must(t, err)
			var got []int
			for _, b := range builds {
				got = append(got, b.Number)
			}
			if !slices.Equal(got, o.want) {
				t.Errorf("%s by %s: %v, want %v", name, filter, got, o.want)
			}
		}
	}
}

// checkBuildForms reads a build in the forms that the client knows.
func checkBuildForms(t *testing.T, c *buildkite.Client, pipeline string) {
	t.Helper()
	ctx := t.Context()
	get := func(options buildkite.BuildGetOptions) buildkite.Build {
		t.Helper()
		b, _, err := c.Builds.Get(ctx, organization, pipeline, "1", &options)
		must(t, err)
		return b
	}
	if plain, whole := get(buildkite.BuildGetOptions{}), get(buildkite.BuildGetOptions{BuildsListOptions: buildkite.BuildsListOptions{IncludeRetriedJobs: true}}); len(plain.Jobs) != 1 || len(whole.Jobs) != 2 || plain.TestEngine != nil {
		t.Errorf("%d jobs, %d with those that were retried, %+v", len(plain.Jobs), len(whole.Jobs), plain.TestEngine)
	}
	if passed := get(buildkite.BuildGetOptions{JobStates: []string{"passed"}}); len(passed.Jobs) != 0 {
		t.Errorf("passed jobs %+v", passed.Jobs)
	}
	if tested := get(buildkite.BuildGetOptions{IncludeTestEngine: true}); tested.TestEngine == nil || len(tested.TestEngine.Runs) != 0 {
		t.Errorf("test engine %+v", tested.TestEngine)
	}
	list, _, err := c.Builds.ListByPipeline(ctx, organization, pipeline, &buildkite.BuildsListOptions{ExcludeJobs: true, ExcludePipeline: true})
	must(t, err)
	if len(list) != 2 || list[0].Jobs != nil || list[0].Pipeline != nil {
		t.Errorf("builds without jobs and pipeline: %+v", list)
	}
	_, _, err = c.Builds.Get(ctx, organization, pipeline, "99", nil)
	wantStatus(t, err, http.StatusNotFound, "No build found")
}
