package compat

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/buildkite/go-buildkite/v4"
	"github.com/google/go-cmp/cmp"
)

func tellArtifacts(t *testing.T, s *server) {
	c, ctx := s.client(), t.Context()
	p := s.pipeline("Artifacts", repository(t, map[string]string{"a": "b"}),
		"steps:\n  - {command: 'mkdir d; echo hello > d/x.txt; echo other > d/y.log; echo last > d/z.txt', artifact_paths: 'd/*'}\n")
	startAgent(t, s, "agent")
	b := s.waitForState(p.Slug, s.build(p.Slug, buildkite.CreateBuild{}).Number, "passed")
	jobID := b.Jobs[0].ID
	byJob, _, err := c.Artifacts.ListByJob(ctx, organization, p.Slug, "1", jobID, nil)
	must(t, err)
	i := slices.IndexFunc(byJob, func(a buildkite.Artifact) bool { return a.Path == "d/x.txt" })
	if len(byJob) != 3 || i < 0 {
		t.Fatalf("artifacts %+v", byJob)
	}
	a, _, err := c.Artifacts.Get(ctx, organization, p.Slug, "1", jobID, byJob[i].ID)
	must(t, err)
	want := buildkite.Artifact{
		ID: a.ID, JobID: jobID, State: "finished", Path: "d/x.txt", Dirname: "d", Filename: "x.txt", MimeType: "text/plain", FileSize: 6,
		SHA1:        "f572d396fae9206628714fb2ce00f72e94f2258f",
		URL:         s.url + "/v2/organizations/dev/pipelines/artifacts/builds/1/jobs/" + jobID + "/artifacts/" + a.ID,
		DownloadURL: s.url + "/v2/organizations/dev/pipelines/artifacts/builds/1/jobs/" + jobID + "/artifacts/" + a.ID + "/download",
	}
	if diff := cmp.Diff([]buildkite.Artifact{want, want}, []buildkite.Artifact{a, byJob[i]}); diff != "" {
		t.Errorf("artifact, got and listed (-want +got):\n%s", diff)
	}
	var content bytes.Buffer
	_, err = c.Artifacts.DownloadArtifactByURL(ctx, a.DownloadURL, &content)
	must(t, err)
	if content.String() != "hello\n" {
		t.Errorf("content %q", content.String())
	}
	_, err = s.clientWith(readToken).Artifacts.Delete(ctx, organization, p.Slug, "1", jobID, a.ID)
	wantStatus(t, err, http.StatusForbidden, "write_artifacts")
	_, err = c.Artifacts.Delete(ctx, organization, p.Slug, "1", jobID, a.ID)
	must(t, err)
	var left []string
	for page := 1; page != 0; {
		list, response, err := c.Artifacts.ListByBuild(ctx, organization, p.Slug, "1", &buildkite.ArtifactListOptions{ListOptions: buildkite.ListOptions{Page: page, PerPage: 1}})
		must(t, err)
		for _, a := range list {
			left = append(left, a.Path)
		}
		page = response.NextPage
	}
	slices.Sort(left)
	if diff := cmp.Diff([]string{"d/y.log", "d/z.txt"}, left); diff != "" {
		t.Errorf("artifacts left (-want +got):\n%s", diff)
	}
	_, err = c.Artifacts.DownloadArtifactByURL(ctx, a.DownloadURL, &content)
	wantStatus(t, err, http.StatusNotFound, "")
	_, _, err = c.Artifacts.Get(ctx, organization, p.Slug, "1", jobID, jobID)
	wantStatus(t, err, http.StatusNotFound, "No artifact found")
}

func tellAnnotations(t *testing.T, s *server) {
	c, ctx := s.client(), t.Context()
	p := s.pipeline("Annotations", "https://example.org/app.git", "steps:\n  - command: make\n")
	b := s.build(p.Slug, buildkite.CreateBuild{})
	jobID := b.Jobs[0].ID
	made, _, err := c.Annotations.Create(ctx, organization, p.Slug, "1", buildkite.AnnotationCreate{
		Body: "**hi** <script>x</script>", Context: "c", Style: "info", Priority: 7,
	})
	must(t, err)
	if strings.Contains(made.BodyHTML, "<script") || !strings.Contains(made.BodyHTML, "<strong>hi</strong>") {
		t.Errorf("body %q", made.BodyHTML)
	}
	if made.Context != "c" || made.Style != "info" || made.Priority != 7 || made.Scope != "build" || made.CreatedAt == nil {
		t.Errorf("annotation %+v", made)
	}
	longer, _, err := c.Annotations.Create(ctx, organization, p.Slug, "1", buildkite.AnnotationCreate{Body: " and more", Context: "c", Append: true})
	must(t, err)
	if longer.ID != made.ID || !strings.Contains(longer.BodyHTML, "hi") || !strings.Contains(longer.BodyHTML, "and more") {
		t.Errorf("appended %+v", longer)
	}
	forJob, _, err := c.Annotations.CreateForJob(ctx, organization, p.Slug, "1", jobID, buildkite.AnnotationCreate{Body: "x", Context: "k"})
	must(t, err)
	ofJob, _, err := c.Annotations.ListByJob(ctx, organization, p.Slug, "1", jobID, nil)
	must(t, err)
	if len(ofJob) != 1 || ofJob[0].ID != forJob.ID || ofJob[0].Scope != "job" || ofJob[0].Context != "k" {
		t.Errorf("annotations of the job %+v", ofJob)
	}
	for i := range 3 {
		_, _, err = c.Annotations.Create(ctx, organization, p.Slug, "1", buildkite.AnnotationCreate{Body: "x", Context: fmt.Sprint(i), Priority: 3 + i})
		must(t, err)
	}
	var contexts []string
	for page := 1; page != 0; {
		list, response, err := c.Annotations.ListByBuild(ctx, organization, p.Slug, "1", &buildkite.AnnotationListOptions{ListOptions: buildkite.ListOptions{Page: page, PerPage: 3}})
		must(t, err)
		for _, a := range list {
			contexts = append(contexts, a.Context)
		}
		page = response.NextPage
	}
	if diff := cmp.Diff([]string{"c", "2", "1", "0"}, contexts); diff != "" {
		t.Errorf("annotations of the build (-want +got):\n%s", diff)
	}
	_, _, err = c.Annotations.Create(ctx, organization, p.Slug, "1", buildkite.AnnotationCreate{Body: "x", Style: "loud"})
	wantStatus(t, err, http.StatusUnprocessableEntity, "style")
	_, err = s.clientWith(readToken).Annotations.Delete(ctx, organization, p.Slug, "1", made.ID)
	wantStatus(t, err, http.StatusForbidden, "write_builds")
	_, err = c.Annotations.DeleteForJob(ctx, organization, p.Slug, "1", jobID, forJob.ID)
	must(t, err)
	_, err = c.Annotations.Delete(ctx, organization, p.Slug, "1", made.ID)
	must(t, err)
	_, err = c.Annotations.Delete(ctx, organization, p.Slug, "1", made.ID)
	wantStatus(t, err, http.StatusNotFound, "No annotation found")
}
