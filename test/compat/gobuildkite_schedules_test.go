package compat

import (
	"net/http"
	"testing"

	"github.com/buildkite/go-buildkite/v4"
	"github.com/google/go-cmp/cmp"
)

func tellSchedules(t *testing.T, s *server) {
	c, ctx := s.client(), t.Context()
	p := s.pipeline("Scheduled", "https://example.org/app.git", "steps:\n  - command: make\n")
	made, _, err := c.PipelineSchedules.Create(ctx, organization, p.Slug, buildkite.CreatePipelineSchedule{
		Cronline: "0 3 * * * Europe/Berlin", Label: "Nightly", Message: "Build the night", Env: map[string]string{"A": "b"},
	})
	must(t, err)
	if made.Cronline != "0 3 * * * Europe/Berlin" || made.Label != "Nightly" || made.Message != "Build the night" || made.Env["A"] != "b" ||
		made.Commit != "HEAD" || made.Branch != "main" || !made.Enabled || made.NextBuildAt == nil || made.CreatedAt == nil {
		t.Errorf("made %+v", made)
	}
	if made.Pipeline == nil || made.Pipeline.Slug != p.Slug || made.CreatedBy == nil || made.CreatedBy.Email != "dev@bridle.localhost" {
		t.Errorf("made of %+v by %+v", made.Pipeline, made.CreatedBy)
	}
	got, _, err := c.PipelineSchedules.Get(ctx, organization, p.Slug, made.ID)
	must(t, err)
	if diff := cmp.Diff(made, got); diff != "" {
		t.Errorf("got another than was made (-made +got):\n%s", diff)
	}
	changed, _, err := c.PipelineSchedules.Update(ctx, organization, p.Slug, made.ID, buildkite.UpdatePipelineSchedule{
		Enabled: new(false), Branch: "side",
	})
	must(t, err)
	if changed.Enabled || changed.NextBuildAt != nil || changed.Branch != "side" || changed.Label != "Nightly" {
		t.Errorf("changed %+v", changed)
	}
	second, _, err := c.PipelineSchedules.Create(ctx, organization, p.Slug, buildkite.CreatePipelineSchedule{Cronline: "@daily", Commit: "abc", Branch: "v1"})
	must(t, err)
	var listed []string
	for page := 1; page != 0; {
		list, response, err := c.PipelineSchedules.List(ctx, organization, p.Slug, &buildkite.PipelineScheduleListOptions{ListOptions: buildkite.ListOptions{Page: page, PerPage: 1}})
		must(t, err)
		for _, schedule := range list {
			listed = append(listed, schedule.ID)
		}
		page = response.NextPage
	}
	if diff := cmp.Diff([]string{second.ID, made.ID}, listed); diff != "" {
		t.Errorf("schedules listed (-want +got):\n%s", diff)
	}
	_, err = c.PipelineSchedules.Delete(ctx, organization, p.Slug, made.ID)
	must(t, err)
	_, _, err = c.PipelineSchedules.Get(ctx, organization, p.Slug, made.ID)
	wantStatus(t, err, http.StatusNotFound, "No pipeline schedule found")
	_, _, err = c.PipelineSchedules.Create(ctx, organization, p.Slug, buildkite.CreatePipelineSchedule{Cronline: "sometimes"})
	wantStatus(t, err, http.StatusUnprocessableEntity, "Validation failed: Cronline ")
	_, _, err = s.clientWith(readToken).PipelineSchedules.Create(ctx, organization, p.Slug, buildkite.CreatePipelineSchedule{Cronline: "@daily"})
	wantStatus(t, err, http.StatusForbidden, "write_pipelines")
}
