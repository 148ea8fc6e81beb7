package rest

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/pipeline"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

// TestExactTexts are the texts of contracts/rest/README.md, Validation and exact texts, as clients compare them.
func TestExactTexts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	paused := storetest.Agent(t, w.st, w.Queue, func(a *store.Agent) { a.PausedAt = a.ConnectedAt })
	gone := storetest.Agent(t, w.st, w.Queue, func(a *store.Agent) { a.State = store.AgentDisconnected })
	pausedQueue := storetest.Queue(t, w.st, w.Cluster, func(q *store.Queue) { q.PausedAt = &q.CreatedAt })
	canceled := storetest.Build(t, w.st, w.Pipeline, func(b *store.Build) { b.State, b.CancelRequested = build.Canceled, true })
	stopped := storetest.Job(t, w.st, canceled, storetest.Step(t, w.st, canceled), func(j *store.Job) { j.State = build.JobCanceled })
	block := storetest.Step(t, w.st, canceled, func(s *build.Step) { s.Kind, s.Settings.Manual = pipeline.KindBlock, &pipeline.Manual{} })
	manual := storetest.Job(t, w.st, canceled, block, func(j *store.Job) {
		j.Type, j.State = build.Manual, build.JobCanceled
	})
	agent := func(a store.Agent, action string) string { return "agents/" + a.ID + "/" + action }
	queue := func(q store.Queue, action string) string {
		return "clusters/" + w.Cluster.ID + "/queues/" + q.ID + "/" + action
	}
	annotations := fmt.Sprintf("pipelines/%s/builds/%d/annotations", w.Pipeline.Slug, canceled.Number)
	slug, cluster := "pipelines/"+w.Pipeline.Slug, "clusters/"+w.Cluster.ID
	nobody := w.Queue.ID
	const noHostedCache = "Validation failed: Hosted agents are not available on this installation: the cluster has no git mirror and no container cache to turn on or off"
	tests := []struct {
		method, path, body string
		status             int
		message            string
	}{
		{"GET", "/v2/organizations/unknown", "", 404, "No organization found"},
		{"GET", "pipelines/unknown", "", 404, "No pipeline found"},
		{"DELETE", "pipelines/unknown", "", 404, "No pipeline found"},
		{"POST", "pipelines", "", 422, "Validation Failed"},
		{"POST", slug + "/unarchive", "", 422, "Pipeline could not be unarchived."},
		{"POST", slug + "/webhook", "", 422, "Auto-creating webhooks is not supported for your repository."},
		{"GET", "jobs/" + nobody, "", 404, "No job found"},
		{"PUT", "jobs/" + stopped.ID + "/retry", "", 422, "Jobs from canceled builds cannot be retried"},
		{"PUT", "jobs/" + manual.ID + "/unblock", "", 422, "Jobs from canceled builds cannot be unblocked"},
		{"PUT", "jobs/" + manual.ID + "/unblock", `{"unblocker": "` + nobody + `"}`, 422, "Unblocker is not a valid user id for this organization"},
		{"GET", "agents/" + nobody, "", 404, "No agent found"},
		{"POST", "agents", `{"name": "x"}`, 410, "Agents cannot be created through the API: start buildkite-agent with an agent token of a cluster, and it registers itself"},
		{"DELETE", "agents/" + gone.ID, "", 400, "Can only stop connected agents"},
		{"DELETE", "agents/" + nobody, "", 404, "No agent found"},
		{"PUT", agent(gone, "stop"), "", 400, "Can only stop connected agents"},
		{"PUT", agent(gone, "pause"), "", 422, "Only connected agents may be paused"},
		{"PUT", agent(paused, "pause"), "", 422, "Agent is already paused"},
		{"PUT", agent(gone, "resume"), "", 422, "Agent is not paused"},
		{"GET", "clusters/" + nobody, "", 404, "No cluster found"},
		{"PATCH", cluster, `{"name": "x", "hosted_git_mirror_enabled": true}`, 422, noHostedCache},
		{"PUT", cluster, `{"hosted_container_cache_enabled": false}`, 422, noHostedCache},
		{"PUT", cluster, `{"hosted_git_mirror_enabled": "on"}`, 422, "Validation Failed"},
		{"POST", queue(pausedQueue, "pause_dispatch"), "", 422, "Cluster queue is already paused"},
		{"POST", queue(w.Queue, "resume_dispatch"), "", 422, "Cluster queue is not paused"},
		{"GET", cluster + "/agent-images/x", "", 404, "No agent image found with the given ID."},
		{"DELETE", cluster + "/agent-images/x", "", 404, "No agent image found with the given ID."},
		{"POST", cluster + "/agent-images", `{"name": "x", "dockerfile": ""}`, 422, "Agent images are for hosted agents, and this installation hosts none: give your agents their image where you run them"},
		{"GET", "clusters/" + nobody + "/network_ranges", "", 404, "No cluster found"},
		{"DELETE", cluster + "/cache_volumes", `{"tag": ""}`, 400, "`tag` must be a non-empty string"},
		{"DELETE", cluster + "/cache_volumes", `{"tag": "x"}`, 404, "This cluster has no hosted cache volumes"},
		{"POST", "jobs/" + stopped.ID + "/vnc-session", "", 422, "Remote sessions are for jobs on hosted agents, and this installation hosts none: log in on the machine of the agent"},
		{"POST", "jobs/" + nobody + "/ssh-session", "", 404, "No job found"},
		{"POST", slug + "/schedules", `{"cronline": ""}`, 422, "Validation failed: Cronline can't be blank"},
		{"POST", annotations, "", 422, "Validation failed: body can't be blank"},
		{"POST", annotations, `{"body": " \n"}`, 422, "Validation failed: body can't be blank"},
		{"POST", annotations, `{"body": " ", "append": true, "context": "new"}`, 422, "Validation failed: body can't be blank"},
		{"POST", annotations, `{"body": "x", "priority": 0}`, 422, "Validation failed: priority 0 is not from 1 to 10"},
		{"POST", annotations, `{"body": "x", "priority": 11}`, 422, "Validation failed: priority 11 is not from 1 to 10"},
		{"GET", slug + "/schedules/" + nobody, "", 404, "No pipeline schedule found"},
		{"POST", "agent-tokens", "", 422, "Validation failed: Description can't be blank"},
		{"POST", "agent-tokens", `{"description": "x", "cluster_id": "` + nobody + `"}`, 422, "Validation failed: Cluster must be one of the organization"},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%s %s", tt.method, tt.path), func(t *testing.T) {
			t.Parallel()
			w.do(t, tt.method, tt.path, tt.body).wantError(t, tt.status, tt.message)
		})
	}
}

func TestPipelineFieldErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tests := map[string]struct {
		body string
		want []fault.Field
	}{
		"neither configuration nor steps": {
			`{"name": "A", "repository": "git@github.com:acme/a.git"}`,
			[]fault.Field{{Field: "configuration", Code: "Step configuration is missing, expected `steps: { yaml: \"...\" }`"}},
		},
		"name that is taken": {
			`{"name": "` + w.Pipeline.Name + `", "repository": "git@github.com:acme/a.git", "configuration": "steps: [wait]"}`,
			[]fault.Field{{Field: "name", Code: "has already been taken"}},
		},
		"wrong type": {
			`{"name": ["A"]}`, []fault.Field{{Field: "name", Code: "must be a string and not an array"}},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got errorBody
			w.do(t, http.MethodPost, "pipelines", tt.body).want(t, http.StatusUnprocessableEntity).into(t, &got)
			if diff := cmp.Diff(errorBody{"Validation Failed", tt.want}, got); diff != "" {
				t.Errorf("body differs (-want +got):\n%s", diff)
			}
		})
	}
}
