package rest

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/buildkite/go-buildkite/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

// goBuildkite returns a world behind a real listener and the official client for it.
func goBuildkite(t *testing.T) (*world, *buildkite.Client) {
	t.Helper()
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	w := newWorld(t, func(c *Config) { c.BaseURL = server.URL })
	handler = w.api
	client, err := buildkite.NewClient(buildkite.WithBaseURL(server.URL), buildkite.WithTokenAuth(w.token),
		buildkite.WithHTTPClient(server.Client()))
	if err != nil {
		t.Fatal(err)
	}
	return w, client
}

func must[T any](t *testing.T) func(v T, _ *buildkite.Response, err error) T {
	return func(v T, _ *buildkite.Response, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func done(t *testing.T) func(_ *buildkite.Response, err error) {
	return func(_ *buildkite.Response, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestGoBuildkiteAccounts(t *testing.T) {
	t.Parallel()
	w, client := goBuildkite(t)
	ctx, org := t.Context(), w.Organization.Slug
	if token := must[buildkite.AccessToken](t)(client.AccessTokens.Get(ctx)); len(token.Scopes) == 0 {
		t.Errorf("token %+v", token)
	}
	if user := must[buildkite.User](t)(client.User.CurrentUser(ctx)); user.Email != w.Admin.Email || user.CreatedAt == nil {
		t.Errorf("user %+v", user)
	}
	if all := must[[]buildkite.Organization](t)(client.Organizations.List(ctx, nil)); len(all) != 1 || all[0].Slug != org {
		t.Errorf("organizations %+v", all)
	}
	must[buildkite.Organization](t)(client.Organizations.Get(ctx, org))
	if limits := must[buildkite.RateLimit](t)(client.RateLimit.Get(ctx, org)); limits.Scopes.REST.Limit != 200 {
		t.Errorf("limits %+v", limits.Scopes.REST)
	}
	done(t)(client.AccessTokens.Revoke(ctx))
	_, _, err := client.AccessTokens.Get(ctx)
	var refused *buildkite.ErrorResponse
	if !errors.As(err, &refused) || refused.Message != authenticationRequired {
		t.Errorf("after the token was revoked: %v", err)
	}
}

func TestGoBuildkiteClusters(t *testing.T) {
	t.Parallel()
	w, client := goBuildkite(t)
	ctx, org := t.Context(), w.Organization.Slug

	cluster := must[buildkite.Cluster](t)(client.Clusters.Create(ctx, org, buildkite.ClusterCreate{
		Name: "Linux", Maintainers: []buildkite.ClusterMaintainer{{UserID: w.Member.ID}},
	}))
	if len(cluster.Maintainers.Users) != 1 || cluster.Maintainers.Users[0].Actor.ID != w.Member.ID || cluster.CreatedBy.ID != w.Admin.ID {
		t.Errorf("cluster %+v", cluster)
	}
	queue := must[buildkite.ClusterQueue](t)(client.ClusterQueues.Create(ctx, org, cluster.ID, buildkite.ClusterQueueCreate{Key: "big"}))
	changed := must[buildkite.Cluster](t)(client.Clusters.Update(ctx, org, cluster.ID, buildkite.ClusterUpdate{DefaultQueueID: queue.ID}))
	if changed.DefaultQueueID != queue.ID || changed.Name != "Linux" {
		t.Errorf("changed cluster %+v", changed)
	}
	paused := must[buildkite.ClusterQueue](t)(client.ClusterQueues.Pause(ctx, org, cluster.ID, queue.ID, buildkite.ClusterQueuePause{Note: "look"}))
	if !paused.DispatchPaused || paused.DispatchPausedNote != "look" || paused.DispatchPausedBy.ID != w.Admin.ID {
		t.Errorf("paused queue %+v", paused)
	}
	done(t)(client.ClusterQueues.Resume(ctx, org, cluster.ID, queue.ID))
	must[buildkite.ClusterQueue](t)(client.ClusterQueues.Update(ctx, org, cluster.ID, queue.ID, buildkite.ClusterQueueUpdate{Description: "Big"}))
	must[[]buildkite.ClusterQueue](t)(client.ClusterQueues.List(ctx, org, cluster.ID, nil))

	token := must[buildkite.ClusterToken](t)(client.ClusterTokens.Create(ctx, org, cluster.ID, buildkite.ClusterTokenCreateUpdate{Description: "t"}))
	if !strings.HasPrefix(token.Token, "bkct_") {
		t.Errorf("token %+v", token)
	}
	if again := must[buildkite.ClusterToken](t)(client.ClusterTokens.Get(ctx, org, cluster.ID, token.ID)); again.Token != "" || again.Description != "t" {
		t.Errorf("token again %+v", again)
	}
	done(t)(client.ClusterTokens.Delete(ctx, org, cluster.ID, token.ID))
	entry := must[buildkite.ClusterMaintainerEntry](t)(client.ClusterMaintainers.Create(ctx, org, cluster.ID, buildkite.ClusterMaintainer{UserID: w.Admin.ID}))
	done(t)(client.ClusterMaintainers.Delete(ctx, org, cluster.ID, entry.ID))
}

func TestGoBuildkiteBuilds(t *testing.T) {
	t.Parallel()
	w, client := goBuildkite(t)
	ctx, org, pipeline := t.Context(), w.Organization.Slug, w.Pipeline.Slug
	agent := storetest.Agent(t, w.st, w.Queue)

	b := must[buildkite.Build](t)(client.Builds.Create(ctx, org, pipeline, buildkite.CreateBuild{
		Commit: "HEAD", Branch: "main", Env: map[string]string{"A": "b"}, MetaData: map[string]string{"k": "v"}, PullRequestID: 7,
	}))
	number := strconv.Itoa(b.Number)
	if b.State != "scheduled" || b.MetaData["k"] != "v" || b.Env["A"] != "b" || b.PullRequest.ID != "7" ||
		b.Pipeline.Slug != pipeline || b.Creator.ID != w.Admin.ID || len(b.Jobs) != 1 {
		t.Errorf("created %+v", b)
	}
	job := w.take(t, agent)
	agents := must[[]buildkite.Agent](t)(client.Agents.List(ctx, org, nil))
	if len(agents) != 1 || agents[0].Job == nil || agents[0].Job.ID != job.ID {
		t.Errorf("agents %+v", agents)
	}
	log := must[buildkite.JobLog](t)(client.Jobs.GetJobLog(ctx, org, pipeline, number, job.ID))
	env := must[buildkite.JobEnvs](t)(client.Jobs.GetJobEnvironmentVariables(ctx, org, pipeline, number, job.ID))
	if log.Size != 0 || env.EnvironmentVariables["BUILDKITE_BRANCH"] != "main" {
		t.Errorf("log %+v, env %+v", log, env)
	}
	w.finish(t, *job, 1)
	failed := must[buildkite.Build](t)(client.Builds.Get(ctx, org, pipeline, number, &buildkite.BuildGetOptions{}))
	if failed.State != "failed" || failed.Jobs[0].Agent.ID != agent.ID || *failed.Jobs[0].ExitStatus != 1 {
		t.Errorf("failed %+v", failed)
	}
	retried := must[buildkite.Job](t)(client.Jobs.RetryJob(ctx, org, pipeline, number, job.ID))
	if retried.RetrySource == nil || retried.RetrySource.JobID != job.ID || retried.RetriesCount != 1 {
		t.Errorf("retried %+v", retried)
	}
	must[buildkite.Job](t)(client.Jobs.ReprioritizeJob(ctx, org, pipeline, number, retried.ID, &buildkite.JobReprioritizationOptions{Priority: 5}))
	_, _, err := client.Jobs.RetryJob(ctx, org, pipeline, number, job.ID)
	var refused *buildkite.ErrorResponse
	if !errors.As(err, &refused) || refused.Message != "Jobs can only be retried once" {
		t.Errorf("a second retry: %v", err)
	}
	canceled, err := client.Builds.Cancel(ctx, org, pipeline, number)
	if err != nil || canceled.State != "canceled" {
		t.Errorf("canceled %+v, %v", canceled, err)
	}
	again, err := client.Builds.Rebuild(ctx, org, pipeline, number)
	if err != nil || again.RebuiltFrom == nil || again.RebuiltFrom.ID != b.ID {
		t.Errorf("rebuilt %+v, %v", again, err)
	}
}

// TestGoBuildkitePages walks a list the way the client offers it.
func TestGoBuildkitePages(t *testing.T) {
	t.Parallel()
	w, client := goBuildkite(t)
	for range 5 {
		storetest.Build(t, w.st, w.Pipeline)
	}
	options := &buildkite.BuildsListOptions{
		Branch: []string{"main", "other,with;separators"}, ListOptions: buildkite.ListOptions{PerPage: 2},
	}
	var got []int
	for {
		items, res, err := client.Builds.ListByOrg(t.Context(), w.Organization.Slug, options)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range items {
			got = append(got, b.Number)
		}
		if res.NextPage == 0 {
			break
		}
		if res.LastPage != 3 {
			t.Errorf("last page is %d", res.LastPage)
		}
		options.Page = res.NextPage
	}
	if diff := cmp.Diff([]int{5, 4, 3, 2, 1}, got); diff != "" {
		t.Errorf("numbers differ (-want +got):\n%s", diff)
	}
}

func TestGoBuildkiteUnblocks(t *testing.T) {
	t.Parallel()
	w, client := goBuildkite(t)
	storetest.Pipeline(t, w.st, w.Organization, func(p *store.Pipeline) {
		p.Slug, p.ClusterID = "gate", &w.Cluster.ID
		p.Configuration = "steps: [{block: Go, fields: [{text: Version, key: version}]}]"
	})
	ctx, org := t.Context(), w.Organization.Slug
	b := must[buildkite.Build](t)(client.Builds.Create(ctx, org, "gate", buildkite.CreateBuild{Commit: "HEAD", Branch: "main"}))
	if !b.Blocked || len(b.Jobs) != 1 || !b.Jobs[0].Unblockable {
		t.Fatalf("blocked %+v", b)
	}
	job := must[buildkite.Job](t)(client.Jobs.UnblockJob(ctx, org, "gate", "1", b.Jobs[0].ID,
		&buildkite.JobUnblockOptions{Fields: map[string]string{"version": "1.2"}}))
	if job.State != "unblocked" || job.UnblockedBy == nil || job.UnblockedBy.ID != w.Admin.ID {
		t.Errorf("unblocked %+v", job)
	}
}

func TestGoBuildkiteAgents(t *testing.T) {
	t.Parallel()
	w, client := goBuildkite(t)
	ctx, org := t.Context(), w.Organization.Slug
	agent := storetest.Agent(t, w.st, w.Queue)
	done(t)(client.Agents.Pause(ctx, org, agent.ID, &buildkite.AgentPauseOptions{Note: "look"}))
	got := must[buildkite.Agent](t)(client.Agents.Get(ctx, org, agent.ID))
	if got.Paused == nil || !*got.Paused || got.ConnectedState != "connected" {
		t.Errorf("agent %+v", got)
	}
	page := "/organizations/" + org + "/clusters/" + w.Cluster.ID + "/queues/" + w.Queue.ID + "/agents/" + agent.ID
	if !strings.HasSuffix(got.WebURL, page) {
		t.Errorf("web url %s, want %s", got.WebURL, page)
	}
	done(t)(client.Agents.Resume(ctx, org, agent.ID))
	done(t)(client.Agents.Stop(ctx, org, agent.ID, true))
	_, err := client.Agents.Pause(ctx, org, w.Queue.ID, nil)
	wantMessage(t, err, "No agent found")
}

func wantMessage(t *testing.T, err error, message string) {
	t.Helper()
	var refused *buildkite.ErrorResponse
	if !errors.As(err, &refused) || refused.Message != message {
		t.Errorf("error %v, want %q", err, message)
	}
}

// wantRefusal is wantMessage for a message that only begins so.
func wantRefusal(t *testing.T, err error, begins string) {
	t.Helper()
	var refused *buildkite.ErrorResponse
	if !errors.As(err, &refused) || !strings.HasPrefix(refused.Message, begins) {
		t.Errorf("error %v, want %q", err, begins)
	}
}

func TestGoBuildkiteArtifacts(t *testing.T) {
	t.Parallel()
	w, client := goBuildkite(t)
	ctx, org, pipeline := t.Context(), w.Organization.Slug, w.Pipeline.Slug
	id := w.manyJobs(t, 1, func(int, *store.Job) {})[0]
	job, err := store.GetJob(ctx, w.st.Read(), id)
	if err != nil {
		t.Fatal(err)
	}
	w.uploaded(t, *job, "log/a.txt")
	items := must[[]buildkite.Artifact](t)(client.Artifacts.ListByBuild(ctx, org, pipeline, "1", nil))
	if len(items) != 1 || items[0].Filename != "a.txt" || items[0].Dirname != "log" || items[0].FileSize != 3 {
		t.Fatalf("artifacts %+v", items)
	}
	must[buildkite.Artifact](t)(client.Artifacts.Get(ctx, org, pipeline, "1", id, items[0].ID))
	done(t)(client.Artifacts.Delete(ctx, org, pipeline, "1", id, items[0].ID))
}
