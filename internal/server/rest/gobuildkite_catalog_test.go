package rest

import (
	"strings"
	"testing"

	"github.com/buildkite/go-buildkite/v4"

	"github.com/bridle-ci/bridle/internal/store"
)

func TestGoBuildkitePipelines(t *testing.T) {
	t.Parallel()
	w, client := goBuildkite(t)
	ctx, org := t.Context(), w.Organization.Slug
	p := must[buildkite.Pipeline](t)(client.Pipelines.Create(ctx, org, buildkite.CreatePipeline{
		Name: "My Pipeline", Repository: "git@github.com:acme/app.git",
		Configuration: "steps: [{command: make, plugins: [docker#v5.0.0: {image: go}]}]", Tags: []string{"a"},
	}))
	if p.Slug != "my-pipeline" || p.ClusterID != w.Cluster.ID || p.Provider.ID != "github" || len(p.Steps) != 1 || len(p.Steps[0].Plugins) != 1 {
		t.Errorf("created %+v", p)
	}
	settings, ok := p.Provider.Settings.(*buildkite.GitHubSettings)
	if !ok || settings.Repository != "acme/app" {
		t.Errorf("settings %#v", p.Provider.Settings)
	}
	p = must[buildkite.Pipeline](t)(client.Pipelines.Update(ctx, org, p.Slug, buildkite.UpdatePipeline{Description: "Mine"}))
	if p.Description != "Mine" || p.Name != "My Pipeline" {
		t.Errorf("updated %+v", p)
	}
	if all := must[[]buildkite.Pipeline](t)(client.Pipelines.List(ctx, org, &buildkite.PipelineListOptions{Name: "my pipe"})); len(all) != 1 {
		t.Errorf("listed %+v", all)
	}
	done(t)(client.Pipelines.Archive(ctx, org, p.Slug))
	if p := must[buildkite.Pipeline](t)(client.Pipelines.Get(ctx, org, p.Slug)); p.ArchivedAt == nil {
		t.Errorf("archived %+v", p)
	}
	done(t)(client.Pipelines.Unarchive(ctx, org, p.Slug))
	_, err := client.Pipelines.AddWebhook(ctx, org, p.Slug)
	wantMessage(t, err, "Auto-creating webhooks is not supported for your repository.")
	done(t)(client.Pipelines.Delete(ctx, org, p.Slug))
	_, _, err = client.Pipelines.Get(ctx, org, p.Slug)
	wantMessage(t, err, "No pipeline found")
}

func TestGoBuildkiteAnnotations(t *testing.T) {
	t.Parallel()
	w, client := goBuildkite(t)
	ctx, org, pipeline := t.Context(), w.Organization.Slug, w.Pipeline.Slug
	job := w.manyJobs(t, 1, func(int, *store.Job) {})[0]
	a := must[buildkite.Annotation](t)(client.Annotations.Create(ctx, org, pipeline, "1", buildkite.AnnotationCreate{
		Body: "**Hi**", Context: "note", Style: "info",
	}))
	own := must[buildkite.Annotation](t)(client.Annotations.CreateForJob(ctx, org, pipeline, "1", job, buildkite.AnnotationCreate{Body: "Own"}))
	all := must[[]buildkite.Annotation](t)(client.Annotations.ListByBuild(ctx, org, pipeline, "1", nil))
	if len(all) != 1 || all[0].Style != "info" || strings.TrimSpace(all[0].BodyHTML) != "<p><strong>Hi</strong></p>" {
		t.Errorf("annotations of the build %+v", all)
	}
	if of := must[[]buildkite.Annotation](t)(client.Annotations.ListByJob(ctx, org, pipeline, "1", job, nil)); len(of) != 1 || of[0].ID != own.ID {
		t.Errorf("annotations of the job %+v", of)
	}
	done(t)(client.Annotations.DeleteForJob(ctx, org, pipeline, "1", job, own.ID))
	done(t)(client.Annotations.Delete(ctx, org, pipeline, "1", a.ID))
}
