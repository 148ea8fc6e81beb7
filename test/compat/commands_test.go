package compat

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/buildkite/go-buildkite/v4"
)

// untilFile is a command that waits for a file which the test makes.
func untilFile(path string) string { return "while ! test -e " + path + "; do sleep 0.1; done" }

func TestPromisedFailureFailsTheBuildEarly(t *testing.T) {
	t.Parallel()
	onBothEngines(t, func(t *testing.T, s *server) {
		gate := filepath.Join(t.TempDir(), "gate")
		p := s.pipeline("Promise", repository(t, map[string]string{"a": "b"}), `
steps:
  - key: promises
    command: |
      `+untilFile(gate+".start")+`
      buildkite-agent job promise-failure 42 --reason "seen a failure"
      buildkite-agent job promise-failure 42
      buildkite-agent job promise-failure 43 && exit 9
      `+untilFile(gate)+`
  - key: stops
    command: 'touch `+gate+`.start; sleep 600'
    cancel_on_build_failing: true
  - key: goes-on
    command: echo still here
    depends_on: stops
    allow_dependency_failure: true
`)
		startAgent(t, s, "agent-%spawn", "--spawn", "2")
		n := s.build(p.Slug, buildkite.CreateBuild{}).Number
		b := s.waitFor(p.Slug, n, "build to fail fast", func(b buildkite.Build) bool {
			return b.State == "failing" && job(t, b, "stops").State == "canceled"
		})
		if state := job(t, b, "promises").State; state != "running" {
			t.Errorf("the job that promised is %s", state)
		}
		var shown struct {
			PromisedExitStatus *int `json:"promised_exit_status"`
		}
		s.read("/v2/organizations/"+organization+"/jobs/"+job(t, b, "promises").ID, &shown)
		if shown.PromisedExitStatus == nil || *shown.PromisedExitStatus != 42 {
			t.Errorf("promised exit status is shown as %v", shown.PromisedExitStatus)
		}
		must(t, os.WriteFile(gate, nil, 0o644))
		b = s.waitForState(p.Slug, n, "failed")
		if j := job(t, b, "promises"); j.State != "failed" || j.ExitStatus == nil || *j.ExitStatus != 42 {
			t.Errorf("the job that promised ended as %s with %v", j.State, j.ExitStatus)
		}
	})
}

func TestFailedJobStopsOthers(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	gate := filepath.Join(t.TempDir(), "gate")
	p := s.pipeline("Fail fast", repository(t, map[string]string{"a": "b"}), `
steps:
  - { key: fails, command: '`+untilFile(gate)+`; exit 5' }
  - { key: stops, command: 'touch `+gate+`; sleep 600', cancel_on_build_failing: true }
  - { key: never, command: 'echo no', depends_on: stops, cancel_on_build_failing: true }
`)
	startAgent(t, s, "agent-%spawn", "--spawn", "2")
	b := s.waitForState(p.Slug, s.build(p.Slug, buildkite.CreateBuild{}).Number, "failed")
	for key, want := range map[string]string{"fails": "failed", "stops": "canceled"} {
		if state := job(t, b, key).State; state != want {
			t.Errorf("%s is %s, want %s", key, state, want)
		}
	}
	if state := job(t, b, "never").State; state == "passed" {
		t.Errorf("never is %s", state)
	}
}

func TestJobCancelsAStep(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	gate := filepath.Join(t.TempDir(), "gate")
	p := s.pipeline("Step cancel", repository(t, map[string]string{"a": "b"}), `
steps:
  - { key: cancels, command: '`+untilFile(gate)+`; buildkite-agent step cancel --step victim' }
  - { key: victim, command: 'touch `+gate+`; sleep 600', soft_fail: true }
`)
	startAgent(t, s, "agent-%spawn", "--spawn", "2")
	b := s.waitForState(p.Slug, s.build(p.Slug, buildkite.CreateBuild{}).Number, "passed")
	if victim := job(t, b, "victim"); victim.State != "canceled" {
		t.Errorf("the canceled step's job is %s", victim.State)
	}
}

func TestJobCancelsItsBuild(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	p := s.pipeline("Build cancel", repository(t, map[string]string{"a": "b"}), `
steps:
  - { key: cancels, command: 'buildkite-agent build cancel; sleep 600' }
  - { wait: ~ }
  - { key: never, command: echo no }
`)
	startAgent(t, s, "agent")
	b := s.waitForState(p.Slug, s.build(p.Slug, buildkite.CreateBuild{}).Number, "canceled")
	for _, key := range []string{"cancels", "never"} {
		if state := job(t, b, key).State; state != "canceled" {
			t.Errorf("%s is %s", key, state)
		}
	}
}

// TestTimeout lets a job's time run out by moving its start back, once its agent has raised the timeout.
func TestTimeout(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	p := s.pipeline("Timeout", repository(t, map[string]string{"a": "b"}), `
steps:
  - { key: slow, timeout_in_minutes: 2, command: 'buildkite-agent job update timeout 3; echo "timeout raised"; sleep 600' }
`)
	startAgent(t, s, "agent")
	n := s.build(p.Slug, buildkite.CreateBuild{}).Number
	s.waitFor(p.Slug, n, "timeout to be raised", func(b buildkite.Build) bool {
		return b.State == "running" && strings.Contains(s.log(p.Slug, n, b.Jobs[0].ID), "timeout raised")
	})
	s.tamper("UPDATE jobs SET started_at = started_at - 600000000 WHERE state = 'running' AND timeout_minutes = 3")
	s.tamper("UPDATE tasks SET run_at = 0 WHERE kind = 'builds.timeout'")
	b := s.waitForState(p.Slug, n, "failed")
	if state := job(t, b, "slow").State; state != "timed_out" {
		t.Errorf("job is %s", state)
	}
}

// TestUploadsAreShown reads back what became of a job's uploads.
func TestUploadsAreShown(t *testing.T) {
	t.Parallel()
	onBothEngines(t, func(t *testing.T, s *server) {
		repo := repository(t, map[string]string{
			"good.yml": "steps:\n  - {command: echo $$HOME, key: same}\n  - wait\n",
			"bad.yml":  "steps:\n  - {command: b, key: same}\n",
		})
		p := s.pipeline("Uploads", repo, "steps:\n  - command: buildkite-agent pipeline upload good.yml; ! buildkite-agent pipeline upload bad.yml\n")
		startAgent(t, s, "agent")
		b := s.waitForState(p.Slug, s.build(p.Slug, buildkite.CreateBuild{}).Number, "passed")
		type upload struct {
			URL           string `json:"url"`
			State         string `json:"state"`
			SourceJobID   string `json:"source_job_id"`
			RejectionType string `json:"rejection_type"`
			Message       string `json:"message"`
			CreatedJobs   int    `json:"created_jobs_count"`
			YAML          string `json:"definition_yaml"`
		}
		var page struct{ Items []upload }
		s.read(strings.TrimPrefix(b.URL, s.url)+"/step-uploads", &page)
		if len(page.Items) != 2 {
			t.Fatalf("uploads are %+v", page.Items)
		}
		bad, good := page.Items[0], page.Items[1]
		if bad.State != "rejected" || bad.RejectionType != "invalid_steps" || bad.SourceJobID != b.Jobs[0].ID {
			t.Errorf("rejected upload is %+v", bad)
		}
		contains(t, bad.Message, `The key "same" has already been used`)
		s.read(strings.TrimPrefix(good.URL, s.url), &good)
		if good.State != "applied" || good.CreatedJobs != 2 {
			t.Errorf("applied upload is %+v", good)
		}
		contains(t, good.YAML, "command: echo $HOME", "key: same")
	})
}
