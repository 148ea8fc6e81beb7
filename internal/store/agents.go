package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// AgentState is an agent's connection state under its REST name.
type AgentState string

// Agent states (contracts/rest/README.md, States).
const (
	AgentNeverConnected AgentState = "never_connected"
	AgentConnected      AgentState = "connected"
	AgentDisconnected   AgentState = "disconnected"
	AgentStopping       AgentState = "stopping"
	AgentStopped        AgentState = "stopped"
	AgentLost           AgentState = "lost"
)

// Agent is one registered agent process (one per `--spawn`).
type Agent struct {
	ID             string
	OrganizationID string
	ClusterID      string
	// QueueID is empty once the queue has been deleted.
	QueueID     string
	TokenID     *string
	SessionHash string
	State       AgentState
	Name        string
	Hostname    string
	OS          string
	Arch        string
	Version     string
	Build       string
	UserAgent   string
	IPAddress   string
	MachineID   string
	PID         int64
	Priority    *int64
	// Tags are `key=value`, `queue=…` always among them; Features what the agent says it can do.
	Tags     []string
	Features []string
	// IgnoreInDispatches: never offer it a job by itself (it acquires its own, or is leaving).
	IgnoreInDispatches   bool
	StopForced           bool
	CreatedAt            time.Time
	ConnectedAt          *time.Time
	LastSeenAt           *time.Time
	DisconnectedAt       *time.Time
	LostAt               *time.Time
	StoppedAt            *time.Time
	StoppedByID          *string
	PausedAt             *time.Time
	PausedByID           *string
	PausedNote           *string
	PausedTimeoutMinutes *int64
	LastJobFinishedAt    *time.Time
}

// Paused reports whether the agent was told to take no jobs for a while.
func (a Agent) Paused() bool { return a.PausedAt != nil }

// Present reports whether the agent is connected, if only to finish its job.
func (a Agent) Present() bool { return a.State == AgentConnected || a.State == AgentStopping }

// agentPresent is Agent.Present in SQL, written as the partial indexes have it.
const agentPresent = "state IN ('connected', 'stopping')"

const agentColumns = `id, organization_id, cluster_id, queue_id, token_id, session_hash, state, name, hostname, os, arch,
	version, build, user_agent, ip_address, machine_id, pid, priority, tags, features, ignore_in_dispatches, stop_forced,
	created_at, connected_at, last_seen_at, disconnected_at, lost_at, stopped_at, stopped_by_id, paused_at,
	paused_by_id, paused_note, paused_timeout_minutes, last_job_finished_at`

func scanAgent(row scanner) (Agent, error) {
	var (
		a                                                                         Agent
		queueID                                                                   *string
		tags, features                                                            string
		created                                                                   int64
		connected, lastSeen, disconnected, lost, stopped, paused, lastJobFinished *int64
	)
	err := row.Scan(&a.ID, &a.OrganizationID, &a.ClusterID, &queueID, &a.TokenID, &a.SessionHash, &a.State, &a.Name,
		&a.Hostname, &a.OS, &a.Arch, &a.Version, &a.Build, &a.UserAgent, &a.IPAddress, &a.MachineID, &a.PID, &a.Priority,
		&tags, &features, &a.IgnoreInDispatches, &a.StopForced, &created, &connected, &lastSeen, &disconnected,
		&lost, &stopped, &a.StoppedByID, &paused, &a.PausedByID, &a.PausedNote, &a.PausedTimeoutMinutes, &lastJobFinished)
	if err != nil {
		return Agent{}, err
	}
	if queueID != nil {
		a.QueueID = *queueID
	}
	if err := errors.Join(parse(tags, &a.Tags), parse(features, &a.Features)); err != nil {
		return Agent{}, fmt.Errorf("agent %s: %w", a.ID, err)
	}
	a.CreatedAt, a.ConnectedAt, a.LastSeenAt = fromMicros(created), fromMicrosPtr(connected), fromMicrosPtr(lastSeen)
	a.DisconnectedAt, a.LostAt, a.StoppedAt = fromMicrosPtr(disconnected), fromMicrosPtr(lost), fromMicrosPtr(stopped)
	a.PausedAt, a.LastJobFinishedAt = fromMicrosPtr(paused), fromMicrosPtr(lastJobFinished)
	return a, nil
}

// InsertAgent adds an agent.
func InsertAgent(ctx context.Context, q sqldb.Queryer, a Agent) error {
	var queueID *string
	if a.QueueID != "" {
		queueID = &a.QueueID
	}
	_, err := q.Exec(ctx, "INSERT INTO agents ("+agentColumns+") VALUES ("+placeholders(34)+")",
		a.ID, a.OrganizationID, a.ClusterID, queueID, a.TokenID, a.SessionHash, string(a.State), a.Name, a.Hostname, a.OS,
		a.Arch, a.Version, a.Build, a.UserAgent, a.IPAddress, a.MachineID, a.PID, a.Priority, document(a.Tags),
		document(a.Features), a.IgnoreInDispatches, a.StopForced, micros(a.CreatedAt), microsPtr(a.ConnectedAt),
		microsPtr(a.LastSeenAt), microsPtr(a.DisconnectedAt), microsPtr(a.LostAt), microsPtr(a.StoppedAt), a.StoppedByID,
		microsPtr(a.PausedAt), a.PausedByID, a.PausedNote, a.PausedTimeoutMinutes, microsPtr(a.LastJobFinishedAt))
	return err
}

// GetAgent returns an agent.
func GetAgent(ctx context.Context, q sqldb.Queryer, id string) (Agent, error) {
	return one(ctx, q, scanAgent, "SELECT "+agentColumns+" FROM agents WHERE id = $1", id)
}

// LockAgent returns an agent that the transaction is going to change.
func LockAgent(ctx context.Context, q sqldb.Queryer, id string) (Agent, error) {
	return one(ctx, q, scanAgent, "SELECT "+agentColumns+" FROM agents WHERE id = $1 "+sqldb.ForUpdate(q), id)
}

// AgentBySession returns the agent with the hash of a session token.
func AgentBySession(ctx context.Context, q sqldb.Queryer, hash string) (Agent, error) {
	return one(ctx, q, scanAgent, "SELECT "+agentColumns+" FROM agents WHERE session_hash = $1", hash)
}
