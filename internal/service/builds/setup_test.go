package builds_test

import (
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/bridle-ci/bridle/internal/bus/local"
	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/queue"
	"github.com/bridle-ci/bridle/internal/service/builds"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// world is an organization with a service of builds on one engine.
type world struct {
	storetest.World
	t       *testing.T
	st      *store.Store
	queue   *queue.Queue
	service *builds.Service
	clock   *storetest.Clock
}

// onBoth runs a test in a fresh world on each engine.
func onBoth(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	storetest.EachAt(t, func(t *testing.T, st *store.Store, clock *storetest.Clock) {
		test(t, newWorld(t, st, clock))
	})
}

func newWorld(t *testing.T, st *store.Store, clock *storetest.Clock) *world {
	w := &world{World: storetest.NewWorld(t, st), t: t, st: st, clock: clock}
	bus := local.New()
	w.queue = queue.New(st.DB(), queue.Config{Bus: bus})
	w.service = builds.New(builds.Options{
		Store: st, Queue: w.queue, Bus: bus, Log: slog.New(slog.DiscardHandler), BaseURL: "http://bridle.test", JobKey: []byte("key"),
	})
	return w
}

// pipeline adds a pipeline of a configuration.
func (w *world) pipeline(configuration string, edit ...func(*store.Pipeline)) store.Pipeline {
	w.t.Helper()
	return storetest.Pipeline(w.t, w.st, w.Organization, append([]func(*store.Pipeline){func(p *store.Pipeline) {
		p.Configuration, p.ClusterID = configuration, &w.Cluster.ID
	}}, edit...)...)
}

// build makes a build of a configuration on main.
func (w *world) build(configuration string) store.Build {
	w.t.Helper()
	return w.create(w.pipeline(configuration), builds.NewBuild{})
}

func (w *world) create(p store.Pipeline, in builds.NewBuild) store.Build {
	w.t.Helper()
	if in.Branch == "" {
		in.Branch = "main"
	}
	if in.Commit == "" {
		in.Commit = "HEAD"
	}
	if in.Source == "" {
		in.Source = "api"
	}
	b, err := w.service.Create(w.t.Context(), w.AdminActor(), p.Slug, in)
	must(w.t, err)
	return b
}

// reload reads a build again.
func (w *world) reload(b store.Build) store.Build {
	w.t.Helper()
	b, err := store.GetBuild(w.t.Context(), w.st.Read(), b.ID)
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

// states returns the shown states of a build's jobs in build order.
func (w *world) states(b store.Build) []string {
	w.t.Helper()
	var states []string
	x, err := w.service.Expand(w.t.Context(), w.AdminActor(), []store.Build{b}, builds.Expand{Jobs: true, RetriedJobs: true})
	must(w.t, err)
	for _, j := range x.Jobs[b.ID] {
		states = append(states, builds.ShownState(&j.Job))
	}
	return states
}

func (w *world) agent(edit ...func(*store.Agent)) store.Agent {
	w.t.Helper()
	return storetest.Agent(w.t, w.st, w.Queue, edit...)
}

// take lets an agent ask for a job, accept it and start it; nil when there is none.
func (w *world) take(a store.Agent) *builds.Assignment {
	w.t.Helper()
	id, err := w.service.Offer(w.t.Context(), a)
	must(w.t, err)
	if id == "" {
		return nil
	}
	got, err := w.service.Accept(w.t.Context(), a, id)
	must(w.t, err)
	must(w.t, w.service.Start(w.t.Context(), got.Job, w.clock.Now()))
	return &got
}

// finish ends a job with a status.
func (w *world) finish(a *builds.Assignment, status int) {
	w.t.Helper()
	must(w.t, w.service.Finish(w.t.Context(), a.Job, builds.Finish{ExitStatus: status, FinishedAt: w.clock.Now()}))
}

// runNext takes and finishes the next job, which there has to be.
func (w *world) runNext(a store.Agent, status int) builds.Assignment {
	w.t.Helper()
	got := w.take(a)
	if got == nil {
		w.t.Fatal("there is no job to run")
	}
	w.finish(got, status)
	return *got
}

// drain does all tasks that are due after some time.
func (w *world) drain(after time.Duration) {
	w.t.Helper()
	w.clock.Advance(after)
	must(w.t, w.queue.Drain(w.t.Context(), w.clock.Now()))
}

func (w *world) enqueue(kind string, payload any) {
	w.t.Helper()
	body, err := json.Marshal(payload)
	must(w.t, err)
	storetest.Write(w.t, w.st, func(tx *sqldb.Tx) error {
		return w.queue.Enqueue(w.t.Context(), tx, queue.Task{Kind: kind, Payload: body, RunAt: tx.Now()})
	})
}

func (w *world) wantBuild(b store.Build, state build.State, jobs ...string) {
	w.t.Helper()
	if got := w.reload(b).State; got != state {
		w.t.Errorf("build is %s, want %s", got, state)
	}
	got := w.states(b)
	if len(got) != len(jobs) {
		w.t.Fatalf("jobs are %v, want %v", got, jobs)
	}
	for i := range jobs {
		if got[i] != jobs[i] {
			w.t.Fatalf("jobs are %v, want %v", got, jobs)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
