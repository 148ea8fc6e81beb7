package compat

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/bridle-ci/bridle/internal/server/rest/openapi"
)

// asked is a request for a row that the official client has no method for.
type asked struct {
	row string
	// suffix is of those that the row's path may end in.
	suffix string
	query  string
	body   string
	// names are pairs of a placeholder and what stands for it.
	names  []string
	header map[string]string
}

// ask sends a request and returns what it was answered with; rows that succeed must.
func (s *server) ask(a asked) (*http.Response, []byte) {
	s.t.Helper()
	contract, err := openapi.ReadContract()
	must(s.t, err)
	row, known := contract.Row(a.row)
	if !known {
		s.t.Fatalf("no row %s", a.row)
	}
	path := strings.ReplaceAll(row.Path, "{org}", organization) + a.suffix
	for pair := range slices.Chunk(a.names, 2) {
		path = strings.ReplaceAll(path, "{"+pair[0]+"}", pair[1])
	}
	if a.query != "" {
		path += "?" + a.query
	}
	request, err := http.NewRequestWithContext(s.t.Context(), row.Method, s.url+path, strings.NewReader(a.body))
	must(s.t, err)
	request.Header.Set("Authorization", "Bearer "+apiToken)
	for name, value := range a.header {
		request.Header.Set(name, value)
	}
	client := s.http()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err := client.Do(request)
	must(s.t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	must(s.t, err)
	if refusal, never := neverSucceeds[a.row]; never {
		if response.StatusCode != refusal.status {
			s.t.Errorf("%s: status %d, want %d: %s", a.row, response.StatusCode, refusal.status, body)
		}
	} else if response.StatusCode >= http.StatusBadRequest {
		s.t.Fatalf("%s: status %d: %s", a.row, response.StatusCode, body)
	}
	return response, body
}

// asking sends a request and decodes the answer.
func asking[T any](s *server, a asked) T {
	s.t.Helper()
	_, body := s.ask(a)
	var v T
	if err := json.Unmarshal(body, &v); err != nil {
		s.t.Fatalf("%s: %v: %s", a.row, err, body)
	}
	return v
}

// thing is what the tests look at of most objects.
type thing struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	State       string `json:"state"`
	StepKey     string `json:"step_key"`
	Description string `json:"description"`
	Token       string `json:"token"`
}

func tellRowsOfMeta(t *testing.T, s *server) {
	if root := asking[map[string]any](s, asked{row: "meta.root"}); root["message"] != "🛠" {
		t.Errorf("greeting %v", root)
	}
	asking[map[string]any](s, asked{row: "meta.api_catalog"})
	s.readDescription()
	asking[map[string]any](s, asked{row: "meta.analytics_openapi"})
	emojis := asking[[]struct{ Name, URL string }](s, asked{row: "emojis.list"})
	i := slices.IndexFunc(emojis, func(e struct{ Name, URL string }) bool { return e.Name == "dog" })
	if i < 0 {
		t.Fatalf("no dog among %d emojis", len(emojis))
	}
	picture, err := http.Get(emojis[i].URL)
	must(t, err)
	picture.Body.Close()
	if picture.StatusCode != http.StatusOK || !strings.HasPrefix(picture.Header.Get("Content-Type"), "image/svg+xml") {
		t.Errorf("picture of the dog: %s of type %s", picture.Status, picture.Header.Get("Content-Type"))
	}
	made := asking[thing](s, asked{row: "organizations.agent_tokens.create", body: `{"description": "Seed"}`})
	if !strings.HasPrefix(made.Token, "bkct_") || made.Description != "Seed" {
		t.Errorf("agent token %+v", made)
	}
	if all := asking[[]thing](s, asked{row: "organizations.agent_tokens.list"}); !slices.ContainsFunc(all, func(a thing) bool { return a.ID == made.ID && a.Token == "" }) {
		t.Errorf("agent tokens %+v", all)
	}
}

// readDescription notes the groups of rows that the server's description has as tags.
func (s *server) readDescription() {
	s.t.Helper()
	var description struct {
		Paths map[string]map[string]struct{ Tags []string }
	}
	s.read("/openapi.json", &description)
	groups := map[string]bool{}
	for _, operations := range description.Paths {
		for _, operation := range operations {
			for _, tag := range operation.Tags {
				groups[tag] = true
			}
		}
	}
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	s.journal.served = slices.Sorted(maps.Keys(groups))
}

func tellRowsOfPipelines(t *testing.T, s *server) {
	s.ask(asked{row: "pipelines.create", body: `{"name": "Rows", "repository": "git@github.com:acme/rows.git", "clone_mirror_url": "https://mirror.example.com/rows.git",
		"steps": [{"type": "trigger", "trigger_project_slug": "rows", "trigger_branch": "main", "trigger_commit": "HEAD", "trigger_async": true}]}`})
	at := []string{"pipeline", "rows"}
	got := asking[struct {
		CloneMirrorURL string `json:"clone_mirror_url"`
		Steps          []struct {
			TriggerProjectSlug string `json:"trigger_project_slug"`
			TriggerAsync       bool   `json:"trigger_async"`
		}
	}](s, asked{row: "pipelines.get", names: at})
	if got.CloneMirrorURL != "https://mirror.example.com/rows.git" || len(got.Steps) != 1 || got.Steps[0].TriggerProjectSlug != "rows" || !got.Steps[0].TriggerAsync {
		t.Errorf("pipeline %+v", got)
	}
	if replaced := asking[thing](s, asked{row: "pipelines.replace", body: `{"description": "Replaced"}`, names: at}); replaced.Name != "Rows" || replaced.Description != "Replaced" {
		t.Errorf("pipeline %+v", replaced)
	}
	type hooks struct{ Enabled bool }
	off := asking[hooks](s, asked{row: "pipelines.github_webhooks.disable", names: at})
	still := asking[hooks](s, asked{row: "pipelines.github_webhooks.get", names: at})
	on := asking[hooks](s, asked{row: "pipelines.github_webhooks.enable", names: at})
	if off.Enabled || still.Enabled || !on.Enabled {
		t.Errorf("hooks disabled %+v, then %+v, and enabled %+v", off, still, on)
	}
	made := asking[thing](s, asked{row: "pipelines.schedules.create", body: `{"cronline": "@daily"}`, names: at})
	replaced := asking[struct{ Label string }](s, asked{row: "pipelines.schedules.update", body: `{"label": "Put"}`, names: append(at, "schedule", made.ID)})
	patched := asking[struct{ Label string }](s, asked{row: "pipelines.schedules.patch", body: `{"branch": "side"}`, names: append(at, "schedule", made.ID)})
	if replaced.Label != "Put" || patched.Label != "Put" {
		t.Errorf("schedule %+v, then %+v", replaced, patched)
	}
}

func tellRowsOfClusters(t *testing.T, s *server) {
	cluster := asking[thing](s, asked{row: "clusters.create", body: `{"name": "Rows"}`})
	at := []string{"cluster", cluster.ID}
	queue := asking[thing](s, asked{row: "clusters.queues.create", body: `{"key": "rows"}`, names: at})
	token := asking[thing](s, asked{row: "clusters.tokens.create", body: `{"description": "rows", "expires_at": "2099-01-01T00:00:00Z"}`, names: at})
	for row, names := range map[string][]string{
		"clusters.update":        at,
		"clusters.queues.update": append(slices.Clone(at), "queue", queue.ID),
		"clusters.tokens.update": append(slices.Clone(at), "token", token.ID),
	} {
		if changed := asking[thing](s, asked{row: row, body: `{"description": "Changed"}`, names: names}); changed.Description != "Changed" {
			t.Errorf("%s: %+v", row, changed)
		}
	}
	for _, row := range []string{"clusters.agent_images.list", "clusters.network_ranges.list", "clusters.cache_volumes.list"} {
		if all := asking[[]any](s, asked{row: row, names: at}); len(all) != 0 {
			t.Errorf("%s: %v", row, all)
		}
	}
	s.ask(asked{row: "clusters.agent_images.create", body: `{"name": "linux", "dockerfile": "FROM scratch"}`, names: at})
	s.ask(asked{row: "clusters.agent_images.get", names: append(slices.Clone(at), "image", "linux")})
	s.ask(asked{row: "clusters.agent_images.delete", names: append(slices.Clone(at), "image", "linux")})
	s.ask(asked{row: "clusters.cache_volumes.delete", body: `{"tag": "x"}`, names: at})
}

// tellRowsOfJobs runs a build in which everything happens that rows of jobs are about, and asks them all.
func tellRowsOfJobs(t *testing.T, s *server) {
	repo := repository(t, map[string]string{"more.yml": "steps:\n  - {command: echo more, key: more}\n"})
	p := s.pipeline("Rows", repo, `
steps:
  - { key: uploads, command: buildkite-agent pipeline upload more.yml }
  - group: Group
    key: group
    steps:
      - key: first
        command: |
          mkdir out; echo one > out/a.txt; echo two > out/b.txt
          buildkite-agent job promise-failure 3
          exit 3
        artifact_paths: out/*
      - { wait: ~, key: gate, continue_on_failure: true }
`)
	startAgent(t, s, "agent")
	s.ask(asked{row: "builds.create", names: []string{"pipeline", p.Slug}, body: `{"commit": "HEAD", "branch": "main", "env": {"WHO": "rows"},
		"pull_request_id": 7, "pull_request_base_branch": "main", "pull_request_labels": ["bug"]}`})
	s.waitForJobs(p.Slug, 1, map[string]string{"first": "failed", "more": "passed"})
	at := []string{"pipeline", p.Slug, "build", "1"}
	first := job(t, s.get(p.Slug, 1), "first")
	names := append(slices.Clone(at), "job", first.ID)

	for _, row := range []string{"jobs.get", "jobs.get_org"} {
		got := asking[struct {
			thing
			PromisedExitStatus int    `json:"promised_exit_status"`
			GroupKey           string `json:"group_key"`
		}](s, asked{row: row, names: names})
		if got.ID != first.ID || got.State != "failed" || got.PromisedExitStatus != 3 {
			t.Errorf("%s: %+v", row, got)
		}
	}
	s.tellLists(t, at)
	s.tellUploads(t, at)
	s.tellLogs(t, names)
	s.tellEnv(t, names)
	s.tellArtifacts(t, names)
	s.tellAnnotations(t, names)
	for _, row := range []string{"jobs.vnc_session", "jobs.ssh_session"} {
		s.ask(asked{row: row, names: names})
	}
	s.tellRetries(t, at, first.ID)
}

// waitForJobs waits until the last jobs of steps have ended in these states. A job that has promised to fail is shown as
// failed while it still runs.
func (s *server) waitForJobs(pipeline string, number int, states map[string]string) {
	s.t.Helper()
	eventually(s.t, fmt.Sprintf("jobs to be %v", states), func() bool {
		b := s.get(pipeline, number)
		for key, state := range states {
			last := ""
			for _, j := range b.Jobs {
				if j.StepKey == key {
					last = ""
					if j.FinishedAt != nil {
						last = j.State
					}
				}
			}
			if last != state {
				return false
			}
		}
		return true
	})
}
