package compat

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/buildkite/go-buildkite/v4"
	"github.com/google/go-cmp/cmp"
)

// everyValue is a pipeline of what the other stories have no use for.
const everyValue = `
steps:
  - { key: excluded, command: 'echo no', if: 'build.branch == "other"' }
  - { key: matrix, label: "On {{matrix}}", command: 'echo {{matrix}}', matrix: [linux] }
  - { key: parallel, command: 'echo $$BUILDKITE_PARALLEL_JOB', parallelism: 2 }
  - { key: alone, command: 'echo one', concurrency: 1, concurrency_group: alone }
  - { key: uploads, command: 'echo "steps: [{command: a, key: a}, {command: b, key: a}]" | buildkite-agent pipeline upload && exit 9; true' }
  - group: Group
    key: group
    steps:
      - { key: trigger, label: Go deep, trigger: child, async: true }
      - { key: block, block: Go }
`

// tellValues gives a value to keys that are null elsewhere.
func tellValues(t *testing.T, s *server) {
	c, ctx := s.client(), t.Context()
	repo := repository(t, map[string]string{"a": "b"})
	s.pipeline("Child", repo, "steps:\n  - {command: echo child, agents: {gpu: many}}\n")
	p, _, err := c.Pipelines.Create(ctx, organization, buildkite.CreatePipeline{
		Name: "Values", Repository: "git@github.com:acme/values.git", Configuration: everyValue, MaximumCommandStepTimeout: 60, BranchConfiguration: "!never",
		SkipQueuedBranchBuilds: true, SkipQueuedBranchBuildsFilter: "!main", CancelRunningBranchBuilds: true, CancelRunningBranchBuildsFilter: "main",
		ProviderSettings: &buildkite.GitHubSettings{PullRequestBranchFilterEnabled: true, PullRequestBranchFilterConfiguration: "features/*"},
	})
	must(t, err)
	if p.MaximumCommandStepTimeout != 60 || p.BranchConfiguration != "!never" || p.SkipQueuedBranchBuildsFilter != "!main" || p.CancelRunningBranchBuildsFilter != "main" {
		t.Errorf("pipeline %+v", p)
	}
	if settings, ok := p.Provider.Settings.(*buildkite.GitHubSettings); !ok || settings.PullRequestBranchFilterConfiguration != "features/*" {
		t.Errorf("provider settings %+v", p.Provider.Settings)
	}
	s.ask(asked{row: "pipelines.update", body: `{"emoji": ":dog:", "color": "#112233", "repository": "` + repo + `"}`, names: []string{"pipeline", p.Slug}})

	agent := startAgent(t, s, "agent")
	first := s.build(p.Slug, buildkite.CreateBuild{Author: buildkite.Author{Name: "Ann", Email: "ann@example.org", Username: "ann"}})
	if first.Author.Username != "ann" {
		t.Errorf("author %+v", first.Author)
	}
	s.waitForJobs(p.Slug, 1, map[string]string{"matrix": "passed", "parallel": "passed", "alone": "passed", "uploads": "passed"})
	checkValues(t, s, p.Slug)

	held := s.pipeline("Held", repo, "steps:\n  - command: 'echo started; sleep 600'\n")
	_, _, err = c.Pipelines.Update(ctx, organization, held.Slug, buildkite.UpdatePipeline{CancelRunningBranchBuilds: true})
	must(t, err)
	s.build(held.Slug, buildkite.CreateBuild{})
	s.waitFor(held.Slug, 1, "build to run", func(b buildkite.Build) bool { return b.State == "running" })
	s.build(held.Slug, buildkite.CreateBuild{})
	s.waitForState(held.Slug, 1, "canceled")
	superseded := asking[struct {
		CancelReason string `json:"cancel_reason"`
	}](s, asked{row: "builds.get", names: []string{"pipeline", held.Slug, "build", "1"}})
	if !strings.Contains(superseded.CancelReason, "#2") {
		t.Errorf("superseded for %q", superseded.CancelReason)
	}
	_, err = c.Builds.Cancel(ctx, organization, held.Slug, "2")
	must(t, err)
	s.waitForState(held.Slug, 2, "canceled")

	agents, _, err := c.Agents.List(ctx, organization, nil)
	must(t, err)
	must(t, agent.command.Process.Signal(syscall.SIGQUIT))
	<-agent.exited
	if gone := asking[struct {
		DisconnectedAt string `json:"disconnected_at"`
	}](s, asked{row: "agents.get", names: []string{"agent", agents[0].ID}}); gone.DisconnectedAt == "" {
		t.Error("an agent that left has not disconnected")
	}
	s.tellExpiry(t)
}

// checkValues looks at what became of the first build of everyValue.
func checkValues(t *testing.T, s *server, pipeline string) {
	t.Helper()
	at := []string{"pipeline", pipeline, "build", "1"}
	type shown struct {
		StepKey            string            `json:"step_key"`
		GroupKey           string            `json:"group_key"`
		Name               string            `json:"name"`
		Matrix             map[string]string `json:"matrix"`
		ParallelGroupIndex *int              `json:"parallel_group_index"`
		ParallelGroupTotal int               `json:"parallel_group_total"`
		BrokenReason       string            `json:"broken_reason"`
		ConcurrencyWait    *int              `json:"concurrency_wait_time_ms"`
	}
	jobs := map[string]shown{}
	for _, j := range asking[struct{ Items []shown }](s, asked{row: "jobs.list", names: at}).Items {
		jobs[j.StepKey] = j
	}
	if jobs["excluded"].BrokenReason == "" || jobs["matrix"].Name != "On linux" || len(jobs["matrix"].Matrix) != 1 || jobs["alone"].ConcurrencyWait == nil {
		t.Errorf("jobs %+v", jobs)
	}
	if last := jobs["parallel"]; last.ParallelGroupIndex == nil || *last.ParallelGroupIndex != 1 || last.ParallelGroupTotal != 2 {
		t.Errorf("parallel job %+v", last)
	}
	b := s.get(pipeline, 1)
	for _, key := range []string{"trigger", "block"} {
		if j := job(t, b, key); j.GroupKey != "group" {
			t.Errorf("%s is in the group %q", key, j.GroupKey)
		}
	}
	type upload struct {
		State         string
		RejectionType string `json:"rejection_type"`
		Message       string
	}
	uploads := asking[struct{ Items []upload }](s, asked{row: "builds.step_uploads.list", names: at}).Items
	want := upload{State: "rejected", RejectionType: "invalid_definition", Message: `The key "a" has already been used by another step in this build`}
	if !slices.ContainsFunc(uploads, func(u upload) bool { return cmp.Equal(u, want) }) {
		t.Errorf("uploads %+v", uploads)
	}
}

// tellExpiry uses a token that expires.
func (s *server) tellExpiry(t *testing.T) {
	t.Helper()
	command := exec.Command(bridleBinary, "admin", "token", "create", "--database", s.database(), "--organization", organization,
		"--user", "dev@bridle.localhost", "--scopes", "read_user", "--expires-in", "1h")
	command.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}
	secret, err := command.Output()
	must(t, err)
	token, _, err := s.clientWith(strings.TrimSpace(string(secret))).AccessTokens.Get(t.Context())
	must(t, err)
	if token.ExpiresAt == nil || !slices.Equal(token.Scopes, []string{"read_user"}) {
		t.Errorf("token %+v", token)
	}
}
