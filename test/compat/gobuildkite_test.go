package compat

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/buildkite/go-buildkite/v4"
)

func TestGoBuildkiteTokenUserAndOrganizations(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	c, ctx := s.client(), t.Context()
	token, _, err := c.AccessTokens.Get(ctx)
	must(t, err)
	if len(token.UUID) != 36 || !slices.Contains(token.Scopes, "write_builds") {
		t.Errorf("token %+v", token)
	}
	user, _, err := c.User.CurrentUser(ctx)
	must(t, err)
	if user.Email != "dev@bridle.localhost" || user.ID == "" || user.CreatedAt == nil {
		t.Errorf("user %+v", user)
	}
	list, response, err := c.Organizations.List(ctx, nil)
	must(t, err)
	if len(list) != 1 || list[0].Slug != organization || response.NextPage != 0 {
		t.Errorf("organizations %+v", list)
	}
	o, _, err := c.Organizations.Get(ctx, organization)
	must(t, err)
	if o.ID != list[0].ID {
		t.Errorf("organization %+v", o)
	}
	_, _, err = c.Organizations.Get(ctx, "nobody")
	wantStatus(t, err, http.StatusNotFound, "No organization found")

	reader := s.clientWith(readToken)
	_, _, err = reader.Pipelines.Create(ctx, organization, buildkite.CreatePipeline{Name: "No", Repository: "x"})
	wantStatus(t, err, http.StatusForbidden, "write_pipelines")
	_, _, err = s.clientWith("bkua_wrong").User.CurrentUser(ctx)
	wantStatus(t, err, http.StatusUnauthorized, "Authentication required")
	_, err = reader.AccessTokens.Revoke(ctx)
	must(t, err)
	_, _, err = reader.User.CurrentUser(ctx)
	wantStatus(t, err, http.StatusUnauthorized, "Authentication required")
}

func TestGoBuildkitePipelines(t *testing.T) {
	t.Parallel()
	onBothEngines(t, func(t *testing.T, s *server) {
		c, ctx := s.client(), t.Context()
		p, _, err := c.Pipelines.Create(ctx, organization, buildkite.CreatePipeline{
			Name: "My  Great App", Repository: "git@github.com:acme/app.git", Configuration: "steps:\n  - command: make\n",
			Description: "It is great", Tags: []string{"go", "ci"}, DefaultCommandStepTimeout: 10,
			ProviderSettings: &buildkite.GitHubSettings{TriggerMode: "code", BuildPullRequests: true},
		})
		must(t, err)
		if p.Slug != "my-great-app" || p.Provider.ID != "github" || p.DefaultBranch != "main" || p.ClusterID == "" ||
			!slices.Equal(p.Tags, []string{"go", "ci"}) || p.DefaultCommandStepTimeout != 10 || len(p.Steps) != 1 {
			t.Errorf("pipeline %+v", p)
		}
		if settings, ok := p.Provider.Settings.(*buildkite.GitHubSettings); !ok || !settings.BuildPullRequests {
			t.Errorf("provider settings %+v", p.Provider.Settings)
		}
		got, _, err := c.Pipelines.Get(ctx, organization, p.Slug)
		must(t, err)
		if got.ID != p.ID {
			t.Errorf("got %s", got.ID)
		}
		for i := range 4 {
			s.pipeline(fmt.Sprintf("Other %d", i), "https://example.org/other.git", "steps:\n  - wait\n")
		}
		var names []string
		options := &buildkite.PipelineListOptions{ListOptions: buildkite.ListOptions{PerPage: 2}}
		for page := 1; page != 0; {
			options.Page = page
			list, response, err := c.Pipelines.List(ctx, organization, options)
			must(t, err)
			for _, p := range list {
				names = append(names, p.Name)
			}
			page = response.NextPage
		}
		if len(names) != 5 {
			t.Errorf("pages list %q", names)
		}
		filtered, _, err := c.Pipelines.List(ctx, organization, &buildkite.PipelineListOptions{Name: "great"})
		must(t, err)
		if len(filtered) != 1 {
			t.Errorf("%d pipelines of the name", len(filtered))
		}
		updated, _, err := c.Pipelines.Update(ctx, organization, p.Slug, buildkite.UpdatePipeline{Name: "Renamed", Description: "Still"})
		must(t, err)
		if updated.Slug != "renamed" || updated.Description != "Still" || updated.Repository != p.Repository {
			t.Errorf("updated %+v", updated)
		}
		_, err = c.Pipelines.AddWebhook(ctx, organization, updated.Slug)
		wantStatus(t, err, http.StatusUnprocessableEntity, "Auto-creating webhooks is not supported for your repository.")
		_, err = c.Pipelines.Archive(ctx, organization, updated.Slug)
		must(t, err)
		_, _, err = c.Builds.Create(ctx, organization, updated.Slug, buildkite.CreateBuild{Branch: "main", Commit: "HEAD"})
		wantStatus(t, err, http.StatusUnprocessableEntity, "archived")
		_, err = c.Pipelines.Unarchive(ctx, organization, updated.Slug)
		must(t, err)
		_, err = c.Pipelines.Delete(ctx, organization, updated.Slug)
		must(t, err)
		_, _, err = c.Pipelines.Get(ctx, organization, updated.Slug)
		wantStatus(t, err, http.StatusNotFound, "No pipeline found")
		_, _, err = c.Pipelines.Create(ctx, organization, buildkite.CreatePipeline{Name: "Bad", Repository: "x", Configuration: "steps:\n  - shell: x\n"})
		wantStatus(t, err, http.StatusUnprocessableEntity, "Validation Failed")

		visual, _, err := c.Pipelines.Create(ctx, organization, buildkite.CreatePipeline{
			Name: "Visual", Repository: "https://example.org/x.git", Env: map[string]string{"A": "b"},
			Steps: []buildkite.Step{{Type: "script", Name: "Test", Command: "make test", AgentQueryRules: []string{"os=linux"}}, {Type: "waiter"}},
		})
		must(t, err)
		b := s.build(visual.Slug, buildkite.CreateBuild{})
		if len(b.Jobs) != 2 || b.Jobs[0].Command != "make test" || !slices.Contains(b.Jobs[0].AgentQueryRules, "os=linux") {
			t.Errorf("jobs of a visual pipeline: %+v", b.Jobs)
		}
	})
}

func TestGoBuildkiteBuildsAndJobs(t *testing.T) {
	t.Parallel()
	onBothEngines(t, func(t *testing.T, s *server) {
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
		checkBuildLists(t, c, p.Slug)
	})
}

func checkBuildLists(t *testing.T, c *buildkite.Client, pipeline string) {
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

func TestGoBuildkiteArtifactsAndAnnotations(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	c, ctx := s.client(), t.Context()
	p := s.pipeline("Artifacts", repository(t, map[string]string{"a": "b"}),
		"steps:\n  - {command: 'mkdir d; echo hello > d/x.txt; buildkite-agent annotate from-job --scope job --context j', artifact_paths: 'd/*'}\n")
	startAgent(t, s, "agent")
	b := s.waitForState(p.Slug, s.build(p.Slug, buildkite.CreateBuild{}).Number, "passed")
	jobID := b.Jobs[0].ID
	byJob, _, err := c.Artifacts.ListByJob(ctx, organization, p.Slug, "1", jobID, nil)
	must(t, err)
	if len(byJob) != 1 || byJob[0].Path != "d/x.txt" || byJob[0].Dirname != "d" || byJob[0].Filename != "x.txt" {
		t.Fatalf("artifacts %+v", byJob)
	}
	a, _, err := c.Artifacts.Get(ctx, organization, p.Slug, "1", jobID, byJob[0].ID)
	must(t, err)
	var content bytes.Buffer
	_, err = c.Artifacts.DownloadArtifactByURL(ctx, a.DownloadURL, &content)
	must(t, err)
	if content.String() != "hello\n" {
		t.Errorf("content %q", content.String())
	}
	_, err = c.Artifacts.Delete(ctx, organization, p.Slug, "1", jobID, a.ID)
	must(t, err)
	left, _, err := c.Artifacts.ListByBuild(ctx, organization, p.Slug, "1", nil)
	must(t, err)
	if slices.ContainsFunc(left, func(a buildkite.Artifact) bool { return a.State == "finished" }) {
		t.Errorf("artifacts left %+v", left)
	}

	ofJob, _, err := c.Annotations.ListByJob(ctx, organization, p.Slug, "1", jobID, nil)
	must(t, err)
	if len(ofJob) != 1 || ofJob[0].Context != "j" {
		t.Errorf("annotations of the job %+v", ofJob)
	}
	made, _, err := c.Annotations.Create(ctx, organization, p.Slug, "1", buildkite.AnnotationCreate{Body: "**hi** <script>x</script>", Context: "c", Style: "info"})
	must(t, err)
	if strings.Contains(made.BodyHTML, "<script") || !strings.Contains(made.BodyHTML, "<strong>hi</strong>") {
		t.Errorf("body %q", made.BodyHTML)
	}
	forJob, _, err := c.Annotations.CreateForJob(ctx, organization, p.Slug, "1", jobID, buildkite.AnnotationCreate{Body: "x", Context: "k"})
	must(t, err)
	_, err = c.Annotations.DeleteForJob(ctx, organization, p.Slug, "1", jobID, forJob.ID)
	must(t, err)
	_, err = c.Annotations.Delete(ctx, organization, p.Slug, "1", made.ID)
	must(t, err)
	none, _, err := c.Annotations.ListByBuild(ctx, organization, p.Slug, "1", nil)
	must(t, err)
	if len(none) != 0 {
		t.Errorf("annotations left %+v", none)
	}
}

func TestGoBuildkiteAgents(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	c, ctx := s.client(), t.Context()
	process := startAgent(t, s, "the-agent", "--tags", "os=linux,gpu=none", "--priority", "3")
	var a buildkite.Agent
	eventually(t, "agent to be listed", func() bool {
		list, _, err := c.Agents.List(ctx, organization, &buildkite.AgentListOptions{Name: "the-agent"})
		must(t, err)
		if len(list) == 1 {
			a = list[0]
		}
		return len(list) == 1
	})
	if a.ConnectedState != "connected" || !slices.Contains(a.Metadata, "os=linux") || a.Priority == nil || *a.Priority != 3 || a.Version != "3.138.1" {
		t.Errorf("agent %+v", a)
	}
	none, _, err := c.Agents.List(ctx, organization, &buildkite.AgentListOptions{Version: "1.0"})
	must(t, err)
	if len(none) != 0 {
		t.Errorf("%d agents of another version", len(none))
	}
	_, err = c.Agents.Pause(ctx, organization, a.ID, &buildkite.AgentPauseOptions{Note: "lunch", TimeoutInMinutes: 5})
	must(t, err)
	paused, _, err := c.Agents.Get(ctx, organization, a.ID)
	must(t, err)
	if paused.Paused == nil || !*paused.Paused || paused.PausedNote == nil || *paused.PausedNote != "lunch" {
		t.Errorf("paused agent %+v", paused)
	}
	_, err = c.Agents.Pause(ctx, organization, a.ID, nil)
	wantStatus(t, err, http.StatusUnprocessableEntity, "Agent is already paused")
	p := s.pipeline("Agents", repository(t, map[string]string{"a": "b"}), "steps:\n  - command: echo one\n")
	b := s.build(p.Slug, buildkite.CreateBuild{})
	_, err = c.Agents.Resume(ctx, organization, a.ID)
	must(t, err)
	s.waitForState(p.Slug, b.Number, "passed")
	_, err = c.Agents.Stop(ctx, organization, a.ID, false)
	must(t, err)
	<-process.exited
	eventually(t, "agent to be gone", func() bool {
		gone, _, err := c.Agents.Get(ctx, organization, a.ID)
		must(t, err)
		return gone.ConnectedState == "stopped" || gone.ConnectedState == "disconnected"
	})
	_, err = c.Agents.Stop(ctx, organization, a.ID, false)
	wantStatus(t, err, http.StatusBadRequest, "Can only stop connected agents")
}

func TestGoBuildkiteClusters(t *testing.T) {
	t.Parallel()
	onBothEngines(t, func(t *testing.T, s *server) {
		c, ctx := s.client(), t.Context()
		cluster, _, err := c.Clusters.Create(ctx, organization, buildkite.ClusterCreate{Name: "Open", Description: "For all", Emoji: ":dog:", Color: "#ff0000"})
		must(t, err)
		list, _, err := c.Clusters.List(ctx, organization, nil)
		must(t, err)
		if len(list) != 2 || cluster.Name != "Open" || cluster.CreatedBy.Email != "dev@bridle.localhost" {
			t.Errorf("clusters %+v", list)
		}
		queue, _, err := c.ClusterQueues.Create(ctx, organization, cluster.ID, buildkite.ClusterQueueCreate{Key: "fast", Description: "Fast ones"})
		must(t, err)
		updated, _, err := c.Clusters.Update(ctx, organization, cluster.ID, buildkite.ClusterUpdate{Name: "Opener", DefaultQueueID: queue.ID})
		must(t, err)
		got, _, err := c.Clusters.Get(ctx, organization, cluster.ID)
		must(t, err)
		if updated.Name != "Opener" || got.DefaultQueueID != queue.ID || got.Description != "For all" {
			t.Errorf("updated %+v, got %+v", updated, got)
		}
		spare, _, err := c.ClusterQueues.Create(ctx, organization, cluster.ID, buildkite.ClusterQueueCreate{Key: "spare"})
		must(t, err)
		_, _, err = c.ClusterQueues.Update(ctx, organization, cluster.ID, spare.ID, buildkite.ClusterQueueUpdate{Description: "Spare", RetryAgentAffinity: buildkite.RetryAgentAffinityPreferDifferent})
		must(t, err)
		paused, _, err := c.ClusterQueues.Pause(ctx, organization, cluster.ID, spare.ID, buildkite.ClusterQueuePause{Note: "later"})
		must(t, err)
		if !paused.DispatchPaused || paused.DispatchPausedNote != "later" || paused.RetryAgentAffinity != buildkite.RetryAgentAffinityPreferDifferent {
			t.Errorf("paused queue %+v", paused)
		}
		_, _, err = c.ClusterQueues.Pause(ctx, organization, cluster.ID, spare.ID, buildkite.ClusterQueuePause{})
		wantStatus(t, err, http.StatusUnprocessableEntity, "Cluster queue is already paused")
		_, err = c.ClusterQueues.Resume(ctx, organization, cluster.ID, spare.ID)
		must(t, err)
		resumed, _, err := c.ClusterQueues.Get(ctx, organization, cluster.ID, spare.ID)
		must(t, err)
		if resumed.DispatchPaused {
			t.Error("the queue is still paused")
		}
		_, err = c.ClusterQueues.Delete(ctx, organization, cluster.ID, spare.ID)
		must(t, err)
		queues, _, err := c.ClusterQueues.List(ctx, organization, cluster.ID, nil)
		must(t, err)
		if len(queues) != 1 {
			t.Errorf("%d queues", len(queues))
		}
		token, _, err := c.ClusterTokens.Create(ctx, organization, cluster.ID, buildkite.ClusterTokenCreateUpdate{Description: "one", AllowedIPAddresses: "127.0.0.1/32"})
		must(t, err)
		if !strings.HasPrefix(token.Token, "bkct_") {
			t.Errorf("token %q", token.Token)
		}
		_, _, err = c.ClusterTokens.Update(ctx, organization, cluster.ID, token.ID, buildkite.ClusterTokenCreateUpdate{Description: "two"})
		must(t, err)
		again, _, err := c.ClusterTokens.Get(ctx, organization, cluster.ID, token.ID)
		must(t, err)
		if again.Token != "" || again.Description != "two" {
			t.Errorf("token shown again: %+v", again)
		}
		tokens, _, err := c.ClusterTokens.List(ctx, organization, cluster.ID, nil)
		must(t, err)
		if len(tokens) != 1 {
			t.Errorf("%d tokens", len(tokens))
		}
		_, err = c.ClusterTokens.Delete(ctx, organization, cluster.ID, token.ID)
		must(t, err)
		other, _, err := c.Clusters.Create(ctx, organization, buildkite.ClusterCreate{Name: "Gone"})
		must(t, err)
		_, err = c.Clusters.Delete(ctx, organization, other.ID)
		must(t, err)
		_, _, err = c.Clusters.Get(ctx, organization, other.ID)
		wantStatus(t, err, http.StatusNotFound, "No cluster found")
	})
}

func wantStatus(t *testing.T, err error, status int, part string) {
	t.Helper()
	var failed *buildkite.ErrorResponse
	if !errors.As(err, &failed) {
		t.Errorf("error %v, want status %d", err, status)
		return
	}
	if failed.Response.StatusCode != status || !strings.Contains(err.Error()+string(failed.RawBody), part) {
		t.Errorf("status %d and %v, want %d and %q", failed.Response.StatusCode, err, status, part)
	}
}
