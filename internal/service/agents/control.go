package agents

import (
	"context"
	"errors"
	"fmt"

	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// Stop is an agent's own wish to leave, or that of the job it runs: once the job is done, or with the job canceled when
// forced. It goes on to be connected until it disconnects. Repeating a stop changes nothing.
func (s *Service) Stop(ctx context.Context, agentID string, force bool) error {
	return s.control(ctx, "stop", agentID, func(tx *sqldb.Tx, agent store.Agent) error {
		if agent.State == store.AgentStopping && (agent.StopForced || !force) {
			return nil
		}
		return s.stop(ctx, tx, agent.ID, force, nil)
	})
}

// Pause is the wish of a job that its agent take no more of them for some minutes; 0 is the default. Repeating the pause
// that is on changes nothing; another one is Invalid.
func (s *Service) Pause(ctx context.Context, agentID, note string, timeoutMinutes int) error {
	minutes := int64(timeoutMinutes)
	if minutes == 0 {
		minutes = DefaultPauseMinutes
	}
	return s.control(ctx, "pause", agentID, func(tx *sqldb.Tx, agent store.Agent) error {
		if agent.Paused() && noteOf(agent) == note && agent.PausedTimeoutMinutes != nil && *agent.PausedTimeoutMinutes == minutes {
			return nil
		}
		return s.pause(ctx, tx, agent, nil, &note, &minutes)
	})
}

// Resume is the wish of a job that its agent's pause end. An agent that is not paused stays as it is.
func (s *Service) Resume(ctx context.Context, agentID string) error {
	return s.control(ctx, "resume", agentID, func(tx *sqldb.Tx, agent store.Agent) error {
		if !agent.Paused() {
			return nil
		}
		return s.resume(ctx, tx, agent.ID)
	})
}

// control runs fn on an agent under its lock.
func (s *Service) control(ctx context.Context, what, agentID string, fn func(tx *sqldb.Tx, agent store.Agent) error) error {
	err := s.store.Write(ctx, func(tx *sqldb.Tx) error {
		agent, err := store.LockAgent(ctx, tx, agentID)
		if errors.Is(err, store.ErrNotFound) {
			return fault.Missing("agent")
		}
		if err != nil {
			return err
		}
		return fn(tx, agent)
	})
	if err != nil {
		return fmt.Errorf("%s agent %s: %w", what, agentID, err)
	}
	return nil
}

func noteOf(a store.Agent) string {
	if a.PausedNote == nil {
		return ""
	}
	return *a.PausedNote
}
