package rest

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/buildkite/go-buildkite/v4"

	"github.com/bridle-ci/bridle/internal/store/storetest"
)

func TestGoBuildkiteSchedules(t *testing.T) {
	t.Parallel()
	w, client := goBuildkite(t)
	ctx, org, pipeline := t.Context(), w.Organization.Slug, w.Pipeline.Slug
	made := must[buildkite.PipelineSchedule](t)(client.PipelineSchedules.Create(ctx, org, pipeline, buildkite.CreatePipelineSchedule{
		Cronline: "@daily", Label: "Nightly", Env: map[string]string{"A": "b"},
	}))
	if made.Commit != "HEAD" || made.Branch != w.Pipeline.DefaultBranch || !made.Enabled || made.NextBuildAt == nil || made.Env["A"] != "b" {
		t.Errorf("made %+v", made)
	}
	if made.Pipeline == nil || made.Pipeline.Slug != pipeline || made.CreatedBy == nil || made.CreatedBy.ID != w.Admin.ID {
		t.Errorf("made of %+v by %+v", made.Pipeline, made.CreatedBy)
	}
	changed := must[buildkite.PipelineSchedule](t)(client.PipelineSchedules.Update(ctx, org, pipeline, made.ID, buildkite.UpdatePipelineSchedule{
		Enabled: new(false), Branch: "side",
	}))
	if changed.Enabled || changed.NextBuildAt != nil || changed.Branch != "side" || changed.Label != "Nightly" {
		t.Errorf("changed %+v", changed)
	}
	if got := must[buildkite.PipelineSchedule](t)(client.PipelineSchedules.Get(ctx, org, pipeline, made.ID)); got.Cronline != "@daily" {
		t.Errorf("got %+v", got)
	}
	if all := must[[]buildkite.PipelineSchedule](t)(client.PipelineSchedules.List(ctx, org, pipeline, nil)); len(all) != 1 {
		t.Errorf("listed %+v", all)
	}
	done(t)(client.PipelineSchedules.Delete(ctx, org, pipeline, made.ID))
	_, _, err := client.PipelineSchedules.Get(ctx, org, pipeline, made.ID)
	wantMessage(t, err, "No pipeline schedule found")
	_, _, err = client.PipelineSchedules.Create(ctx, org, pipeline, buildkite.CreatePipelineSchedule{Cronline: "sometimes"})
	wantRefusal(t, err, "Validation failed: Cronline ")
}

func TestGoBuildkiteClustersWhole(t *testing.T) {
	t.Parallel()
	w, client := goBuildkite(t)
	ctx, org := t.Context(), w.Organization.Slug
	if addresses := must[buildkite.Meta](t)(client.Meta.Get(ctx)); addresses.WebhookIPs == nil {
		t.Errorf("meta %+v", addresses)
	}
	cluster := storetest.Cluster(t, w.st, w.Organization)
	if got := must[buildkite.Cluster](t)(client.Clusters.Get(ctx, org, cluster.ID)); got.Name != cluster.Name {
		t.Errorf("cluster %+v", got)
	}
	if all := must[[]buildkite.Cluster](t)(client.Clusters.List(ctx, org, nil)); len(all) != 2 || all[0].ID != cluster.ID {
		t.Errorf("clusters %+v", all)
	}
	queue := storetest.Queue(t, w.st, cluster)
	if got := must[buildkite.ClusterQueue](t)(client.ClusterQueues.Get(ctx, org, cluster.ID, queue.ID)); got.Key != queue.Key {
		t.Errorf("queue %+v", got)
	}
	done(t)(client.ClusterQueues.Delete(ctx, org, cluster.ID, queue.ID))

	token := storetest.ClusterToken(t, w.st, cluster)
	changed := must[buildkite.ClusterToken](t)(client.ClusterTokens.Update(ctx, org, cluster.ID, token.ID,
		buildkite.ClusterTokenCreateUpdate{Description: "Renamed", AllowedIPAddresses: "192.0.2.0/24"}))
	if changed.Description != "Renamed" || changed.AllowedIPAddresses != "192.0.2.0/24" {
		t.Errorf("token %+v", changed)
	}
	if all := must[[]buildkite.ClusterToken](t)(client.ClusterTokens.List(ctx, org, cluster.ID, nil)); len(all) != 1 || all[0].ID != token.ID {
		t.Errorf("tokens %+v", all)
	}
	done(t)(client.ClusterTokens.Delete(ctx, org, cluster.ID, token.ID))

	made := must[buildkite.ClusterMaintainerEntry](t)(client.ClusterMaintainers.Create(ctx, org, cluster.ID, buildkite.ClusterMaintainer{UserID: w.Member.ID}))
	if got := must[buildkite.ClusterMaintainerEntry](t)(client.ClusterMaintainers.Get(ctx, org, cluster.ID, made.ID)); got.Actor.ID != w.Member.ID {
		t.Errorf("maintainer %+v", got)
	}
	if all := must[[]buildkite.ClusterMaintainerEntry](t)(client.ClusterMaintainers.List(ctx, org, cluster.ID, nil)); len(all) != 1 {
		t.Errorf("maintainers %+v", all)
	}
	done(t)(client.ClusterMaintainers.Delete(ctx, org, cluster.ID, made.ID))
	done(t)(client.Clusters.Delete(ctx, org, cluster.ID))
}

func TestGoBuildkiteBuildLists(t *testing.T) {
	t.Parallel()
	w, client := goBuildkite(t)
	ctx, org, pipeline := t.Context(), w.Organization.Slug, w.Pipeline.Slug
	b := storetest.Build(t, w.st, w.Pipeline)
	for name, list := range map[string]func() ([]buildkite.Build, *buildkite.Response, error){
		"everywhere": func() ([]buildkite.Build, *buildkite.Response, error) { return client.Builds.List(ctx, nil) },
		"of pipeline": func() ([]buildkite.Build, *buildkite.Response, error) {
			return client.Builds.ListByPipeline(ctx, org, pipeline, nil)
		},
	} {
		if all := must[[]buildkite.Build](t)(list()); len(all) != 1 || all[0].ID != b.ID {
			t.Errorf("%s: %+v", name, all)
		}
	}
	job := storetest.Job(t, w.st, b, storetest.Step(t, w.st, b))
	number := strconv.FormatInt(b.Number, 10)
	ids := w.uploaded(t, job, "a.txt")
	items := must[[]buildkite.Artifact](t)(client.Artifacts.ListByJob(ctx, org, pipeline, number, job.ID, nil))
	if len(items) != 1 || items[0].ID != ids[0] {
		t.Errorf("artifacts %+v", items)
	}
	done(t)(client.Jobs.DeleteJobLog(ctx, org, pipeline, number, job.ID))
}

// The client decodes the settings of each source host into a type of their own.
func TestGoBuildkiteProviders(t *testing.T) {
	t.Parallel()
	w, client := goBuildkite(t)
	for host, c := range map[string]struct{ provider, settings string }{
		"github.com":         {"github", "*buildkite.GitHubSettings"},
		"github.example.com": {"github_enterprise", "*buildkite.GitHubEnterpriseSettings"},
		"gitlab.com":         {"gitlab", "*buildkite.GitLabSettings"},
		"gitlab.example.com": {"gitlab_ee", "*buildkite.GitLabSettings"},
		"bitbucket.org":      {"bitbucket", "*buildkite.BitbucketSettings"},
		"git.example.com":    {"unknown", "<nil>"},
	} {
		t.Run(host, func(t *testing.T) {
			p := must[buildkite.Pipeline](t)(client.Pipelines.Create(t.Context(), w.Organization.Slug, buildkite.CreatePipeline{
				Name: "On " + strings.ReplaceAll(host, ".", " "), Repository: "git@" + host + ":acme/app.git", Configuration: "steps: [{command: make}]",
			}))
			if got := fmt.Sprintf("%T", p.Provider.Settings); p.Provider.ID != c.provider || got != c.settings {
				t.Errorf("provider %s with %s", p.Provider.ID, got)
			}
		})
	}
}
