package agents

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/bridle-ci/bridle/internal/bus"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/ids"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

const (
	// sessionTrust is how long a session is believed without a look at its row, since a hint may get lost.
	sessionTrust = 5 * time.Minute
	// sessionIdle is how long a session stays in memory without being used.
	sessionIdle = 10 * time.Minute
)

// Topic is where hints about an agent's row go.
func Topic(agentID string) string { return "agent:" + agentID }

// Session returns the agent that a session token belongs to, and notes that it was seen. A session that is known to
// this node costs no statement. One that has ended is Unauthenticated; an agent that was thought lost is back.
func (s *Service) Session(ctx context.Context, token string) (store.Agent, error) {
	if token == "" {
		return store.Agent{}, errSession
	}
	hash := ids.HashToken(token)
	agent, known := s.sessions.get(hash)
	if !known {
		var err error
		if agent, err = s.load(ctx, hash); err != nil {
			return store.Agent{}, err
		}
	}
	return s.admit(ctx, agent)
}

// Refresh is Session with a look at the row, for those who were told of a change.
func (s *Service) Refresh(ctx context.Context, token string) (store.Agent, error) {
	agent, err := s.load(ctx, ids.HashToken(token))
	if err != nil {
		return store.Agent{}, err
	}
	return s.admit(ctx, agent)
}

// Watch returns hints that an agent's row changed. cancel ends them.
func (s *Service) Watch(agentID string) (changes <-chan string, cancel func()) {
	return s.bus.Watch(Topic(agentID))
}

var errSession = fault.New(fault.Unauthenticated, "This agent session is not known or has ended. Start the agent again with an agent token.")

// admit decides what an agent's state means for a call with its session.
func (s *Service) admit(ctx context.Context, agent store.Agent) (store.Agent, error) {
	switch agent.State {
	case store.AgentDisconnected, store.AgentStopped:
		return store.Agent{}, errSession
	case store.AgentLost:
		return s.connect(ctx, agent.ID)
	case store.AgentConnected, store.AgentStopping:
		s.seen.add(agent.ID)
	}
	return agent, nil
}

// load reads a session's row and keeps it for the next calls.
func (s *Service) load(ctx context.Context, hash string) (store.Agent, error) {
	generation, known := s.sessions.begin(hash)
	agent, err := store.AgentBySession(ctx, s.store.Read(), hash)
	if err == nil && !known {
		// A change before the subscription told nobody, so the row is read again.
		generation = s.sessions.open(agent.ID, hash)
		agent, err = store.AgentBySession(ctx, s.store.Read(), hash)
	}
	if err != nil {
		return store.Agent{}, sessionError(err)
	}
	s.sessions.put(hash, agent, generation)
	return agent, nil
}

func sessionError(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return errSession
	}
	return fmt.Errorf("find agent session: %w", err)
}

// changed makes this node forget an agent's row and tells the others, after the transaction.
func (s *Service) changed(tx *sqldb.Tx, agentID string) {
	tx.AfterCommit(func() { s.Changed(agentID) })
}

// Changed says that an agent's row was changed by another service.
func (s *Service) Changed(agentID string) {
	s.sessions.forget(agentID)
	s.bus.Publish(Topic(agentID), "")
}

// sessions are the agents that this node has heard of lately, by the hash of their token. Each has a subscription to
// its agent's hints, which is looked at when the session is used: that takes no goroutine.
type sessions struct {
	bus bus.Bus
	now func() time.Time

	mu     sync.Mutex
	byHash map[string]*session
	hashes map[string]string // by agent id
}

type session struct {
	agent  store.Agent
	loaded bool
	// generation counts the hints: a row that was read before the latest one is not kept.
	generation int
	loadedAt   time.Time
	usedAt     time.Time
	changes    <-chan string
	cancel     func()
}

func newSessions(b bus.Bus, now func() time.Time) *sessions {
	return &sessions{bus: b, now: now, byHash: map[string]*session{}, hashes: map[string]string{}}
}

// get returns an agent as its row was when nothing has changed since.
func (s *sessions) get(hash string) (store.Agent, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.byHash[hash]
	if e == nil {
		return store.Agent{}, false
	}
	now := s.now()
	e.usedAt = now
	e.look()
	return e.agent, e.loaded && now.Sub(e.loadedAt) <= sessionTrust
}

// look takes the hints that wait.
func (e *session) look() {
	for {
		select {
		case hint := <-e.changes:
			e.hear(hint)
		default:
			return
		}
	}
}

// hear takes one hint.
func (e *session) hear(hint string) {
	at, finished := FinishedAt(hint)
	if !finished || !e.loaded {
		e.stale()
		return
	}
	e.agent.LastJobFinishedAt = &at
	e.generation++
}

func (e *session) stale() {
	e.loaded = false
	e.generation++
}

// begin is called before a session's row is read; known is false when nobody listens for its changes yet.
func (s *sessions) begin(hash string) (generation int, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.byHash[hash]
	if e == nil {
		return 0, false
	}
	e.look()
	return e.generation, true
}

// open begins to listen for changes of an agent.
func (s *sessions) open(agentID, hash string) (generation int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.byHash[hash]
	if e == nil {
		e = &session{usedAt: s.now()}
		e.changes, e.cancel = s.bus.Watch(Topic(agentID))
		s.byHash[hash], s.hashes[agentID] = e, hash
	}
	e.look()
	return e.generation
}

func (s *sessions) put(hash string, agent store.Agent, generation int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.byHash[hash]; e != nil && e.generation == generation {
		e.agent, e.loaded, e.loadedAt = agent, true, s.now()
	}
}

// forget makes the next use look at the row.
func (s *sessions) forget(agentID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.byHash[s.hashes[agentID]]; e != nil {
		e.stale()
	}
}

// drop ends a session's stay in memory.
func (s *sessions) drop(agentID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remove(agentID)
}

func (s *sessions) remove(agentID string) {
	hash := s.hashes[agentID]
	if e := s.byHash[hash]; e != nil {
		e.cancel()
	}
	delete(s.byHash, hash)
	delete(s.hashes, agentID)
}

// evict drops the sessions nobody has used for a while.
func (s *sessions) evict() {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.now().Add(-sessionIdle)
	for agentID, hash := range s.hashes {
		if e := s.byHash[hash]; e.usedAt.Before(before) {
			s.remove(agentID)
		}
	}
}
