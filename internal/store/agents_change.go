package store

import (
	"context"
	"time"

	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// agentStateTimes names the column in which entering a state is noted.
var agentStateTimes = map[AgentState]string{
	AgentConnected:    "connected_at",
	AgentDisconnected: "disconnected_at",
	AgentStopped:      "stopped_at",
	AgentLost:         "lost_at",
}

// SetAgentState moves an agent from one of some states to another and notes when. ErrStale is an agent in a state that
// is not among from. An agent that connects has been seen then.
func SetAgentState(ctx context.Context, q sqldb.Queryer, id string, from []AgentState, to AgentState, at time.Time) error {
	states := make([]string, len(from))
	for i, s := range from {
		states[i] = string(s)
	}
	set := "state = $2"
	args := []any{id, string(to), sqldb.List(q, states)}
	if column, noted := agentStateTimes[to]; noted {
		set += ", " + column + " = $4"
		args = append(args, micros(at))
		if to == AgentConnected {
			set += ", last_seen_at = $4"
		}
	}
	return mustChange(ctx, q, ErrStale, "UPDATE agents SET "+set+" WHERE id = $1 AND "+sqldb.In(q, "state", 3, states), args...)
}

// StopAgent tells a connected agent to leave once its job is done, or at once when forced. A stop that waits can become
// a forced one; any other repetition, and an agent that is gone, is ErrStale.
func StopAgent(ctx context.Context, q sqldb.Queryer, id string, forced bool, byID *string) error {
	return mustChange(ctx, q, ErrStale, `UPDATE agents SET state = 'stopping', stop_forced = $2, stopped_by_id = $3
		WHERE id = $1 AND (state = 'connected' OR (state = 'stopping' AND $2 AND NOT stop_forced))`, id, forced, byID)
}

// AgentPause is an agent's pause: since when, by whom, why and for how long.
type AgentPause struct {
	At             time.Time
	ByID           *string
	Note           *string
	TimeoutMinutes int64
}

// PauseAgent tells a connected agent to take no jobs; ErrStale is one that is paused already or not connected.
func PauseAgent(ctx context.Context, q sqldb.Queryer, id string, p AgentPause) error {
	return mustChange(ctx, q, ErrStale, `UPDATE agents SET paused_at = $2, paused_by_id = $3, paused_note = $4,
		paused_timeout_minutes = $5 WHERE id = $1 AND paused_at IS NULL AND state = 'connected'`,
		id, micros(p.At), p.ByID, p.Note, p.TimeoutMinutes)
}

// ResumeAgent ends an agent's pause; ErrStale is an agent that is not paused.
func ResumeAgent(ctx context.Context, q sqldb.Queryer, id string) error {
	return mustChange(ctx, q, ErrStale, resumeAgent+" AND paused_at IS NOT NULL", id)
}

// ResumeAgentPausedAt ends the pause that began at a time, and no later one; ErrStale is an agent without it.
func ResumeAgentPausedAt(ctx context.Context, q sqldb.Queryer, id string, at time.Time) error {
	return mustChange(ctx, q, ErrStale, resumeAgent+" AND paused_at = $2", id, micros(at))
}

const resumeAgent = `UPDATE agents SET paused_at = NULL, paused_by_id = NULL, paused_note = NULL,
	paused_timeout_minutes = NULL WHERE id = $1`

// SetAgentFinishedJob notes when an agent finished its last job.
func SetAgentFinishedJob(ctx context.Context, q sqldb.Queryer, id string, at time.Time) error {
	return later(ctx, q, nil, "UPDATE agents SET last_job_finished_at = $2 WHERE id = $1", id, micros(at))
}

// TouchAgents notes that agents were seen: one statement for all that a node heard of since the last time. It waits for
// no other transaction, which might wait for another of the agents in turn, and leaves out those whose rows are being
// written: they are seen again before the next time.
func TouchAgents(ctx context.Context, q sqldb.Queryer, ids []string, at time.Time) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := q.Exec(ctx, "UPDATE agents SET last_seen_at = $1 WHERE id IN (SELECT id FROM agents WHERE "+sqldb.In(q, "id", 2, ids)+
		" AND "+agentPresent+" AND (last_seen_at IS NULL OR last_seen_at < $1) "+sqldb.ForUpdateSkipLocked(q)+")",
		micros(at), sqldb.List(q, ids))
	return err
}
