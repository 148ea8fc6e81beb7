package agents_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/service/agents"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

func TestAgents(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx, s, member := t.Context(), b.service, b.MemberActor()
	token := storetest.ClusterToken(t, b.store, b.Cluster, func(c *store.ClusterToken) { c.CreatedByID = &b.Admin.ID })
	plain := storetest.Agent(t, b.store, b.World.Queue)
	full := storetest.Agent(t, b.store, b.World.Queue, func(a *store.Agent) {
		a.TokenID, a.Name, a.Version = &token.ID, "builder", "3.0.0"
		a.PausedAt, a.PausedByID = new(b.clock.Now()), &b.Member.ID
	})
	lost := storetest.Agent(t, b.store, b.World.Queue, func(a *store.Agent) { a.State, a.TokenID = store.AgentLost, new(store.NewID()) })
	queue := &b.World.Queue
	wantPlain := agents.AgentView{Agent: plain, Queue: queue}
	wantFull := agents.AgentView{Agent: full, Queue: queue, Creator: &b.Admin, PausedBy: &b.Member}

	got, err := s.Agent(ctx, member, full.ID)
	same(t, "got", got, err, wantFull)
	got, err = s.Agent(ctx, member, lost.ID)
	same(t, "lost", got, err, agents.AgentView{Agent: lost, Queue: queue})

	for name, c := range map[string]struct {
		filter agents.AgentFilter
		want   []agents.AgentView
	}{
		"all":          {agents.AgentFilter{}, []agents.AgentView{wantFull, wantPlain}},
		"name":         {agents.AgentFilter{Name: "builder"}, []agents.AgentView{wantFull}},
		"hostname":     {agents.AgentFilter{Hostname: plain.Hostname}, []agents.AgentView{wantPlain}},
		"version":      {agents.AgentFilter{Version: "3.0.0"}, []agents.AgentView{wantFull}},
		"queue":        {agents.AgentFilter{QueueID: strings.ToUpper(queue.ID)}, []agents.AgentView{wantFull, wantPlain}},
		"other queue":  {agents.AgentFilter{QueueID: store.NewID()}, nil},
		"no queue id":  {agents.AgentFilter{QueueID: "default"}, nil},
		"NUL":          {agents.AgentFilter{Name: "\x00"}, nil},
		"nothing like": {agents.AgentFilter{Name: "builder", Hostname: plain.Hostname}, nil},
	} {
		b.constant(t, name, 5, func() {
			items, total, err := s.Agents(ctx, member, c.filter, firstPage)
			same(t, name, items, err, c.want)
			same(t, "total of "+name, total, err, len(c.want))
		})
	}
}

func TestStopAgent(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		state  store.AgentState
		forced bool // already
		stop   bool // by force
		job    build.JobState
		fails  bool
		tasks  int
	}{
		"gracefully":                {state: store.AgentConnected},
		"gracefully with a job":     {state: store.AgentConnected, job: build.JobRunning},
		"by force":                  {state: store.AgentConnected, stop: true},
		"by force with a job":       {state: store.AgentConnected, stop: true, job: build.JobRunning, tasks: 1},
		"by force after it was":     {state: store.AgentConnected, stop: true, job: build.JobFinished},
		"gracefully, then by force": {state: store.AgentStopping, stop: true, job: build.JobAccepted, tasks: 1},
		"twice gracefully":          {state: store.AgentStopping, fails: true},
		"twice by force":            {state: store.AgentStopping, forced: true, stop: true, fails: true},
		"before it connected":       {state: store.AgentNeverConnected, fails: true},
		"after it left":             {state: store.AgentDisconnected, stop: true, fails: true},
		"after it stopped":          {state: store.AgentStopped, fails: true},
		"after it was lost":         {state: store.AgentLost, stop: true, fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			agent := storetest.Agent(t, b.store, b.World.Queue, func(a *store.Agent) { a.State, a.StopForced = c.state, c.forced })
			if c.job != "" {
				addJob(t, b, &build.Job{Type: build.Script, State: c.job, AgentID: agent.ID})
			}
			hinted := b.hints(t, agents.Topic(agent.ID))
			err := b.service.StopAgent(t.Context(), b.maintainer(), agent.ID, c.stop)
			if c.fails {
				fails(t, "stop", err, fault.Malformed, "Can only stop connected agents")
				same(t, "agent", b.agent(t, agent.ID), nil, agent)
			} else {
				agent.State, agent.StopForced, agent.StoppedByID = store.AgentStopping, c.stop, &b.Member.ID
				same(t, "agent", b.agent(t, agent.ID), err, agent)
			}
			if hinted() == c.fails {
				t.Errorf("told of a change: %t", !c.fails)
			}
			b.drain(t)
			if len(b.jobTasks) != c.tasks {
				t.Errorf("tasks %v, want %d", b.jobTasks, c.tasks)
			}
		})
	}
}

func TestPauseAgent(t *testing.T) {
	t.Parallel()

	t.Run("until its time is over", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		agent := storetest.Agent(t, b.store, b.World.Queue)
		hinted := b.hints(t, agents.Topic(agent.ID))
		if err := b.service.PauseAgent(t.Context(), b.maintainer(), agent.ID, new("Updates"), new(int64(2))); err != nil {
			t.Fatal(err)
		}
		paused := agent
		paused.PausedAt, paused.PausedByID, paused.PausedNote = new(b.clock.Now()), &b.Member.ID, new("Updates")
		paused.PausedTimeoutMinutes = new(int64(2))
		same(t, "paused", b.agent(t, agent.ID), nil, paused)
		if !hinted() {
			t.Error("nobody was told")
		}
		b.clock.Advance(2*time.Minute - time.Second)
		b.drain(t)
		same(t, "a second before", b.agent(t, agent.ID), nil, paused)
		b.clock.Advance(time.Second)
		b.drain(t)
		same(t, "resumed", b.agent(t, agent.ID), nil, agent)
		if !hinted() {
			t.Error("nobody was told of the end")
		}
	})
	t.Run("for the default time", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		agent := storetest.Agent(t, b.store, b.World.Queue)
		if err := b.service.PauseAgent(t.Context(), b.AdminActor(), agent.ID, nil, nil); err != nil {
			t.Fatal(err)
		}
		got := b.agent(t, agent.ID)
		if got.PausedTimeoutMinutes == nil || *got.PausedTimeoutMinutes != 5 || got.PausedNote != nil {
			t.Errorf("paused for %v with note %v", got.PausedTimeoutMinutes, got.PausedNote)
		}
	})
	t.Run("a pause outlives the end of the one before", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		agent := storetest.Agent(t, b.store, b.World.Queue)
		ctx, s, admin := t.Context(), b.service, b.AdminActor()
		if err := s.PauseAgent(ctx, admin, agent.ID, nil, new(int64(5))); err != nil {
			t.Fatal(err)
		}
		b.clock.Advance(time.Minute)
		if err := s.ResumeAgent(ctx, admin, agent.ID); err != nil {
			t.Fatal(err)
		}
		same(t, "resumed", b.agent(t, agent.ID), nil, agent)
		if err := s.PauseAgent(ctx, admin, agent.ID, nil, new(int64(10))); err != nil {
			t.Fatal(err)
		}
		b.clock.Advance(4 * time.Minute)
		b.drain(t)
		if !b.agent(t, agent.ID).Paused() {
			t.Error("the first pause's end resumed the second one")
		}
		b.clock.Advance(6 * time.Minute)
		b.drain(t)
		if b.agent(t, agent.ID).Paused() {
			t.Error("the second pause does not end")
		}
	})
	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		ctx, s, admin := t.Context(), b.service, b.AdminActor()
		agent := storetest.Agent(t, b.store, b.World.Queue)
		fails(t, "resume first", s.ResumeAgent(ctx, admin, agent.ID), fault.Invalid, "Agent is not paused")
		for _, minutes := range []int64{-1, 0, 1441} {
			fails(t, fmt.Sprint(minutes, " minutes"), s.PauseAgent(ctx, admin, agent.ID, nil, &minutes), fault.Invalid, "must be between 1 and 1440")
		}
		fails(t, "note", s.PauseAgent(ctx, admin, agent.ID, new(strings.Repeat("a", 1001)), nil), fault.Invalid, "Note is too long")
		same(t, "agent", b.agent(t, agent.ID), nil, agent)
		if err := s.PauseAgent(ctx, admin, agent.ID, nil, new(int64(1440))); err != nil {
			t.Fatal(err)
		}
		fails(t, "pause again", s.PauseAgent(ctx, admin, agent.ID, nil, nil), fault.Invalid, "Agent is already paused")
		for _, state := range []store.AgentState{store.AgentStopping, store.AgentLost} {
			other := storetest.Agent(t, b.store, b.World.Queue, func(a *store.Agent) { a.State = state })
			fails(t, string(state), s.PauseAgent(ctx, admin, other.ID, nil, nil), fault.Invalid, "Only connected agents may be paused")
		}
	})
	t.Run("the end of a pause finds an agent gone", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		agent := storetest.Agent(t, b.store, b.World.Queue)
		if err := b.service.PauseAgent(t.Context(), b.AdminActor(), agent.ID, nil, nil); err != nil {
			t.Fatal(err)
		}
		insert(t, b, func(ctx context.Context, tx *sqldb.Tx) error {
			return store.SetAgentState(ctx, tx, agent.ID, []store.AgentState{store.AgentConnected}, store.AgentLost, tx.Now())
		})
		b.clock.Advance(5 * time.Minute)
		b.drain(t)
		if got := b.agent(t, agent.ID); got.Paused() || got.State != store.AgentLost {
			t.Errorf("paused %t in state %s", got.Paused(), got.State)
		}
	})
}

func TestForcedStopNamesTheJob(t *testing.T) {
	t.Parallel()
	b := setup(t)
	agent := storetest.Agent(t, b.store, b.World.Queue)
	job := addJob(t, b, &build.Job{Type: build.Script, State: build.JobRunning, AgentID: agent.ID})
	if err := b.service.StopAgent(t.Context(), b.AdminActor(), agent.ID, true); err != nil {
		t.Fatal(err)
	}
	b.drain(t)
	if want := []string{agents.TaskCancelJob + " " + job.ID}; !slices.Equal(b.jobTasks, want) {
		t.Errorf("tasks %v, want %v", b.jobTasks, want)
	}
}
