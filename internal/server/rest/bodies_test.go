package rest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bridle-ci/bridle/internal/server/rest/contracttest"
	"github.com/bridle-ci/bridle/internal/service/builds"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

// story calls routes one after the other and compares every body with the contract.
type story struct {
	*world
	t       *testing.T
	checker *contracttest.Checker
	told    map[string]bool
	// heard, when set, is given every answer.
	heard func(row contractRow, r *http.Request, res response)
}

func tell(t *testing.T) *story {
	checker, err := contracttest.New(testBase)
	if err != nil {
		t.Fatal(err)
	}
	return &story{world: newWorld(t), t: t, checker: checker, told: map[string]bool{}}
}

// call calls a row's route and returns its body. Names are pairs of a placeholder and what stands for it.
func (s *story) call(id, body string, names ...string) []byte {
	s.t.Helper()
	row, known := contractRowOf(id)
	if !known {
		s.t.Fatalf("no row %s", id)
	}
	return s.send(row, "", body, names...)
}

func (s *story) send(row contractRow, query, body string, names ...string) []byte {
	s.t.Helper()
	var pairs []string
	for i := 0; i < len(names); i += 2 {
		pairs = append(pairs, "{"+names[i]+"}", names[i+1])
	}
	path := s.address(strings.NewReplacer(pairs...).Replace(row.Path))
	if query != "" {
		path += "?" + query
	}
	res := s.do(s.t, row.Method, path, body)
	if res.StatusCode != row.SuccessStatus {
		s.t.Fatalf("%s: status %d, want %d: %s", row.ID, res.StatusCode, row.SuccessStatus, res.body)
	}
	s.told[row.ID] = true
	if s.heard != nil {
		s.heard(row, httptest.NewRequest(row.Method, path, nil), res)
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		s.t.Fatal(err)
	}
	s.checker.Check(contracttest.Answer{Row: row, Query: values, Status: res.StatusCode, Header: res.Header, Body: res.body})
	return res.body
}

// query is call with a query.
func (s *story) query(id, query string, names ...string) []byte {
	s.t.Helper()
	row, known := contractRowOf(id)
	if !known {
		s.t.Fatalf("no row %s", id)
	}
	return s.send(row, query, "", names...)
}

func decode[T any](t testing.TB, body []byte) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatalf("decode %s: %v", body, err)
	}
	return v
}

// all tells the whole story.
func (s *story) all() {
	s.tellAccounts()
	s.tellPipelines()
	s.tellSchedules()
	s.tellBuilds()
	s.tellAgents()
	s.tellClusters()
	s.call("access_token.revoke", "")
}

// TestBodiesFollowTheContract tells one story that calls every route, and compares each body with the contract key by
// key.
func TestBodiesFollowTheContract(t *testing.T) {
	t.Parallel()
	s := tell(t)
	s.all()
	for _, problem := range s.checker.Problems {
		t.Error(problem)
	}
	var untold []string
	for _, r := range routes {
		if !s.told[r.id] && neverSucceeds[r.id] == "" {
			untold = append(untold, r.id)
		}
	}
	if len(untold) > 0 {
		t.Errorf("routes whose bodies nobody looked at: %s", strings.Join(untold, ", "))
	}
}

// neverSucceeds are the routes that nothing on this installation can succeed with; texts_test.go has what they answer.
var neverSucceeds = map[string]string{
	"agents.create":                 "agents register themselves",
	"pipelines.add_webhook":         "there is no account at a source host to act with",
	"jobs.vnc_session":              "no agent is hosted",
	"jobs.ssh_session":              "no agent is hosted",
	"clusters.agent_images.get":     "no agent is hosted",
	"clusters.agent_images.create":  "no agent is hosted",
	"clusters.agent_images.delete":  "no agent is hosted",
	"clusters.cache_volumes.delete": "no agent is hosted",
}

func (s *story) tellAccounts() {
	s.call("meta.root", "")
	s.call("meta.get", "")
	s.call("meta.api_catalog", "")
	s.call("meta.analytics_openapi", "")
	s.call("access_token.get", "")
	s.call("user.get", "")
	s.call("organizations.list", "")
	s.call("organizations.get", "")
	s.call("organizations.rate_limit", "")
	s.call("emojis.list", "")
}

func (s *story) tellSchedules() {
	at := []string{"pipeline", s.Pipeline.Slug}
	created := decode[shownJob](s.t, s.call("pipelines.schedules.create", `{"cronline": "0 3 * * * Europe/Berlin", "label": "Nightly",
		"message": "Build the night", "commit": "HEAD", "branch": "main", "env": {"A": 1}}`, at...))
	one := append(at, "schedule", created.ID)
	s.call("pipelines.schedules.get", "", one...)
	s.call("pipelines.schedules.update", `{"label": null, "message": null, "branch": null}`, one...)
	s.call("pipelines.schedules.patch", `{"enabled": false}`, one...)
	s.call("pipelines.schedules.list", "", at...)
	s.call("pipelines.schedules.delete", "", one...)
}

func (s *story) tellPipelines() {
	yaml := `{"name": "Told :book:", "repository": "git@github.com:acme/told.git", "cluster_id": "` + s.Cluster.ID + `",
		"configuration": "env: {LEVEL: top}\nsteps:\n  - {command: test, plugins: [docker#v5.0.0: {image: go}]}\n  - wait\n  - {trigger: other, async: true}\n  - block: Go",
		"tags": ["a"], "emoji": ":book:", "color": "#112233", "default_command_step_timeout": 5, "maximum_command_step_timeout": 50,
		"branch_configuration": "main v*", "clone_mirror_url": "https://mirror.example.com/told.git"}`
	s.call("pipelines.create", yaml)
	at := []string{"pipeline", "told"}
	s.call("pipelines.get", "", at...)
	s.call("pipelines.update", `{"description": "A story", "clone_mirror_url": null}`, at...)
	s.call("pipelines.replace", `{"provider_settings": {"build_tags": true}}`, at...)
	s.call("pipelines.github_webhooks.get", "", at...)
	s.call("pipelines.github_webhooks.disable", "", at...)
	s.call("pipelines.github_webhooks.enable", "", at...)
	s.call("pipelines.archive", "", at...)
	s.call("pipelines.unarchive", "", at...)
	s.call("pipelines.delete", "", at...)
	s.call("pipelines.create", `{"name": "Seen", "repository": "git@github.com:acme/seen.git", "env": {"A": "b"},
		"steps": [{"type": "script", "name": "Test", "command": "make test"}, {"type": "waiter"}, {"type": "manual", "label": "Go"},
		{"type": "trigger", "trigger_project_slug": "other"}]}`)
	s.query("pipelines.list", "name=e")
}

const storyConfiguration = `
env:
  LEVEL: top
steps:
  - label: ":go: test"
    key: test
    command: go test
    parallelism: 2
    artifact_paths: "*.log"
    priority: 3
    soft_fail: [{exit_status: 9}]
    signature: {value: "a..b", algorithm: EdDSA, signed_fields: [command]}
  - {wait: null, key: gate}
  - block: "Release?"
    key: release
    fields:
      - {text: Version, key: version}
  - group: Deploys
    key: deploys
    steps:
      - {label: deploy, key: deploy, command: ship, matrix: [eu, us]}
      - wait
  - trigger: child
    label: after
    key: after
`

func (s *story) storyPipeline() store.Pipeline {
	storetest.Pipeline(s.t, s.st, s.Organization, func(p *store.Pipeline) {
		p.Slug, p.ClusterID = "child", &s.Cluster.ID
	})
	return storetest.Pipeline(s.t, s.st, s.Organization, func(p *store.Pipeline) {
		p.Slug, p.ClusterID, p.Configuration = "story", &s.Cluster.ID, storyConfiguration
		p.CreatedByID = &s.Admin.ID
	})
}

// shownJob is what the story looks at of jobs.
type shownJob struct {
	ID      string `json:"id"`
	Type    string `json:"type"`
	StepKey string `json:"step_key"`
	State   string `json:"state"`
}

type shownBuild struct {
	Number int64      `json:"number"`
	State  string     `json:"state"`
	Jobs   []shownJob `json:"jobs"`
}

func (s *story) tellBuilds() {
	pipeline := s.storyPipeline()
	at := []string{"pipeline", pipeline.Slug, "build", "1"}
	created := decode[shownBuild](s.t, s.call("builds.create", `{
		"commit": "HEAD", "branch": "main", "message": "Tell", "author": {"name": "Ada", "email": "ada@example.com"},
		"env": {"A": "b", "N": 1}, "meta_data": {"k": "v"}, "pull_request_id": 7, "pull_request_base_branch": "main",
		"pull_request_repository": "https://github.com/acme/app.git", "pull_request_labels": ["bug"]}`, at...))
	if created.Number != 1 || len(created.Jobs) != 8 {
		s.t.Fatalf("created %+v", created)
	}

	agent := storetest.Agent(s.t, s.st, s.Queue)
	failed := s.take(s.t, agent)
	s.query("agents.get", "", "agent", agent.ID)
	s.tellUploads(at, *failed)
	if err := s.builds.Promise(s.t.Context(), *failed, 1, "flaky"); err != nil {
		s.t.Fatal(err)
	}
	s.call("jobs.get_org", "", "job", failed.ID)
	s.finish(s.t, *failed, 1)
	for range 2 { // the other parallel job, and nothing yet behind the failure
		if job := s.take(s.t, agent); job != nil {
			s.finish(s.t, *job, 0)
		}
	}
	s.call("jobs.get_org", "", "job", failed.ID)
	s.call("jobs.get", "", append(at, "job", failed.ID)...)
	again := decode[shownJob](s.t, s.call("jobs.retry", "", append(at, "job", failed.ID)...))
	s.call("jobs.reprioritize_org", `{"priority": 5}`, "job", again.ID)
	s.call("jobs.reprioritize", `{"priority": -5}`, append(at, "job", again.ID)...)
	s.call("jobs.env_org", "", "job", again.ID)
	s.call("jobs.env", "", append(at, "job", again.ID)...)
	s.tellLogs(at, *failed)
	s.tellArtifacts(at, *failed)
	s.tellAnnotations(at, *failed)
	s.finish(s.t, *s.take(s.t, agent), 0)

	blocked := decode[shownBuild](s.t, s.query("builds.get", "include_test_engine=true&include_retried_jobs=true", at...))
	release := jobOf(s.t, blocked, "release")
	s.call("jobs.unblock", `{"fields": {"version": "1.2"}}`, append(at, "job", release.ID)...)
	s.drain(s.t)
	for job := s.take(s.t, agent); job != nil; job = s.take(s.t, agent) {
		s.finish(s.t, *job, 9)
	}
	s.drain(s.t)
	s.query("jobs.list", "per_page=3&include_retried_jobs=true&state[]=passed", at...)
	s.query("jobs.list", "per_page=100", at...)
	s.query("jobs.list", "per_page=1&after="+release.ID, at...)
	s.call("builds.retry_failed_jobs", `{"states": "failed, soft_failed"}`, at...)
	s.call("builds.cancel", "", at...)
	s.call("builds.rebuild", "", at...)

	second := decode[shownBuild](s.t, s.call("builds.get", "", "pipeline", pipeline.Slug, "build", "2"))
	s.retryAndUnblockInOrganization(second, agent)
	s.query("builds.list", "", at...)
	s.query("builds.list_org", "exclude_jobs=true")
	s.query("builds.list_all", "exclude_pipeline=true&include_retried_jobs=true")
}

// retryAndUnblockInOrganization uses the addresses of jobs below the organization.
func (s *story) retryAndUnblockInOrganization(b shownBuild, agent store.Agent) {
	first := s.take(s.t, agent)
	s.finish(s.t, *first, 1)
	s.call("jobs.retry_org", "", "job", first.ID)
	for job := s.take(s.t, agent); job != nil; job = s.take(s.t, agent) {
		s.finish(s.t, *job, 0)
	}
	s.call("jobs.unblock_org", `{"fields": {"version": ["1.3"]}}`, "job", jobOf(s.t, b, "release").ID)
}

func jobOf(t testing.TB, b shownBuild, key string) shownJob {
	t.Helper()
	i := slices.IndexFunc(b.Jobs, func(j shownJob) bool { return j.StepKey == key })
	if i < 0 {
		t.Fatalf("no job of the step %s in %+v", key, b)
	}
	return b.Jobs[i]
}

func (s *story) tellLogs(at []string, job store.Job) {
	nested := append(slices.Clone(at), "job", job.ID)
	for _, suffix := range []string{"_org", ""} {
		s.call("jobs.log"+suffix, "", nested...)
		s.call("jobs.log_head"+suffix, "", nested...)
		s.call("jobs.log_delete"+suffix, "", nested...)
	}
}

func (s *story) tellArtifacts(at []string, job store.Job) {
	ids := s.uploaded(s.t, job, "log/a.txt", "b.txt")
	s.query("artifacts.list", "path=*.txt&state=finished", at...)
	for i, suffix := range []string{"_org", ""} {
		names := append(slices.Clone(at), "job", job.ID, "artifact", ids[i])
		s.call("artifacts.list_job"+suffix, "", names...)
		s.call("artifacts.get"+suffix, "", names...)
		s.call("artifacts.download"+suffix, "", names...)
		s.call("artifacts.download_build", "", names...)
		s.call("artifacts.delete"+suffix, "", names...)
	}
}

func (s *story) tellAnnotations(at []string, job store.Job) {
	for _, suffix := range []string{"", "_job_org", "_job"} {
		names := append(slices.Clone(at), "job", job.ID)
		created := decode[shownJob](s.t, s.call("annotations.create"+suffix, `{"body": "**Hi**", "style": "info", "priority": 7}`, names...))
		s.call("annotations.create"+suffix, `{"body": "plain", "context": "other"}`, names...)
		s.call("annotations.list"+suffix, "", names...)
		s.query("annotations.list"+suffix, "omit_body=true", names...)
		s.call("annotations.delete"+suffix, "", append(names, "annotation", created.ID)...)
	}
}

// take lets an agent ask for a job, accept it and start it; nil when there is none.
func (w *world) take(tb testing.TB, a store.Agent) *store.Job {
	tb.Helper()
	id, err := w.builds.Offer(tb.Context(), a)
	if err != nil {
		tb.Fatal(err)
	}
	if id == "" {
		return nil
	}
	got, err := w.builds.Accept(tb.Context(), a, id)
	if err == nil {
		err = w.builds.Start(tb.Context(), got.Job, time.Now())
	}
	if err != nil {
		tb.Fatal(err)
	}
	return &got.Job
}

// finish ends a job as its agent does.
func (w *world) finish(tb testing.TB, j store.Job, exitStatus int) {
	tb.Helper()
	if err := w.builds.Finish(tb.Context(), j, builds.Finish{ExitStatus: exitStatus, FinishedAt: time.Now()}); err != nil {
		tb.Fatal(err)
	}
}

// drain does the background work that is due.
func (w *world) drain(tb testing.TB) {
	tb.Helper()
	if err := w.tasks.Drain(tb.Context(), time.Now()); err != nil {
		tb.Fatal(err)
	}
}
