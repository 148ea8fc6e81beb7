package agents_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bridle-ci/bridle/internal/bus/local"
	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/queue"
	"github.com/bridle-ci/bridle/internal/service/agents"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

func TestDirectiveFor(t *testing.T) {
	t.Parallel()
	at := new(time.Now())
	for name, tt := range map[string]struct {
		agent store.Agent
		want  agents.Directive
	}{
		"connected":               {store.Agent{State: store.AgentConnected}, agents.Work},
		"paused":                  {store.Agent{State: store.AgentConnected, PausedAt: at}, agents.Pause},
		"stopping":                {store.Agent{State: store.AgentStopping}, agents.Disconnect},
		"paused and stopping":     {store.Agent{State: store.AgentStopping, PausedAt: at}, agents.Disconnect},
		"takes no jobs":           {store.Agent{State: store.AgentConnected, IgnoreInDispatches: true}, agents.Idle},
		"paused, takes no jobs":   {store.Agent{State: store.AgentConnected, IgnoreInDispatches: true, PausedAt: at}, agents.Pause},
		"has not said it is here": {store.Agent{State: store.AgentNeverConnected}, agents.Idle},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := agents.DirectiveFor(tt.agent); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestSession(t *testing.T) {
	t.Parallel()
	b := setup(t)
	row := storetest.Agent(t, b.store, b.World.Queue)
	token := row.ID
	session := func() store.Agent {
		t.Helper()
		got, err := b.service.Session(t.Context(), token)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	session()
	b.constant(t, "a warm session", 0, func() {
		for range 3 {
			session()
		}
	})
	insert(t, b, func(ctx context.Context, tx *sqldb.Tx) error {
		return store.PauseAgent(ctx, tx, row.ID, store.AgentPause{At: tx.Now(), TimeoutMinutes: 1})
	})
	if session().Paused() {
		t.Error("a session looked at its row without a hint")
	}
	b.bus.Publish(agents.Topic(row.ID), "")
	if !session().Paused() {
		t.Error("a session did not look at its row after a hint")
	}
	b.constant(t, "a session after a hint", 0, func() { session() })
	finished := b.clock.Now().Add(time.Second)
	b.constant(t, "a session after a finished job", 0, func() {
		b.service.Finished(row.ID, finished)
		if at := session().LastJobFinishedAt; at == nil || !at.Equal(finished) {
			t.Errorf("the agent finished its last job at %v, want %v", at, finished)
		}
	})
	insert(t, b, func(ctx context.Context, tx *sqldb.Tx) error { return store.ResumeAgent(ctx, tx, row.ID) })
	b.clock.Advance(6 * time.Minute)
	if session().Paused() {
		t.Error("a session whose hint was lost is believed for ever")
	}
	_, err := b.service.Session(t.Context(), "bkaa_no")
	fails(t, "unknown", err, fault.Unauthenticated, "session")
	_, err = b.service.Session(t.Context(), "")
	fails(t, "none", err, fault.Unauthenticated, "session")
}

// Readers that race with changes must end up with the last one.
func TestSessionSeesTheLastChange(t *testing.T) {
	t.Parallel()
	b := setup(t)
	row := storetest.Agent(t, b.store, b.World.Queue)
	var readers sync.WaitGroup
	done := make(chan struct{})
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if _, err := b.service.Session(t.Context(), row.ID); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for i := range 30 {
		var err error
		if i%2 == 0 {
			err = b.service.Pause(t.Context(), row.ID, "", 0)
		} else {
			err = b.service.Resume(t.Context(), row.ID)
		}
		if err != nil {
			t.Fatal(err)
		}
		got, err := b.service.Session(t.Context(), row.ID)
		if err != nil || got.Paused() != (i%2 == 0) {
			t.Fatalf("change %d: paused is %t, error %v", i, got.Paused(), err)
		}
	}
	close(done)
	readers.Wait()
}

func TestConnect(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		state, want store.AgentState
	}{
		"for the first time":  {store.AgentNeverConnected, store.AgentConnected},
		"again":               {store.AgentConnected, store.AgentConnected},
		"after it was lost":   {store.AgentLost, store.AgentConnected},
		"while it is to stop": {store.AgentStopping, store.AgentStopping},
		"after it left":       {store.AgentDisconnected, ""},
		"after it stopped":    {store.AgentStopped, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			row := storetest.Agent(t, b.store, b.World.Queue, func(a *store.Agent) {
				a.State, a.ConnectedAt, a.LastSeenAt = tt.state, nil, nil
			})
			_, err := b.service.Connect(t.Context(), row.ID)
			if tt.want == "" {
				fails(t, "connect", err, fault.Unauthenticated, "session")
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := b.agent(t, row.ID).State; got != tt.want {
				t.Errorf("agent is %s, want %s", got, tt.want)
			}
		})
	}
}

func TestDisconnect(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		state store.AgentState
		job   build.JobState
		want  store.AgentState
		tasks int
	}{
		"idle":               {state: store.AgentConnected, want: store.AgentDisconnected},
		"told to stop":       {state: store.AgentStopping, want: store.AgentStopped},
		"thought lost":       {state: store.AgentLost, want: store.AgentDisconnected},
		"before it came":     {state: store.AgentNeverConnected, want: store.AgentDisconnected},
		"again":              {state: store.AgentDisconnected, want: store.AgentDisconnected},
		"again, was stopped": {state: store.AgentStopped, want: store.AgentStopped},
		"runs a job":         {state: store.AgentConnected, job: build.JobRunning, want: store.AgentDisconnected, tasks: 1},
		"cancels a job":      {state: store.AgentStopping, job: build.JobCanceling, want: store.AgentStopped, tasks: 1},
		"was given a job":    {state: store.AgentConnected, job: build.JobAssigned, want: store.AgentDisconnected},
		"accepted a job":     {state: store.AgentConnected, job: build.JobAccepted, want: store.AgentDisconnected},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			row := storetest.Agent(t, b.store, b.World.Queue, func(a *store.Agent) { a.State = tt.state })
			if tt.job != "" {
				j := &build.Job{Type: build.Script, State: tt.job, AgentID: row.ID}
				if tt.job == build.JobRunning || tt.job == build.JobCanceling {
					j.StartedAt = new(b.clock.Now())
				}
				addJob(t, b, j)
			}
			for range 2 {
				id, err := b.service.Disconnect(t.Context(), row.ID)
				if err != nil || id != row.ID {
					t.Fatalf("disconnected %q: %v", id, err)
				}
			}
			if got := b.agent(t, row.ID).State; got != tt.want {
				t.Errorf("agent is %s, want %s", got, tt.want)
			}
			b.drain(t)
			if len(b.jobTasks) != tt.tasks {
				t.Errorf("tasks are %q, want %d", b.jobTasks, tt.tasks)
			}
		})
	}
}

// beginSweeps has lost agents looked for a minute from now, and then for ever.
func (b *bundle) beginSweeps(t *testing.T) {
	t.Helper()
	insert(t, b, func(ctx context.Context, tx *sqldb.Tx) error {
		return b.queue.Enqueue(ctx, tx, queue.Task{Kind: "agents.lost", Key: "all", RunAt: tx.Now().Add(time.Minute)})
	})
}

func TestRunWritesSignsOfLifeAtItsEnd(t *testing.T) {
	t.Parallel()
	b := setup(t)
	row := storetest.Agent(t, b.store, b.World.Queue)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.service.Run(ctx) }()
	b.clock.Advance(time.Minute)
	if _, err := b.service.Session(t.Context(), row.ID); err != nil {
		t.Fatal(err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if got := b.agent(t, row.ID).LastSeenAt; got == nil || !got.Equal(b.clock.Now()) {
		t.Errorf("agent was seen at %v, want %v", got, b.clock.Now())
	}
}

func TestLost(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.beginSweeps(t)
	quiet := storetest.Agent(t, b.store, b.World.Queue)
	running := addJob(t, b, &build.Job{Type: build.Script, State: build.JobRunning, AgentID: quiet.ID, StartedAt: new(b.clock.Now())})
	lively := storetest.Agent(t, b.store, b.World.Queue)
	stopping := storetest.Agent(t, b.store, b.World.Queue, func(a *store.Agent) { a.State = store.AgentStopping })

	for range 5 {
		if _, err := b.service.Session(t.Context(), lively.ID); err != nil {
			t.Fatal(err)
		}
		b.clock.Advance(time.Minute)
		b.drain(t)
	}
	for agent, want := range map[string]store.AgentState{
		quiet.ID: store.AgentLost, lively.ID: store.AgentConnected, stopping.ID: store.AgentLost,
	} {
		if got := b.agent(t, agent).State; got != want {
			t.Errorf("agent is %s, want %s", got, want)
		}
	}
	if len(b.jobTasks) != 1 || b.jobTasks[0] != agents.TaskAgentLost+" "+running.ID {
		t.Errorf("tasks are %q", b.jobTasks)
	}
	if _, err := b.service.Session(t.Context(), quiet.ID); err != nil {
		t.Fatal(err)
	}
	if got := b.agent(t, quiet.ID); got.State != store.AgentConnected || got.LostAt == nil {
		t.Errorf("an agent that came back is %s, lost at %v", got.State, got.LostAt)
	}
}

func TestNobodyIsLostWhileTheServersAreAway(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.beginSweeps(t)
	back := storetest.Agent(t, b.store, b.World.Queue)
	gone := storetest.Agent(t, b.store, b.World.Queue)
	b.clock.Advance(time.Hour)
	b.drain(t)
	for _, id := range []string{back.ID, gone.ID} {
		if got := b.agent(t, id).State; got != store.AgentConnected {
			t.Fatalf("agent is %s as soon as a server is back", got)
		}
	}
	if _, err := b.service.Session(t.Context(), back.ID); err != nil {
		t.Fatal(err)
	}
	b.clock.Advance(3*time.Minute + 10*time.Second)
	if _, err := b.service.Session(t.Context(), back.ID); err != nil {
		t.Fatal(err)
	}
	b.drain(t)
	if got := b.agent(t, back.ID).State; got != store.AgentConnected {
		t.Errorf("an agent that came back is %s", got)
	}
	if got := b.agent(t, gone.ID).State; got != store.AgentLost {
		t.Errorf("an agent that did not come back is %s", got)
	}
}

func FuzzRegister(f *testing.F) {
	f.Add("%hostname-%pid-%random", "box", "queue=default,os=linux,bare", "3")
	f.Add("", "", "", "")
	f.Add("%%random%", "%pid", "queue=,=,queue=default=x,,queue", "-1")
	f.Add("a\x00", "\xff", "a\x00=b", "1e3")
	st := storetest.Open(f)
	w := storetest.NewWorld(f, st)
	service := agents.New(agents.Options{Store: st, Queue: queue.New(st.DB(), queue.Config{}), Bus: local.New()})
	secret := storetest.ClusterToken(f, st, w.Cluster).ID
	f.Fuzz(func(t *testing.T, name, hostname, tags, priority string) {
		r := agents.Registration{Name: name, Hostname: hostname, Tags: strings.Split(tags, ","), Priority: priority, PID: 7}
		agent, session, err := service.Register(t.Context(), secret, "192.0.2.1", r)
		if err != nil {
			if kind := fault.KindOf(err); kind != fault.Invalid {
				t.Fatalf("registration failed with %q: %v", kind, err)
			}
			return
		}
		if agent.Name == "" || session == "" {
			t.Fatalf("agent is %+v", agent)
		}
		queues := 0
		for _, tag := range agent.Tags {
			if strings.HasPrefix(tag, "queue=") || tag == "queue" {
				queues++
			}
		}
		if queues != 1 {
			t.Fatalf("tags are %q", agent.Tags)
		}
		row, err := store.GetAgent(t.Context(), st.Read(), agent.ID)
		if err != nil || row.Name != agent.Name || row.QueueID != w.Queue.ID {
			t.Fatalf("row is %+v, %v", row, err)
		}
	})
}
