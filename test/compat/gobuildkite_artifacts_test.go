package compat

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/buildkite/go-buildkite/v4"
)

func tellArtifactsAndAnnotations(t *testing.T, s *server) {
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
