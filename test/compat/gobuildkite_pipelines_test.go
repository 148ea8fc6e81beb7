package compat

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/buildkite/go-buildkite/v4"
	"github.com/google/go-cmp/cmp"
)

func tellPipelines(t *testing.T, s *server) {
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
	if diff := cmp.Diff(p, got); diff != "" {
		t.Errorf("got another than was made (-made +got):\n%s", diff)
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
		if page == 2 && (response.FirstPage != 1 || response.PrevPage != 1 || response.LastPage != 3) {
			t.Errorf("around page 2 are %d, %d and %d", response.FirstPage, response.PrevPage, response.LastPage)
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
	filtered, _, err = c.Pipelines.List(ctx, organization, &buildkite.PipelineListOptions{Repository: "other.git"})
	must(t, err)
	if len(filtered) != 4 {
		t.Errorf("%d pipelines of the repository", len(filtered))
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
	archived, _, err := c.Pipelines.Get(ctx, organization, updated.Slug)
	must(t, err)
	if archived.ArchivedAt == nil {
		t.Errorf("archived %+v", archived)
	}
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
	tellVisualSteps(t, s)
}

// tellVisualSteps makes a pipeline in the form of before there was YAML.
func tellVisualSteps(t *testing.T, s *server) {
	t.Helper()
	visual, _, err := s.client().Pipelines.Create(t.Context(), organization, buildkite.CreatePipeline{
		Name: "Visual", Repository: "https://example.org/x.git", Env: map[string]string{"A": "b"},
		Steps: []buildkite.Step{
			{
				Type: "script", Name: "Test", Command: "make test", AgentQueryRules: []string{"os=linux"}, TimeoutInMinutes: new(7),
				ArtifactPaths: "*.log", BranchConfiguration: "main", Env: map[string]string{"C": "d"},
				Plugins: buildkite.Plugins{"docker#v5.0.0": {"image": "go"}},
			},
			{Type: "waiter"},
			{Type: "manual", Label: "Go on"},
		},
	})
	must(t, err)
	if len(visual.Steps) != 3 || visual.Env["A"] != "b" {
		t.Fatalf("visual pipeline %+v", visual)
	}
	step := visual.Steps[0]
	if step.Type != "script" || step.Name != "Test" || step.Command != "make test" || *step.TimeoutInMinutes != 7 || step.ArtifactPaths != "*.log" ||
		step.BranchConfiguration != "main" || step.Env["C"] != "d" || step.Plugins["docker#v5.0.0"]["image"] != "go" {
		t.Errorf("step %+v", step)
	}
	if visual.Steps[1].Type != "waiter" || visual.Steps[2].Type != "manual" || visual.Steps[2].Label != "Go on" {
		t.Errorf("steps %+v", visual.Steps[1:])
	}
	b := s.build(visual.Slug, buildkite.CreateBuild{})
	if len(b.Jobs) != 3 || b.Jobs[0].Command != "make test" || !slices.Contains(b.Jobs[0].AgentQueryRules, "os=linux") {
		t.Errorf("jobs of a visual pipeline: %+v", b.Jobs)
	}
}

// tellSourceHosts makes pipelines over repositories of every host whose settings the client has a type for.
func tellSourceHosts(t *testing.T, s *server) {
	for host, tt := range map[string]struct {
		provider string
		settings buildkite.ProviderSettings
		want     buildkite.ProviderSettings
	}{
		"github.com": {
			"github", &buildkite.GitHubSettings{TriggerMode: "deployment", BuildTags: true, FilterEnabled: true, FilterCondition: "build.branch == 'main'"},
			&buildkite.GitHubSettings{
				TriggerMode: "deployment", BuildTags: true, FilterEnabled: true, FilterCondition: "build.branch == 'main'", Repository: "acme/app",
			},
		},
		"github.example.com": {
			"github_enterprise", &buildkite.GitHubEnterpriseSettings{TriggerMode: "fork", CancelDeletedBranchBuilds: true},
			&buildkite.GitHubEnterpriseSettings{TriggerMode: "fork", CancelDeletedBranchBuilds: true, Repository: "acme/app"},
		},
		"bitbucket.org": {
			"bitbucket", &buildkite.BitbucketSettings{BuildPullRequests: true, PublishCommitStatus: true},
			&buildkite.BitbucketSettings{BuildPullRequests: true, PublishCommitStatus: true, Repository: "acme/app"},
		},
		"gitlab.com":         {"gitlab", nil, &buildkite.GitLabSettings{Repository: "acme/app"}},
		"gitlab.example.com": {"gitlab_ee", nil, &buildkite.GitLabSettings{Repository: "acme/app"}},
		"git.example.com":    {"unknown", nil, nil},
	} {
		p, _, err := s.client().Pipelines.Create(t.Context(), organization, buildkite.CreatePipeline{
			Name: "On " + strings.ReplaceAll(host, ".", " "), Repository: "git@" + host + ":acme/app.git", Configuration: "steps: [{command: make}]",
			ProviderSettings: tt.settings,
		})
		must(t, err)
		if p.Provider.ID != tt.provider {
			t.Errorf("%s is %s, want %s", host, p.Provider.ID, tt.provider)
		}
		if diff := cmp.Diff(tt.want, p.Provider.Settings); diff != "" {
			t.Errorf("settings of %s (-want +got):\n%s", host, diff)
		}
	}
}
