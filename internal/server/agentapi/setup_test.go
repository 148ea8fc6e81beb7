package agentapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/bridle-ci/bridle/internal/blob/file"
	"github.com/bridle-ci/bridle/internal/bus/local"
	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/queue"
	"github.com/bridle-ci/bridle/internal/server"
	"github.com/bridle-ci/bridle/internal/server/agentapi"
	"github.com/bridle-ci/bridle/internal/server/agentapi/agenttest"
	serveblobs "github.com/bridle-ci/bridle/internal/server/blobs"
	"github.com/bridle-ci/bridle/internal/service/agents"
	"github.com/bridle-ci/bridle/internal/service/annotations"
	"github.com/bridle-ci/bridle/internal/service/artifacts"
	"github.com/bridle-ci/bridle/internal/service/builds"
	"github.com/bridle-ci/bridle/internal/service/logs"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

// world is a server with the agent API alone, over the real services on SQLite.
type world struct {
	storetest.World
	t         testing.TB
	st        *store.Store
	queue     *queue.Queue
	agents    *agents.Service
	builds    *builds.Service
	logs      *logs.Service
	artifacts *artifacts.Service
	api       *agentapi.API
	server    agenttest.Server
	// token is the secret of an agent token.
	token string
}

func newWorld(t testing.TB, edit ...func(*agentapi.Config)) *world {
	t.Helper()
	st := storetest.Open(t)
	w := &world{World: storetest.NewWorld(t, st), t: t, st: st}
	listening := httptest.NewUnstartedServer(nil)
	base := "http://" + listening.Listener.Addr().String()
	hints := local.New()
	w.queue = queue.New(st.DB(), queue.Config{Bus: hints})
	w.agents = agents.New(agents.Options{Store: st, Queue: w.queue, Bus: hints})
	w.builds = builds.New(builds.Options{
		Store: st, Queue: w.queue, Bus: hints, Log: slog.New(slog.DiscardHandler), BaseURL: "http://bridle.test", JobKey: []byte("key"),
	})
	blobs, err := file.Open(t.TempDir())
	must(t, err)
	w.artifacts, err = artifacts.New(t.Context(), artifacts.Config{
		Store: st, Queue: w.queue, Bus: hints, Blobs: blobs, BaseURL: base,
	})
	must(t, err)
	w.logs, err = logs.New(logs.Config{
		Store: st, Queue: w.queue, Bus: hints, Blobs: blobs, Artifacts: w.artifacts, Dir: t.TempDir(), Log: slog.New(slog.DiscardHandler),
	})
	must(t, err)
	config := agentapi.Config{
		Services: agentapi.Services{
			Agents: w.agents, Jobs: w.builds, Logs: w.logs, Artifacts: w.artifacts,
			Annotations: annotations.New(annotations.Config{Store: st, Bus: hints, Artifacts: w.artifacts}),
		},
		Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError})),
	}
	for _, f := range edit {
		f(&config)
	}
	w.api = agentapi.New(config)
	w.server = serve(t, listening, []server.Face{
		{Paths: agentapi.Paths, Handler: w.api}, {Paths: []string{"/blobs/"}, Handler: serveblobs.New(w.artifacts, config.Log)},
	})
	t.Cleanup(func() {
		w.api.Shutdown(context.Background())
		listening.Close()
	})
	w.token = storetest.ClusterToken(t, st, w.Cluster).ID
	return w
}

// serve starts an HTTP server as the product does.
func serve(t testing.TB, s *httptest.Server, faces []server.Face) agenttest.Server {
	t.Helper()
	s.Config = server.NewHTTPServer(server.NewHandler(faces, nil))
	s.Start()
	return agenttest.Server{URL: s.URL, HTTP: s.Client()}
}

// overHTTP2 is the same server, spoken to in HTTP/2 without TLS.
func overHTTP2(s agenttest.Server) agenttest.Server {
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	s.HTTP = &http.Client{Transport: &http.Transport{Protocols: &protocols}}
	return s
}

// build makes a build of a configuration on main.
func (w *world) build(configuration string) store.Build {
	w.t.Helper()
	p := storetest.Pipeline(w.t, w.st, w.Organization, func(p *store.Pipeline) {
		p.Configuration, p.ClusterID = configuration, &w.Cluster.ID
	})
	b, err := w.builds.Create(w.t.Context(), w.AdminActor(), p.Slug, builds.NewBuild{Branch: "main", Commit: "HEAD", Source: "api"})
	must(w.t, err)
	return b
}

// jobs returns a build's jobs in build order.
func (w *world) jobs(b store.Build) []*store.Job {
	w.t.Helper()
	jobs, err := store.ListJobs(w.t.Context(), w.st.Read(), store.JobFilter{BuildID: b.ID, IncludeRetried: true})
	must(w.t, err)
	return jobs
}

func (w *world) wantBuild(b store.Build, want build.State) {
	w.t.Helper()
	got, err := store.GetBuild(w.t.Context(), w.st.Read(), b.ID)
	must(w.t, err)
	if got.State != want {
		w.t.Errorf("build is %s, want %s", got.State, want)
	}
}

// agent starts a scripted agent.
func (w *world) agent(edit ...func(*agenttest.Registration)) *agenttest.Agent {
	w.t.Helper()
	r := agenttest.Registration{
		Hostname: "box", OS: "Linux\nvery much so", Arch: "amd64", Version: "3.138.1", Build: "x", PID: 4711,
		Features: []string{},
	}
	for _, f := range edit {
		f(&r)
	}
	a, err := w.server.Start(w.t.Context(), w.token, r)
	must(w.t, err)
	return a
}

// take lets an agent ping, accept and start a job, which there has to be.
func (w *world) take(a *agenttest.Agent) *agenttest.Job {
	w.t.Helper()
	j, err := a.Next(w.t.Context())
	must(w.t, err)
	if j == nil {
		w.t.Fatal("the agent is offered no job")
	}
	return j
}

// ping returns what an agent is told, in the words of agenttest.Stream.
func (w *world) ping(a *agenttest.Agent) string {
	w.t.Helper()
	p, err := a.Ping(w.t.Context())
	must(w.t, err)
	if p.Job != nil {
		return "job " + p.Job.ID
	}
	return p.Action
}

// row reads an agent's row.
func (w *world) row(a *agenttest.Agent) store.Agent {
	w.t.Helper()
	row, err := store.GetAgent(w.t.Context(), w.st.Read(), a.ID)
	must(w.t, err)
	return row
}

// drain does the tasks that are due.
func (w *world) drain() {
	w.t.Helper()
	must(w.t, w.queue.Drain(w.t.Context(), time.Now()))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantStatus checks that a call was refused with a status.
func wantStatus(t testing.TB, err error, want int) {
	t.Helper()
	if got := agenttest.Status(err); got != want {
		t.Errorf("error %v, want status %d", err, want)
	}
}

// loseAgent marks an agent lost, as the search for such agents does.
func loseAgent(t *testing.T, w *world, a *agenttest.Agent) func(tx *sqldb.Tx) error {
	return func(tx *sqldb.Tx) error {
		present := []store.AgentState{store.AgentConnected}
		w.agents.Changed(a.ID)
		return store.SetAgentState(t.Context(), tx, a.ID, present, store.AgentLost, tx.Now())
	}
}

// plain turns a value into what JSON has for it, for comparing.
func plain(v any) any {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // only maps of numbers and texts come here
	}
	var out any
	if err := json.Unmarshal(raw, &out); err != nil {
		panic(err)
	}
	return out
}

// farJob is a job in another cluster.
func farJob(t *testing.T, w *world) string {
	t.Helper()
	cluster := storetest.Cluster(t, w.st, w.Organization)
	queue := storetest.Queue(t, w.st, cluster)
	cluster.DefaultQueueID = &queue.ID
	storetest.Write(t, w.st, func(tx *sqldb.Tx) error { return store.UpdateCluster(t.Context(), tx, cluster) })
	p := storetest.Pipeline(t, w.st, w.Organization, func(p *store.Pipeline) { p.ClusterID = &cluster.ID })
	b, err := w.builds.Create(t.Context(), w.AdminActor(), p.Slug, builds.NewBuild{Branch: "main", Commit: "HEAD", Source: "api"})
	must(t, err)
	return w.jobs(b)[0].ID
}

func asStatus(err error, target **agenttest.StatusError) bool { return errors.As(err, target) }
