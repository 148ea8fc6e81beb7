package compat

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/buildkite/go-buildkite/v4"
)

// TestEverything runs one build in which everything happens that passes between jobs, agents and the server, and then
// reads it all back through REST.
func TestEverything(t *testing.T) {
	t.Parallel()
	onBothEngines(t, func(t *testing.T, s *server) {
		configuration, err := os.ReadFile("testdata/everything.yml")
		must(t, err)
		dynamic, err := os.ReadFile("testdata/dynamic.yml")
		must(t, err)
		repo := repository(t, map[string]string{"dynamic.yml": string(dynamic)})
		startAgent(t, s, "one-%spawn", "--spawn", "2")
		p := s.pipeline("Everything", repo, string(configuration))
		b := s.build(p.Slug, buildkite.CreateBuild{Message: "All of it", MetaData: map[string]string{"from": "test"}})

		b = s.waitFor(p.Slug, b.Number, "build to be blocked", func(b buildkite.Build) bool { return b.Blocked })
		if b.State != "passed" {
			t.Errorf("blocked build is %s", b.State)
		}
		block := job(t, b, "release")
		if block.State != "blocked" || block.Type != "manual" {
			t.Errorf("block step is %s of type %s", block.State, block.Type)
		}
		_, _, err = s.client().Jobs.UnblockJob(t.Context(), organization, p.Slug, fmt.Sprint(b.Number), block.ID,
			&buildkite.JobUnblockOptions{Fields: map[string]string{"version": "one"}})
		if err == nil {
			t.Error("a version of the wrong format was taken")
		}
		_, _, err = s.client().Jobs.UnblockJob(t.Context(), organization, p.Slug, fmt.Sprint(b.Number), block.ID,
			&buildkite.JobUnblockOptions{Fields: map[string]string{"version": "1.2"}})
		must(t, err)

		b = s.waitForState(p.Slug, b.Number, "passed")
		checkJobs(t, s, p.Slug, b)
		checkArtifacts(t, s, p.Slug, b)
		checkAnnotations(t, s, p.Slug, b)
		if b.MetaData["color"] != "blue" || b.MetaData["from"] != "test" || b.MetaData["stage"] != "beta" {
			t.Errorf("meta-data %v", b.MetaData)
		}
		if len(b.Commit) != 40 || b.Author.Name != "Ann Otter" {
			t.Errorf("commit %q by %q", b.Commit, b.Author.Name)
		}
	})
}

func checkJobs(t *testing.T, s *server, pipeline string, b buildkite.Build) {
	t.Helper()
	var labels []string
	for _, j := range b.Jobs {
		labels = append(labels, j.Name+" "+j.State)
	}
	for _, want := range []string{
		"First passed", "Second, main passed", "Matrix linux 1.25 passed", "Matrix linux 1.26 passed", "Matrix mac 1.26 passed",
		"Parallel 0 passed", "Parallel 1 passed", "Soft failed", "Never broken", "Release passed",
	} {
		if !slices.Contains(labels, want) {
			t.Errorf("no job %q among %q", want, labels)
		}
	}
	if slices.ContainsFunc(labels, func(l string) bool { return strings.HasPrefix(l, "Matrix mac 1.25") }) {
		t.Error("the skipped combination has a job")
	}
	if soft := job(t, b, "soft"); !soft.SoftFailed || soft.ExitStatus == nil || *soft.ExitStatus != 3 {
		t.Errorf("soft failure: %v, %v", soft.SoftFailed, soft.ExitStatus)
	}
	var attempts []buildkite.Job
	for _, j := range b.Jobs {
		if j.StepKey == "flaky" {
			attempts = append(attempts, j)
		}
	}
	if len(attempts) != 2 || !attempts[0].Retried || attempts[0].RetriedInJobID != attempts[1].ID || attempts[1].State != "passed" {
		t.Errorf("attempts of the flaky job: %+v", attempts)
	}
	for _, j := range b.Jobs {
		if j.Name == "Release" {
			contains(t, s.log(pipeline, b.Number, j.ID), "unblocked by dev@bridle.localhost, hello")
		}
	}
}

func checkArtifacts(t *testing.T, s *server, pipeline string, b buildkite.Build) {
	t.Helper()
	artifacts, _, err := s.client().Artifacts.ListByBuild(t.Context(), organization, pipeline, fmt.Sprint(b.Number), nil)
	must(t, err)
	found := map[string]buildkite.Artifact{}
	for _, a := range artifacts {
		found[a.Path] = a
	}
	large, ok := found["out/with space.log"]
	if !ok || large.FileSize != 3000 || large.State != "finished" {
		t.Fatalf("artifacts %+v", artifacts)
	}
	var content bytes.Buffer
	_, err = s.client().Artifacts.DownloadArtifactByURL(t.Context(), large.DownloadURL, &content)
	must(t, err)
	if content.String() != strings.Repeat("x", 3000) {
		t.Errorf("downloaded %d bytes", content.Len())
	}
	if filepath.Base(found["out/deep/file.txt"].Path) != found["out/deep/file.txt"].Filename {
		t.Errorf("file name %q", found["out/deep/file.txt"].Filename)
	}
}

func checkAnnotations(t *testing.T, s *server, pipeline string, b buildkite.Build) {
	t.Helper()
	annotations, _, err := s.client().Annotations.ListByBuild(t.Context(), organization, pipeline, fmt.Sprint(b.Number), nil)
	must(t, err)
	if len(annotations) != 1 {
		t.Fatalf("%d annotations", len(annotations))
	}
	a := annotations[0]
	if a.Context != "report" || a.Style != "success" {
		t.Errorf("annotation %q of style %q", a.Context, a.Style)
	}
	contains(t, a.BodyHTML, "<strong>well</strong>", "and more")
}

func job(t *testing.T, b buildkite.Build, key string) buildkite.Job {
	t.Helper()
	for _, j := range b.Jobs {
		if j.StepKey == key {
			return j
		}
	}
	t.Fatalf("no job of step %q", key)
	return buildkite.Job{}
}

func TestPingModes(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"poll-only", "stream-only"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			s := startServer(t)
			p := s.pipeline("Modes", repository(t, map[string]string{"a": "b"}), "steps:\n  - command: echo one\n  - command: echo two\n")
			b := s.build(p.Slug, buildkite.CreateBuild{})
			startAgent(t, s, "agent", "--ping-mode", mode)
			s.waitForState(p.Slug, b.Number, "passed")
			s.waitForState(p.Slug, s.build(p.Slug, buildkite.CreateBuild{}).Number, "passed")
		})
	}
}

func TestCancelStopsTheProcess(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	p := s.pipeline("Cancel", repository(t, map[string]string{"a": "b"}), "steps:\n  - command: 'echo started; sleep 600'\n")
	b := s.build(p.Slug, buildkite.CreateBuild{})
	startAgent(t, s, "agent")
	b = s.waitFor(p.Slug, b.Number, "log to begin", func(b buildkite.Build) bool {
		return b.State == "running" && strings.Contains(s.log(p.Slug, b.Number, b.Jobs[0].ID), "started")
	})
	_, err := s.client().Builds.Cancel(t.Context(), organization, p.Slug, fmt.Sprint(b.Number))
	must(t, err)
	b = s.waitForState(p.Slug, b.Number, "canceled")
	if b.Jobs[0].State != "canceled" {
		t.Errorf("job is %s", b.Jobs[0].State)
	}
}

func TestAcquireAndDisconnectAfterJob(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	repo := repository(t, map[string]string{"a": "b"})
	p := s.pipeline("Acquire", repo, "steps:\n  - {command: echo one, agents: {gpu: yes}}\n")
	b := s.build(p.Slug, buildkite.CreateBuild{})
	a := startAgent(t, s, "acquirer", "--acquire-job", b.Jobs[0].ID)
	<-a.exited
	s.waitForState(p.Slug, b.Number, "passed")
	again := startAgent(t, s, "late", "--acquire-job", b.Jobs[0].ID)
	<-again.exited
	if code := again.command.ProcessState.ExitCode(); code != 27 {
		t.Errorf("acquiring a finished job exits with %d, want 27", code)
	}
	q := s.pipeline("Once", repo, "steps:\n  - command: echo one\n")
	once := s.build(q.Slug, buildkite.CreateBuild{})
	leaver := startAgent(t, s, "leaver", "--disconnect-after-job")
	<-leaver.exited
	s.waitForState(q.Slug, once.Number, "passed")
}

func TestRejectedUploadSaysWhy(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	repo := repository(t, map[string]string{
		"duplicate.yml": "steps:\n  - {command: a, key: same}\n  - {command: b, key: same}\n",
		"property.yml":  "steps:\n  - {command: a, agent: x}\n",
		"cycle.yml":     "steps:\n  - {command: a, key: a, depends_on: b}\n  - {command: b, key: b, depends_on: a}\n",
	})
	p := s.pipeline("Rejected", repo, "steps:\n  - command: |\n      for f in duplicate property cycle; do buildkite-agent pipeline upload $$f.yml && exit 9; done; true\n")
	startAgent(t, s, "agent")
	b := s.waitForState(p.Slug, s.build(p.Slug, buildkite.CreateBuild{}).Number, "passed")
	if len(b.Jobs) != 1 {
		t.Errorf("%d jobs", len(b.Jobs))
	}
	contains(t, s.log(p.Slug, b.Number, b.Jobs[0].ID),
		`The key "same" has already been used by another step in this build`, "perhaps you meant `agents`?", "cycle")
}
