package agentapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/server/agentapi"
	"github.com/bridle-ci/bridle/internal/server/agentapi/agenttest"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

func TestRegister(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	gpu := storetest.Queue(t, w.st, w.Cluster, func(q *store.Queue) { q.Key = "gpu" })
	tests := map[string]struct {
		edit  func(*agenttest.Registration)
		name  string // a prefix
		tags  []string
		queue string
	}{
		"placeholders of the name": {
			func(r *agenttest.Registration) { r.Name = "%hostname-%pid-x-%random" }, "box-4711-x-",
			[]string{"queue=default"},
			w.Queue.ID,
		},
		"no name, null tags": {func(*agenttest.Registration) {}, "box-", []string{"queue=default"}, w.Queue.ID},
		"a queue and tags": {
			func(r *agenttest.Registration) { r.Tags = []string{"os=linux", "bare", "queue=gpu"} }, "box-",
			[]string{"os=linux", "bare", "queue=gpu"},
			gpu.ID,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := w.agent(tt.edit)
			if !strings.HasPrefix(a.Name, tt.name) || strings.ContainsRune(a.Name, '%') || len(a.Name) < len(tt.name)+6 {
				t.Errorf("name is %q, want one like %s…", a.Name, tt.name)
			}
			if diff := cmp.Diff(tt.tags, a.Tags); diff != "" {
				t.Errorf("tags (-want +got):\n%s", diff)
			}
			row := w.row(a)
			if row.QueueID != tt.queue || row.State != store.AgentConnected {
				t.Errorf("agent is %s in queue %s, want connected in %s", row.State, row.QueueID, tt.queue)
			}
			if row.OS != "Linux\nvery much so" || row.PID != 4711 || row.UserAgent == "" || row.IPAddress != "127.0.0.1" {
				t.Errorf("row is %+v", row)
			}
		})
	}
}

func TestRegisterHandsOutIntervals(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		intervals agentapi.Intervals
		want      [3]int
	}{
		"defaults":                  {agentapi.Intervals{}, [3]int{10, 10, 60}},
		"own":                       {agentapi.Intervals{Ping: 1e9, JobStatus: 2e9, Heartbeat: 3e9}, [3]int{1, 2, 3}},
		"less than a second is one": {agentapi.Intervals{Ping: 1, JobStatus: 1, Heartbeat: 1}, [3]int{1, 1, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(c *agentapi.Config) { c.Intervals = tt.intervals })
			a := w.agent()
			if got := [3]int{a.PingInterval, a.JobStatusInterval, a.HeartbeatInterval}; got != tt.want {
				t.Errorf("intervals are %v, want %v", got, tt.want)
			}
			if a.Endpoint != "" {
				t.Errorf("endpoint is %q: agents would move there", a.Endpoint)
			}
		})
	}
}

func TestRegisterRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	elsewhere := storetest.ClusterToken(t, w.st, w.Cluster, func(c *store.ClusterToken) {
		networks := "10.0.0.0/8 192.0.2.0/24"
		c.AllowedIPAddresses = &networks
	})
	expired := storetest.ClusterToken(t, w.st, w.Cluster, func(c *store.ClusterToken) {
		past := c.CreatedAt.Add(-1)
		c.ExpiresAt = &past
	})
	noDefault := storetest.Cluster(t, w.st, w.Organization)
	queueless := storetest.ClusterToken(t, w.st, noDefault)
	tests := map[string]struct {
		token   string
		edit    func(*agenttest.Registration)
		status  int
		message string
	}{
		"no token":         {"", nil, 401, "agent token"},
		"an unknown token": {"bkct_no", nil, 401, "agent token"},
		"expired token":    {expired.ID, nil, 401, "agent token"},
		"another network":  {elsewhere.ID, nil, 403, "127.0.0.1"},
		"no default queue": {queueless.ID, nil, 422, "no default queue"},
		"unknown queue":    {w.token, func(r *agenttest.Registration) { r.Tags = []string{"queue=nowhere"} }, 422, `no queue "nowhere"`},
		"priority":         {w.token, func(r *agenttest.Registration) { r.Priority = "high" }, 422, "integer"},
		"NUL":              {w.token, func(r *agenttest.Registration) { r.Hostname = "a\x00b" }, 422, "\\u0000"},
		"long tag":         {w.token, func(r *agenttest.Registration) { r.Tags = []string{strings.Repeat("x", 600)} }, 422, "bytes"},
		"many tags":        {w.token, func(r *agenttest.Registration) { r.Tags = strings.Split(strings.Repeat("x ", 300), " ") }, 422, "tags"},
		"long name":        {w.token, func(r *agenttest.Registration) { r.Name = strings.Repeat("x", 300) }, 422, "name"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var r agenttest.Registration
			if tt.edit != nil {
				tt.edit(&r)
			}
			_, err := w.server.Register(t.Context(), tt.token, r)
			wantStatus(t, err, tt.status)
			if err != nil && !strings.Contains(err.Error(), tt.message) {
				t.Errorf("message %q does not tell of %q", err, tt.message)
			}
		})
	}
}

// What an idle agent does all day must cost nothing.
func TestIdleAgentCostsNoStatement(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.agent()
	if got := w.ping(a); got != "idle" {
		t.Fatalf("the agent is told %q", got)
	}
	before := w.st.DB().Statements()
	for range 5 {
		must(t, a.Heartbeat(t.Context()))
		if got := w.ping(a); got != "idle" {
			t.Errorf("the agent is told %q", got)
		}
	}
	if cost := w.st.DB().Statements() - before; cost != 0 {
		t.Errorf("pings and heartbeats cost %d statements", cost)
	}
	must(t, w.agents.Flush(t.Context()))
	if cost := w.st.DB().Statements() - before; cost != 1 {
		t.Errorf("noting that the agent was seen cost %d statements, want 1", cost)
	}
}

func TestSessionEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.agent()
	must(t, a.Connect(t.Context())) // repeated after a lost answer
	must(t, a.Disconnect(t.Context()))
	must(t, a.Disconnect(t.Context()))
	if state := w.row(a).State; state != store.AgentDisconnected {
		t.Errorf("agent is %s", state)
	}
	_, err := a.Ping(t.Context())
	wantStatus(t, err, http.StatusUnauthorized)
	wantStatus(t, a.Heartbeat(t.Context()), http.StatusUnauthorized)
	wantStatus(t, a.Connect(t.Context()), http.StatusUnauthorized)
	unknown := &agenttest.Agent{Server: w.server, Session: "bkaa_no"}
	wantStatus(t, unknown.Disconnect(t.Context()), http.StatusUnauthorized)
}

func TestDisconnectGivesJobUp(t *testing.T) {
	t.Parallel()
	t.Run("running: it fails", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		b := w.build("steps:\n  - command: one\n")
		a := w.agent()
		w.take(a)
		must(t, a.Disconnect(t.Context()))
		w.drain()
		w.wantBuild(b, build.Failed)
		if status := w.jobs(b)[0].ExitStatus; status == nil || *status != -1 {
			t.Errorf("exit status is %v, want -1", status)
		}
	})
	t.Run("only assigned: another agent gets it", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		b := w.build("steps:\n  - command: one\n")
		a := w.agent()
		if got := w.ping(a); got != "job "+w.jobs(b)[0].ID {
			t.Fatalf("the agent is told %q", got)
		}
		must(t, a.Disconnect(t.Context()))
		w.drain()
		must(t, w.take(w.agent()).Finish(t.Context(), 0))
		w.wantBuild(b, build.Passed)
	})
}

func TestStop(t *testing.T) {
	t.Parallel()
	t.Run("an agent's own report", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		b := w.build("steps:\n  - command: one\n  - command: two\n")
		a := w.agent()
		j := w.take(a)
		must(t, a.Stop(t.Context()))
		must(t, a.Stop(t.Context()))
		if state, err := j.JobState(t.Context()); state != "running" || err != nil {
			t.Errorf("job is %s: %v", state, err)
		}
		must(t, a.Heartbeat(t.Context()))
		must(t, j.Finish(t.Context(), 0))
		if got := w.ping(a); got != "disconnect" {
			t.Errorf("the agent is told %q", got)
		}
		must(t, a.Disconnect(t.Context()))
		if state := w.row(a).State; state != store.AgentStopped {
			t.Errorf("agent is %s", state)
		}
		w.wantBuild(b, build.Running)
	})
	t.Run("by its job, with force", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		b := w.build("steps:\n  - command: one\n")
		a := w.agent()
		j := w.take(a)
		_, err := j.Call(t.Context(), http.MethodPost, "/stop", map[string]bool{"force": true}, nil)
		must(t, err)
		w.drain()
		if state, err := j.JobState(t.Context()); state != "canceling" || err != nil {
			t.Errorf("job is %s: %v", state, err)
		}
		must(t, j.End(t.Context(), agenttest.End{ExitStatus: -1, Signal: "SIGTERM", SignalReason: "cancel"}))
		if got := w.ping(a); got != "disconnect" {
			t.Errorf("the agent is told %q", got)
		}
		if state := w.jobs(b)[0].State; state != build.JobCanceled {
			t.Errorf("job is %s", state)
		}
	})
}

func TestPause(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.build("steps:\n  - command: one\n  - command: two\n")
	a := w.agent()
	j := w.take(a)
	pause := map[string]any{"note": "look at this", "timeout_in_minutes": 7}
	for range 2 { // the second as after a lost answer
		_, err := j.Call(t.Context(), http.MethodPost, "/pause", pause, nil)
		must(t, err)
	}
	_, err := j.Call(t.Context(), http.MethodPost, "/pause", nil, nil)
	wantStatus(t, err, http.StatusUnprocessableEntity)
	must(t, j.Finish(t.Context(), 0))
	p, err := a.Ping(t.Context())
	must(t, err)
	if p.Action != "pause" || !strings.Contains(p.Message, "look at this") || p.Job != nil {
		t.Errorf("a paused agent is told %+v", p)
	}
	if row := w.row(a); row.PausedTimeoutMinutes == nil || *row.PausedTimeoutMinutes != 7 {
		t.Errorf("pause is %v minutes", row.PausedTimeoutMinutes)
	}
	for range 2 {
		_, err := w.server.Call(t.Context(), a.Session, http.MethodPost, "resume", nil, nil)
		must(t, err)
	}
	if got := w.ping(a); !strings.HasPrefix(got, "job ") {
		t.Errorf("an agent that was resumed is told %q", got)
	}
}

func TestNoDispatch(t *testing.T) {
	t.Parallel()
	t.Run("to an agent that acquires", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.build("steps:\n  - command: one\n")
		a := w.agent(func(r *agenttest.Registration) { r.IgnoreInDispatches = true })
		if got := w.ping(a); got != "idle" {
			t.Errorf("the agent is told %q", got)
		}
	})
	t.Run("to an agent that leaves after its job", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.build("steps:\n  - command: one\n  - command: two\n")
		a := w.agent()
		must(t, w.take(a).End(t.Context(), agenttest.End{IgnoreAgentInDispatches: true}))
		if got := w.ping(a); got != "idle" {
			t.Errorf("the agent is told %q", got)
		}
	})
}

func TestLostAgentComesBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.agent()
	must(t, w.st.Write(t.Context(), loseAgent(t, w, a)))
	must(t, a.Heartbeat(t.Context()))
	if state := w.row(a).State; state != store.AgentConnected {
		t.Errorf("agent is %s", state)
	}
}

func TestTokenIdentity(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var got map[string]string
	_, err := w.server.Call(t.Context(), w.token, http.MethodGet, "token", nil, &got)
	must(t, err)
	for key, want := range map[string]string{
		"cluster_uuid": w.Cluster.ID, "cluster_name": w.Cluster.Name, "organization_slug": w.Organization.Slug,
		"organization_uuid": w.Organization.ID, "organization_queue_uuid": "", "organization_queue_key": "",
	} {
		if got[key] != want {
			t.Errorf("%s is %q, want %q", key, got[key], want)
		}
	}
	_, err = w.server.Call(t.Context(), "bkct_no", http.MethodGet, "token", nil, nil)
	wantStatus(t, err, http.StatusUnauthorized)
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	storetest.Queue(t, w.st, w.Cluster, func(q *store.Queue) { q.Key = "gpu" })
	w.build("steps:\n  - command: one\n  - command: two\n  - wait\n  - command: three\n")
	w.agent(func(r *agenttest.Registration) { r.Tags = []string{"queue=gpu"} })
	w.take(w.agent())

	type counts map[string]any
	busy, idle, none := counts{"busy": 1.0, "idle": 0.0, "total": 1.0}, counts{"busy": 0.0, "idle": 1.0, "total": 1.0}, counts{"running": 0.0, "scheduled": 0.0, "waiting": 0.0, "total": 0.0}
	jobs := counts{"running": 1.0, "scheduled": 1.0, "waiting": 1.0, "total": 3.0}
	common := counts{"organization": counts{"slug": w.Organization.Slug}, "cluster": counts{"name": w.Cluster.Name}}
	with := func(more counts) counts {
		for key, value := range common {
			more[key] = value
		}
		return more
	}
	for path, want := range map[string]counts{
		"metrics": with(counts{
			"agents": counts{"busy": 1.0, "idle": 1.0, "total": 2.0, "queues": counts{"default": busy, "gpu": idle}},
			"jobs":   counts{"running": 1.0, "scheduled": 1.0, "waiting": 1.0, "total": 3.0, "queues": counts{"default": jobs, "gpu": none}},
		}),
		"metrics/queue?name=gpu":     with(counts{"agents": idle, "jobs": none}),
		"metrics/queue?name=default": with(counts{"agents": busy, "jobs": jobs}),
	} {
		t.Run(path, func(t *testing.T) {
			var got counts
			_, err := w.server.Call(t.Context(), w.token, http.MethodGet, path, nil, &got)
			must(t, err)
			if diff := cmp.Diff(plain(want), plain(got)); diff != "" {
				t.Errorf("metrics (-want +got):\n%s", diff)
			}
		})
	}
	_, err := w.server.Call(t.Context(), w.token, http.MethodGet, "metrics/queue?name=nowhere", nil, nil)
	wantStatus(t, err, http.StatusNotFound)
	_, err = w.server.Call(t.Context(), "", http.MethodGet, "metrics", nil, nil)
	wantStatus(t, err, http.StatusUnauthorized)
}
