package compat

import (
	"net/http"
	"strings"
	"testing"

	"github.com/buildkite/go-buildkite/v4"
	"github.com/google/go-cmp/cmp"
)

// tellBlocks unblocks a step with fields, behind which a trigger step makes a build.
func tellBlocks(t *testing.T, s *server) {
	c, ctx := s.client(), t.Context()
	child := s.pipeline("Child", "https://example.org/child.git", "steps:\n  - command: make\n")
	p := s.pipeline("Gate", "https://example.org/gate.git", `
steps:
  - block: Go on?
    key: gate
    fields: [{text: Version, key: version, format: "[0-9.]+"}]
  - { trigger: child, key: after, async: true }
`)
	b := s.build(p.Slug, buildkite.CreateBuild{})
	gate := job(t, b, "gate")
	if !b.Blocked || b.State != "passed" || gate.Type != "manual" || !gate.Unblockable || !strings.HasSuffix(gate.UnblockURL, "/jobs/"+gate.ID+"/unblock") {
		t.Fatalf("blocked build %s %v with %+v", b.State, b.Blocked, gate)
	}
	_, _, err := c.Jobs.UnblockJob(ctx, organization, p.Slug, "1", gate.ID, &buildkite.JobUnblockOptions{Fields: map[string]string{"version": "one"}})
	wantStatus(t, err, http.StatusUnprocessableEntity, "version")
	_, _, err = s.clientWith(readToken).Jobs.UnblockJob(ctx, organization, p.Slug, "1", gate.ID, nil)
	wantStatus(t, err, http.StatusForbidden, "write_builds")
	done, _, err := c.Jobs.UnblockJob(ctx, organization, p.Slug, "1", gate.ID, &buildkite.JobUnblockOptions{Fields: map[string]string{"version": "1.2"}})
	must(t, err)
	if done.State != "unblocked" || done.UnblockedAt == nil || done.UnblockedBy == nil || done.UnblockedBy.Email != "dev@bridle.localhost" || done.Unblockable {
		t.Errorf("unblocked %+v", done)
	}
	b = s.waitForState(p.Slug, 1, "passed")
	if b.MetaData["version"] != "1.2" {
		t.Errorf("meta-data %v", b.MetaData)
	}
	made := job(t, b, "after").TriggeredBuild
	if made == nil || made.Number != 1 || made.WebURL != s.url+"/dev/child/builds/1" {
		t.Fatalf("triggered build %+v", made)
	}
	triggered := s.get(child.Slug, 1)
	if from := triggered.TriggeredFrom; from == nil || from.BuildID != b.ID || from.BuildNumber != 1 || from.BuildPipelineSlug != p.Slug || triggered.Source != "trigger_job" {
		t.Errorf("triggered from %+v by %s", from, triggered.Source)
	}
	again, _, err := c.Jobs.UnblockJob(ctx, organization, p.Slug, "1", gate.ID, nil)
	must(t, err) // whoever repeats a request gets the same answer
	if diff := cmp.Diff(done, again); diff != "" {
		t.Errorf("unblocked again (-first +again):\n%s", diff)
	}
}
