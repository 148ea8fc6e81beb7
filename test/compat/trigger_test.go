package compat

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/buildkite/go-buildkite/v4"
)

// TestTriggeredBuild lets a child fail, and its retry pass, and wants the parent to follow.
func TestTriggeredBuild(t *testing.T) {
	t.Parallel()
	onBothEngines(t, func(t *testing.T, s *server) {
		repo := repository(t, map[string]string{"a": "b"})
		child := s.pipeline("Child", repo, "steps:\n  - key: child\n    command: 'echo \"from $$BUILDKITE_TRIGGERED_FROM_BUILD_PIPELINE_SLUG $$BUILDKITE_TRIGGERED_FROM_BUILD_NUMBER for $$WHO: $$BUILDKITE_MESSAGE\"; test \"$$BUILDKITE_RETRY_COUNT\" = 1'\n")
		parent := s.pipeline("Parent", repo, "steps:\n  - {trigger: child, key: trigger, label: Go deep, build: {env: {WHO: me}}}\n  - {command: echo beside}\n")
		startAgent(t, s, "agent")
		n := s.build(parent.Slug, buildkite.CreateBuild{}).Number
		b := s.waitForState(parent.Slug, n, "failed")
		made := job(t, b, "trigger").TriggeredBuild
		if made == nil || made.Number != 1 || made.URL != s.url+"/v2/organizations/dev/pipelines/child/builds/1" {
			t.Fatalf("triggered build %+v", made)
		}
		failed := job(t, s.get(child.Slug, 1), "child")
		contains(t, s.log(child.Slug, 1, failed.ID), fmt.Sprintf("from parent %d for me: Go deep", n))
		_, _, err := s.client().Jobs.RetryJob(t.Context(), organization, child.Slug, "1", failed.ID)
		must(t, err)
		s.waitForState(child.Slug, 1, "passed")
		s.waitForState(parent.Slug, n, "passed")
	})
}

// TestSupersededTriggeredBuild makes a newer build of a child that runs.
func TestSupersededTriggeredBuild(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	repo := repository(t, map[string]string{"a": "b"})
	gate := filepath.Join(t.TempDir(), "gate")
	child, _, err := s.client().Pipelines.Create(t.Context(), organization, buildkite.CreatePipeline{
		Name: "Child", Repository: repo, CancelRunningBranchBuilds: true,
		Configuration: "steps:\n  - command: 'test \"$$BUILDKITE_SOURCE\" = api || { touch " + gate + "; sleep 600; }'\n",
	})
	must(t, err)
	parent := s.pipeline("Parent", repo, "steps:\n  - {trigger: child, key: trigger}\n  - wait\n  - {key: after, command: 'echo after'}\n")
	startAgent(t, s, "agent")
	n := s.build(parent.Slug, buildkite.CreateBuild{}).Number
	s.waitFor(parent.Slug, n, "child to run", func(b buildkite.Build) bool {
		return job(t, b, "trigger").TriggeredBuild != nil && s.get(child.Slug, 1).State == "running"
	})
	s.build(child.Slug, buildkite.CreateBuild{})
	s.waitForState(child.Slug, 1, "canceled")
	b := s.waitForState(parent.Slug, n, "passed")
	if state := job(t, b, "trigger").State; state != "skipped" {
		t.Errorf("trigger job is %s", state)
	}
	s.waitForState(child.Slug, 2, "passed")
}
