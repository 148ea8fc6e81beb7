package agentapi_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/server/agentapi/agenttest"
	"github.com/bridle-ci/bridle/internal/store"
)

func TestJobLife(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.build("env: {A: pipeline}\nsteps:\n  - {command: make, label: Build, key: one, priority: 3, env: {B: 1}}\n")
	id := w.jobs(b)[0].ID
	a := w.agent(func(r *agenttest.Registration) { r.Name = "builder-%random" })
	if got := w.ping(a); got != "job "+id {
		t.Fatalf("the agent is told %q, want job %s", got, id)
	}
	if got := w.ping(a); got != "job "+id {
		t.Errorf("an agent that did not accept is told %q", got)
	}
	j, err := a.Accept(t.Context(), id)
	must(t, err)
	again, err := a.Accept(t.Context(), id)
	must(t, err)
	if diff := cmp.Diff(j.JobBody, again.JobBody); diff != "" {
		t.Errorf("a repeated accept differs:\n%s", diff)
	}
	for range 2 {
		must(t, j.Start(t.Context()))
	}
	if state, err := j.JobState(t.Context()); state != "running" || err != nil {
		t.Errorf("job is %s: %v", state, err)
	}
	must(t, j.Log(t.Context(), "\x1b_bk;t=1795417133914\x07+++ hello\r\n"))
	must(t, j.Log(t.Context(), "world\r\n"))
	for range 2 {
		must(t, j.Finish(t.Context(), 0))
	}
	w.wantBuild(b, build.Passed)
	if got := w.ping(a); got != "idle" {
		t.Errorf("the agent is told %q", got)
	}
}

// Every field that an agent cannot do without, and none that would make it fail (docs/contract/agent-api.md, section 20).
func TestAcceptedJob(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.build("steps:\n  - {command: make, plugins: [docker#v1: {image: go}], key: one, priority: 3}\n")
	a := w.agent(func(r *agenttest.Registration) { r.Name, r.Tags = "builder", []string{"os=linux"} })
	ping, err := a.Ping(t.Context())
	must(t, err)
	var raw map[string]json.RawMessage
	_, err = w.server.Call(t.Context(), a.Session, http.MethodPut, "jobs/"+ping.Job.ID+"/accept", nil, &raw)
	must(t, err)
	whole, err := json.Marshal(raw)
	must(t, err)
	var j agenttest.JobBody
	must(t, json.Unmarshal(whole, &j))

	if j.ChunksMaxSizeBytes == 0 || j.ChunksIntervalSeconds == 0 || j.LogMaxSizeBytes == 0 {
		t.Errorf("sizes of the log are %d, %d and %d", j.ChunksMaxSizeBytes, j.ChunksIntervalSeconds, j.LogMaxSizeBytes)
	}
	if j.ID != w.jobs(b)[0].ID || !strings.HasPrefix(j.Token, "bkaj_") || j.State != "accepted" || j.Priority != 3 || j.RunnableAt == "" {
		t.Errorf("job is %+v", j)
	}
	if string(raw["matrix_permutation"]) != "null" {
		t.Errorf("matrix_permutation is %s", raw["matrix_permutation"])
	}
	var step map[string]json.RawMessage
	must(t, json.Unmarshal(raw["step"], &step))
	if string(step["secrets"]) == "null" || string(step["command"]) != `"make"` {
		t.Errorf("step is %s", raw["step"])
	}
	for _, name := range []string{
		"BUILDKITE_JOB_ID", "BUILDKITE_REPO", "BUILDKITE_BRANCH", "BUILDKITE_COMMIT", "BUILDKITE_PIPELINE_PROVIDER",
		"BUILDKITE_ORGANIZATION_SLUG", "BUILDKITE_PIPELINE_SLUG", "BUILDKITE_COMMAND", "BUILDKITE_BUILD_ID",
	} {
		if j.Env[name] == "" {
			t.Errorf("%s is missing", name)
		}
	}
	for name, want := range map[string]string{
		"BUILDKITE_PULL_REQUEST":          "false",
		"BUILDKITE_AGENT_NAME":            "builder",
		"BUILDKITE_AGENT_META_DATA_OS":    "linux",
		"BUILDKITE_AGENT_META_DATA_QUEUE": "default",
		"BUILDKITE_PLUGINS":               `[{"github.com/buildkite-plugins/docker-buildkite-plugin#v1":{"image":"go"}}]`,
	} {
		if got := j.Env[name]; got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	for _, name := range []string{"BUILDKITE_AGENT_ACCESS_TOKEN", "BUILDKITE_AGENT_TOKEN", "BUILDKITE_BUILD_PATH", "BUILDKITE_BIN_PATH"} {
		if value, set := j.Env[name]; set {
			t.Errorf("%s is the agent's to set, and is %q", name, value)
		}
	}
}

func TestMatrixPermutation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.build("steps:\n  - {command: 'echo {{matrix}}', matrix: [a]}\n")
	j := w.take(w.agent())
	if len(j.MatrixPermutation) != 1 || j.Env["BUILDKITE_COMMAND"] != "echo a" || !strings.Contains(string(j.Step), "{{matrix}}") {
		t.Errorf("permutation %v, command %q, step %s", j.MatrixPermutation, j.Env["BUILDKITE_COMMAND"], j.Step)
	}
}

func TestAcceptRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.build("steps:\n  - command: one\n")
	id := w.jobs(b)[0].ID
	other := w.agent()
	_, err := other.Accept(t.Context(), id)
	wantStatus(t, err, http.StatusUnprocessableEntity)
	w.take(w.agent())
	_, err = other.Accept(t.Context(), id)
	wantStatus(t, err, http.StatusUnprocessableEntity)
	for _, none := range []string{store.NewID(), "not-an-id", "..", "a//b"} {
		_, err = other.Accept(t.Context(), none)
		wantStatus(t, err, http.StatusNotFound)
	}
}

func TestAcquire(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.build("steps:\n  - {command: one, agents: {gpu: yes}}\n  - wait\n  - command: two\n")
	jobs := w.jobs(b)
	acquiring := func(r *agenttest.Registration) { r.IgnoreInDispatches = true }
	first, second := w.agent(acquiring), w.agent(acquiring)

	_, err := second.Acquire(t.Context(), jobs[2].ID)
	wantStatus(t, err, http.StatusLocked)
	if e := new(agenttest.StatusError); !asStatus(err, &e) || e.Header.Get("Retry-After") == "" {
		t.Errorf("a job that waits is answered without Retry-After: %v", err)
	}
	j, err := first.Acquire(t.Context(), jobs[0].ID)
	must(t, err)
	again, err := first.Acquire(t.Context(), jobs[0].ID)
	must(t, err)
	if j.Token != again.Token {
		t.Error("a repeated acquire gives another token")
	}
	_, err = second.Acquire(t.Context(), jobs[0].ID)
	wantStatus(t, err, http.StatusUnprocessableEntity)
	must(t, j.Start(t.Context()))
	must(t, j.Finish(t.Context(), 0))
	_, err = second.Acquire(t.Context(), jobs[0].ID)
	wantStatus(t, err, http.StatusUnprocessableEntity)
	if got := w.ping(first); got != "idle" {
		t.Errorf("the agent is told %q", got)
	}
	last, err := second.Acquire(t.Context(), jobs[2].ID)
	must(t, err)
	must(t, last.Start(t.Context()))
	must(t, last.Finish(t.Context(), 0))
	w.wantBuild(b, build.Passed)
}

func TestFailedJob(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.build("steps:\n  - command: one\n")
	j := w.take(w.agent())
	must(t, j.End(t.Context(), agenttest.End{ExitStatus: -1, Signal: "SIGKILL", SignalReason: "agent_stop", ChunksFailedCount: 2}))
	row := w.jobs(b)[0]
	if row.ExitStatus == nil || *row.ExitStatus != -1 || row.Signal != "SIGKILL" || row.SignalReason != "agent_stop" || row.ChunksFailedCount != 2 {
		t.Errorf("job is %+v", row)
	}
	w.wantBuild(b, build.Failed)
}

func TestUpdateTimeout(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.build("steps:\n  - {command: one, timeout_in_minutes: 5}\n")
	j := w.take(w.agent())
	var out struct{ ID string }
	for i, body := range []map[string]any{{"timeout": "20"}, {"timeout_in_minutes": "21"}} {
		_, err := j.Call(t.Context(), http.MethodPut, "", body, &out)
		must(t, err)
		if got := w.jobs(b)[0].TimeoutMinutes; out.ID != j.ID || got != 20+i {
			t.Errorf("job %s has %d minutes", out.ID, got)
		}
	}
	for name, body := range map[string]map[string]any{
		"no number": {"timeout": "soon"}, "nothing": {}, "another": {"label": "x"}, "wrong type": {"timeout": 3},
		"negative": {"timeout": "-1"}, "too much": {"timeout": "9999"},
	} {
		_, err := j.Call(t.Context(), http.MethodPut, "", body, nil)
		if wantStatus(t, err, http.StatusUnprocessableEntity); t.Failed() {
			t.Fatal(name)
		}
	}
}

func TestPromiseFailure(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.build("steps:\n  - command: one\n  - command: two\n")
	a := w.agent()
	j := w.take(a)
	other := w.take(w.agent())
	promise := func(status int, job *agenttest.Job) error {
		_, err := j.Call(t.Context(), http.MethodPut, "/jobs/"+job.ID+"/promise_failure", map[string]any{"exit_status": status, "reason": "lint"}, nil)
		return err
	}
	must(t, promise(2, j))
	must(t, promise(2, j))
	wantStatus(t, promise(3, j), http.StatusConflict)
	wantStatus(t, promise(0, j), http.StatusUnprocessableEntity)
	wantStatus(t, promise(2, other), http.StatusForbidden)
	must(t, j.Finish(t.Context(), 0))
	must(t, other.Finish(t.Context(), 0))
	_, err := other.Call(t.Context(), http.MethodPut, "promise_failure", map[string]any{"exit_status": 2}, nil)
	if status := agenttest.Status(err); status/100 != 4 {
		t.Errorf("a promise of a job that has finished: %v", err)
	}
	w.wantBuild(b, build.Failed)
}

func TestJobToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.build("steps:\n  - command: one\n")
	w.build("steps:\n  - command: two\n")
	a := w.agent()
	one, two := w.take(a), w.take(w.agent())

	t.Run("of another job", func(t *testing.T) {
		for _, call := range [][2]string{
			{http.MethodPut, "start"},
			{http.MethodGet, ""},
			{http.MethodPut, "finish"},
			{http.MethodPost, "pipelines"},
			{http.MethodPost, "chunks?sequence=1&offset=0&size=0"},
			{http.MethodGet, "secrets?key=A"},
		} {
			_, err := one.Call(t.Context(), call[0], "/jobs/"+two.ID+"/"+call[1], nil, nil)
			wantStatus(t, err, http.StatusForbidden)
		}
	})
	t.Run("reaches meta-data of neighbors", func(t *testing.T) {
		must(t, two.SetMetaData(t.Context(), "release", "1.2"))
		var out struct{ Value string }
		_, err := one.Call(t.Context(), http.MethodPost, "/jobs/"+two.ID+"/data/get", map[string]string{"key": "release"}, &out)
		must(t, err)
		if out.Value != "1.2" {
			t.Errorf("value is %q", out.Value)
		}
		_, err = one.Call(t.Context(), http.MethodPost, "/jobs/"+store.NewID()+"/data/keys", nil, nil)
		wantStatus(t, err, http.StatusNotFound)
	})
	t.Run("an old agent speaks with its session", func(t *testing.T) {
		var out struct{ State string }
		_, err := w.server.Call(t.Context(), a.Session, http.MethodGet, "jobs/"+one.ID, nil, &out)
		must(t, err)
		if out.State != "running" {
			t.Errorf("job is %s", out.State)
		}
		_, err = w.server.Call(t.Context(), a.Session, http.MethodGet, "jobs/"+two.ID, nil, nil)
		wantStatus(t, err, http.StatusForbidden)
	})
	t.Run("in a cluster of its own", func(t *testing.T) {
		far := farJob(t, w)
		_, err := one.Call(t.Context(), http.MethodPost, "/jobs/"+far+"/data/keys", nil, nil)
		wantStatus(t, err, http.StatusNotFound)
	})
}

func TestMetaData(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.build("steps:\n  - command: one\n")
	j := w.take(w.agent())
	var exists struct{ Exists bool }
	var keys []string
	for _, scope := range []string{"/jobs/" + j.ID, "/builds/" + b.ID} {
		_, err := j.Call(t.Context(), http.MethodPost, scope+"/data/exists", map[string]string{"key": "a"}, &exists)
		must(t, err)
		if exists.Exists {
			t.Error("a key exists that was not set")
		}
		_, err = j.Call(t.Context(), http.MethodPost, scope+"/data/keys", nil, &keys)
		must(t, err)
		if keys == nil || len(keys) != 0 {
			t.Errorf("keys are %v", keys)
		}
		_, err = j.Call(t.Context(), http.MethodPost, scope+"/data/get", map[string]string{"key": "a"}, nil)
		wantStatus(t, err, http.StatusNotFound)
	}
	must(t, j.SetMetaData(t.Context(), "a", "<1>"))
	batch := func(items ...map[string]string) error {
		_, err := j.Call(t.Context(), http.MethodPost, "data/set-batch", map[string]any{"items": items}, nil)
		return err
	}
	must(t, batch(map[string]string{"key": "b", "value": "2"}, map[string]string{"key": "c", "value": "3"}))
	for _, scope := range []string{"/jobs/" + j.ID, "/builds/" + b.ID} {
		_, err := j.Call(t.Context(), http.MethodPost, scope+"/data/keys", nil, &keys)
		must(t, err)
		if diff := cmp.Diff([]string{"a", "b", "c"}, keys); diff != "" {
			t.Errorf("keys (-want +got):\n%s", diff)
		}
		var item struct{ Key, Value string }
		_, err = j.Call(t.Context(), http.MethodPost, scope+"/data/get", map[string]string{"key": "a"}, &item)
		must(t, err)
		if item.Key != "a" || item.Value != "<1>" {
			t.Errorf("item is %+v", item)
		}
		_, err = j.Call(t.Context(), http.MethodPost, scope+"/data/exists", map[string]string{"key": "a"}, &exists)
		must(t, err)
		if !exists.Exists {
			t.Error("a key that was set is not there")
		}
	}
	// Whatever is wrong with a batch is final only as 404.
	wantStatus(t, batch(map[string]string{"key": "", "value": "2"}), http.StatusNotFound)
	wantStatus(t, batch(map[string]string{"key": "d", "value": "4"}, map[string]string{"key": "e", "value": strings.Repeat("x", 200<<10)}), http.StatusNotFound)
	if _, err := j.MetaData(t.Context(), "d"); agenttest.Status(err) != http.StatusNotFound {
		t.Errorf("a batch that was refused set a key: %v", err)
	}
	wantStatus(t, j.SetMetaData(t.Context(), "f", strings.Repeat("x", 200<<10)), http.StatusUnprocessableEntity)
	wantStatus(t, j.SetMetaData(t.Context(), "f", "a\x00"), http.StatusUnprocessableEntity)
	_, err := j.Call(t.Context(), http.MethodPost, "/builds/"+store.NewID()+"/data/keys", nil, nil)
	wantStatus(t, err, http.StatusNotFound)
}

func TestUploadPipeline(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.build("steps:\n  - command: one\n")
	a := w.agent()
	j := w.take(a)
	id := store.NewID()
	for range 2 {
		must(t, j.Upload(t.Context(), id, `{"steps":[{"command":"two"}],"env":{"FROM":"upload"}}`))
	}
	if n := len(w.jobs(b)); n != 2 {
		t.Errorf("the build has %d jobs", n)
	}
	var status struct{ State, Message string }
	_, err := j.Call(t.Context(), http.MethodGet, "pipelines/"+id, nil, &status)
	must(t, err)
	if status.State != "applied" {
		t.Errorf("upload is %+v", status)
	}
	_, err = j.Call(t.Context(), http.MethodGet, "pipelines/"+store.NewID(), nil, nil)
	wantStatus(t, err, http.StatusNotFound)
	wantStatus(t, j.Upload(t.Context(), store.NewID(), `{"steps":[{"shell":"two"}]}`), http.StatusUnprocessableEntity)
	wantStatus(t, j.Upload(t.Context(), store.NewID(), `null`), http.StatusUnprocessableEntity)
	wantStatus(t, j.Upload(t.Context(), "no-uuid", `{"steps":[]}`), http.StatusUnprocessableEntity)
	must(t, j.Finish(t.Context(), 0))
	if next := w.take(a); next.Env["BUILDKITE_COMMAND"] != "two" || next.Env["FROM"] != "upload" {
		t.Errorf("the uploaded job has %v", next.Env)
	}
}

func TestSteps(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.build("steps:\n  - {command: one, key: 'a/b.c', label: One}\n  - {command: two, key: two}\n")
	j := w.take(w.agent())
	step := "/steps/a%2Fb%2Ec"
	var out struct{ Output, UUID string }
	for _, call := range []struct {
		body map[string]any
		want string
	}{
		{map[string]any{"attribute": "label"}, "One"},
		{map[string]any{"attribute": "label", "build_id": b.ID, "format": "json"}, `"One"`},
		{map[string]any{"attribute": "state"}, "running"},
	} {
		_, err := j.Call(t.Context(), http.MethodPost, step+"/export", call.body, &out)
		must(t, err)
		if strings.TrimSpace(out.Output) != call.want {
			t.Errorf("export of %v is %q, want %q", call.body, out.Output, call.want)
		}
	}
	update := map[string]any{"idempotency_uuid": store.NewID(), "attribute": "label", "value": " more", "append": true}
	for range 2 {
		_, err := j.Call(t.Context(), http.MethodPut, step, update, nil)
		must(t, err)
	}
	_, err := j.Call(t.Context(), http.MethodPost, step+"/export", map[string]any{"attribute": "label"}, &out)
	must(t, err)
	if strings.TrimSpace(out.Output) != "One more" {
		t.Errorf("label is %q", out.Output)
	}
	_, err = j.Call(t.Context(), http.MethodPost, "/steps/two/cancel", map[string]any{"build_id": b.ID, "force": true, "force_grace_period": 0}, &out)
	must(t, err)
	if two := w.jobs(b)[1]; out.UUID == "" || two.State != build.JobCanceled {
		t.Errorf("step %q: job is %s", out.UUID, two.State)
	}
	_, err = j.Call(t.Context(), http.MethodPost, "/steps/nothing/cancel", map[string]any{"build_id": b.ID}, nil)
	wantStatus(t, err, http.StatusNotFound)
	_, err = j.Call(t.Context(), http.MethodPost, "/steps/two/cancel", map[string]any{"force_grace_period": -1}, nil)
	wantStatus(t, err, http.StatusUnprocessableEntity)
	_, err = j.Call(t.Context(), http.MethodPost, "/steps/two/export", map[string]any{"build_id": "x"}, nil)
	wantStatus(t, err, http.StatusNotFound)
}

func TestCancelBuild(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.build("steps:\n  - command: one\n")
	j := w.take(w.agent())
	var out struct{ UUID string }
	_, err := j.Call(t.Context(), http.MethodPost, "/builds/"+b.ID+"/cancel", nil, &out)
	must(t, err)
	if out.UUID != b.ID {
		t.Errorf("uuid is %q", out.UUID)
	}
	for range 2 { // until the agent has ended the job, it is told so
		if state, err := j.JobState(t.Context()); state != "canceling" || err != nil {
			t.Errorf("job is %s: %v", state, err)
		}
	}
	must(t, j.End(t.Context(), agenttest.End{ExitStatus: -1, SignalReason: "cancel"}))
	w.wantBuild(b, build.Canceled)
}
