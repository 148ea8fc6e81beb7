package agents

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/bridle-ci/bridle/internal/core/ids"
	"github.com/bridle-ci/bridle/internal/queue"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

const (
	// flushEvery is how often it is written which agents were seen.
	flushEvery = 10 * time.Second
	// flushTimeout bounds the last write when the server stops.
	flushTimeout = 5 * time.Second
)

// Directive is what an agent is told when it asks what to do.
type Directive string

// The directives. Work is to be idle until there is a job.
const (
	Work       Directive = "work"
	Idle       Directive = "idle"
	Pause      Directive = "pause"
	Disconnect Directive = "disconnect"
)

// DirectiveFor says what an agent is to do. One that is on its way out may not be paused, and one that asked not to be
// given jobs still learns that it is paused (docs/contract/agent-api.md, section 6).
func DirectiveFor(a store.Agent) Directive {
	switch {
	case a.State == store.AgentStopping:
		return Disconnect
	case a.Paused():
		return Pause
	case a.State != store.AgentConnected || a.IgnoreInDispatches:
		return Idle
	}
	return Work
}

// Connect says that an agent is ready. An agent that is connected stays so.
func (s *Service) Connect(ctx context.Context, token string) (store.Agent, error) {
	agent, err := s.Session(ctx, token)
	if err != nil || agent.Present() {
		return agent, err
	}
	return s.connect(ctx, agent.ID)
}

func (s *Service) connect(ctx context.Context, agentID string) (store.Agent, error) {
	var agent store.Agent
	err := s.store.Write(ctx, func(tx *sqldb.Tx) error {
		from := []store.AgentState{store.AgentNeverConnected, store.AgentLost}
		err := store.SetAgentState(ctx, tx, agentID, from, store.AgentConnected, tx.Now())
		if err != nil && !errors.Is(err, store.ErrStale) {
			return err
		}
		s.changed(tx, agentID)
		agent, err = store.GetAgent(ctx, tx, agentID)
		return err
	})
	switch {
	case err != nil:
		return store.Agent{}, fmt.Errorf("connect agent %s: %w", agentID, err)
	case !agent.Present(): // it left at this very moment
		return store.Agent{}, errSession
	}
	return agent, nil
}

// Disconnect ends a session. A job that the agent leaves behind is treated as that of a lost agent, at once. Repeating
// the call changes nothing; it returns the agent's id.
func (s *Service) Disconnect(ctx context.Context, token string) (string, error) {
	hash := ids.HashToken(token)
	var agentID string
	err := s.store.Write(ctx, func(tx *sqldb.Tx) error {
		agent, err := store.AgentBySession(ctx, tx, hash)
		if err != nil {
			return sessionError(err)
		}
		agentID = agent.ID
		return s.end(ctx, tx, agent.ID)
	})
	if err != nil {
		return "", fmt.Errorf("disconnect agent: %w", err)
	}
	s.seen.remove(agentID)
	s.sessions.drop(agentID)
	return agentID, nil
}

// end moves an agent to the state in which its session is over.
func (s *Service) end(ctx context.Context, tx *sqldb.Tx, agentID string) error {
	agent, err := store.LockAgent(ctx, tx, agentID)
	if err != nil {
		return err
	}
	to := store.AgentDisconnected
	switch agent.State {
	case store.AgentDisconnected, store.AgentStopped:
		return nil
	case store.AgentStopping:
		to = store.AgentStopped
	}
	if err := store.SetAgentState(ctx, tx, agentID, []store.AgentState{agent.State}, to, tx.Now()); err != nil {
		return err
	}
	s.changed(tx, agentID)
	return s.giveUpJob(ctx, tx, agentID)
}

// TaskAgentLost is handled by the owner of jobs: the agent that ran the job is gone.
const TaskAgentLost = "builds.agent_lost"

// giveUpJob has the job that an agent runs, if any, ended. One that it has not started goes back to its queue without
// this, like every job that nobody gets on with.
func (s *Service) giveUpJob(ctx context.Context, tx *sqldb.Tx, agentID string) error {
	job, err := store.JobHeldBy(ctx, tx, agentID)
	if errors.Is(err, store.ErrNotFound) || err == nil && job.StartedAt == nil {
		return nil
	}
	if err != nil {
		return err
	}
	return s.enqueueJobTask(ctx, tx, TaskAgentLost, job.ID)
}

func (s *Service) enqueueJobTask(ctx context.Context, tx *sqldb.Tx, kind, jobID string) error {
	payload, err := json.Marshal(map[string]string{"job_id": jobID})
	if err != nil {
		return err
	}
	return s.queue.Enqueue(ctx, tx, queue.Task{Kind: kind, Key: jobID, Payload: payload})
}

// Run writes from time to time which agents were seen, until ctx ends, and then once more.
func (s *Service) Run(ctx context.Context) error {
	if err := s.scheduleSweep(ctx); err != nil && ctx.Err() == nil {
		return err
	}
	ticker := time.NewTicker(flushEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			if err := s.Flush(ctx); err != nil && ctx.Err() == nil {
				s.log.Error("agents' last signs of life were not written", "error", err)
			}
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTimeout)
			defer cancel()
			return s.Flush(last)
		}
	}
}

// Flush writes which agents were seen since the last time, in one statement, and frees what is not used any more.
func (s *Service) Flush(ctx context.Context) error {
	s.sessions.evict()
	seen := s.seen.take()
	if len(seen) == 0 {
		return nil
	}
	err := s.store.Write(ctx, func(tx *sqldb.Tx) error { return store.TouchAgents(ctx, tx, seen, tx.Now()) })
	if err != nil {
		for _, id := range seen {
			s.seen.add(id)
		}
		return fmt.Errorf("note %d agents as seen: %w", len(seen), err)
	}
	return nil
}

// presence is the agents that gave a sign of life since the last write.
type presence struct {
	mu  sync.Mutex
	ids map[string]struct{}
}

func (p *presence) add(agentID string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ids == nil {
		p.ids = map[string]struct{}{}
	}
	p.ids[agentID] = struct{}{}
}

func (p *presence) remove(agentID string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.ids, agentID)
}

func (p *presence) take() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := make([]string, 0, len(p.ids))
	for id := range p.ids {
		list = append(list, id)
	}
	clear(p.ids)
	return list
}
