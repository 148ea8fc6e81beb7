package agents

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/ids"
	"github.com/bridle-ci/bridle/internal/core/text"
	"github.com/bridle-ci/bridle/internal/queue"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

const (
	// DefaultPauseMinutes is how long an agent pauses when nobody says how long (docs/contract/platform.md, section 9).
	DefaultPauseMinutes = 5
	// MaxPauseMinutes bounds a pause.
	MaxPauseMinutes = 24 * 60
	// maxNote bounds the characters of the note of a pause.
	maxNote = 1000

	taskResume = "agents.resume"
)

// AgentFilter narrows a list of connected agents; fields are compared exactly and empty ones do not narrow.
type AgentFilter struct {
	Name     string
	Hostname string
	Version  string
	QueueID  string
}

// Agents returns a page of the connected agents that pass a filter, newest first, and their number.
func (s *Service) Agents(ctx context.Context, actor access.Actor, f AgentFilter, page store.Page) ([]AgentView, int, error) {
	if err := access.Check(actor, access.AgentView); err != nil {
		return nil, 0, err
	}
	for _, value := range []string{f.Name, f.Hostname, f.Version} {
		if text.Problem(value, maxAgentField) != "" {
			return nil, 0, nil // no agent has such a text
		}
	}
	filter := store.AgentFilter{
		OrganizationID: actor.OrganizationID, Name: f.Name, Hostname: f.Hostname, Version: f.Version,
	}
	if f.QueueID != "" {
		id, ok := ids.ParseUUID(f.QueueID)
		if !ok {
			return nil, 0, nil
		}
		filter.QueueID = id
	}
	rows, err := store.ListAgents(ctx, s.store.Read(), filter, page)
	if err != nil {
		return nil, 0, fmt.Errorf("list agents: %w", err)
	}
	total, err := store.CountAgents(ctx, s.store.Read(), filter)
	if err != nil {
		return nil, 0, fmt.Errorf("count agents: %w", err)
	}
	views, err := agentViews(ctx, s.store.Read(), rows)
	return views, total, err
}

// Agent returns an agent, connected or not.
func (s *Service) Agent(ctx context.Context, actor access.Actor, id string) (AgentView, error) {
	if err := access.Check(actor, access.AgentView); err != nil {
		return AgentView{}, err
	}
	row, err := ownAgent(ctx, s.store.Read(), actor, id, store.GetAgent)
	if err != nil {
		return AgentView{}, err
	}
	views, err := agentViews(ctx, s.store.Read(), []store.Agent{row})
	if err != nil {
		return AgentView{}, err
	}
	return views[0], nil
}

// StopAgent tells an agent to leave: once its job is done, or at once with the job canceled when forced. A stop that
// waits can be followed by a forced one. Malformed is an agent that is not connected.
func (s *Service) StopAgent(ctx context.Context, actor access.Actor, id string, force bool) error {
	return s.changeAgent(ctx, actor, access.AgentStop, id, func(tx *sqldb.Tx, agent store.Agent) error {
		return s.stop(ctx, tx, agent.ID, force, personOf(actor))
	})
}

// CreateAgent fails: agents register themselves.
func (s *Service) CreateAgent(_ context.Context, actor access.Actor) error {
	if err := access.Check(actor, access.AgentCreate); err != nil {
		return err
	}
	return fault.New(fault.Gone, "Agents cannot be created through the API: start buildkite-agent with an agent token of a cluster, and it registers itself")
}

// PauseAgent tells an agent to take no jobs for some minutes; nil is DefaultPauseMinutes. Invalid is an agent that is
// not connected or paused already, and a time beyond MaxPauseMinutes.
func (s *Service) PauseAgent(ctx context.Context, actor access.Actor, id string, note *string, timeoutMinutes *int64) error {
	return s.changeAgent(ctx, actor, access.AgentPause, id, func(tx *sqldb.Tx, agent store.Agent) error {
		return s.pause(ctx, tx, agent, personOf(actor), note, timeoutMinutes)
	})
}

// ResumeAgent ends an agent's pause. Invalid is an agent that is not paused.
func (s *Service) ResumeAgent(ctx context.Context, actor access.Actor, id string) error {
	return s.changeAgent(ctx, actor, access.AgentResume, id, func(tx *sqldb.Tx, agent store.Agent) error {
		return s.resume(ctx, tx, agent.ID)
	})
}

// changeAgent runs fn on an agent under its lock, for an actor who may do something to agents of its cluster.
func (s *Service) changeAgent(ctx context.Context, actor access.Actor, action access.Action, id string, fn func(tx *sqldb.Tx, agent store.Agent) error) error {
	if err := access.CheckScopes(actor, action); err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx *sqldb.Tx) error {
		agent, err := ownAgent(ctx, tx, actor, id, store.LockAgent)
		if err != nil {
			return err
		}
		if err := access.CheckCluster(actor, action, agent.ClusterID); err != nil {
			return err
		}
		return fn(tx, agent)
	})
}

// ownAgent returns an agent of the actor's organization.
func ownAgent(ctx context.Context, q sqldb.Queryer, actor access.Actor, id string, get func(context.Context, sqldb.Queryer, string) (store.Agent, error)) (store.Agent, error) {
	id, ok := ids.ParseUUID(id)
	if !ok {
		return store.Agent{}, fault.Missing("agent")
	}
	agent, err := get(ctx, q, id)
	if err != nil {
		return store.Agent{}, missing(err, "agent")
	}
	if agent.OrganizationID != actor.OrganizationID {
		return store.Agent{}, fault.Missing("agent")
	}
	return agent, nil
}

// TaskCancelJob is handled by the owner of jobs: the job's agent was told to drop it.
const TaskCancelJob = "builds.cancel_job"

// stop tells an agent to leave and, when forced, has the job canceled that it holds.
func (s *Service) stop(ctx context.Context, tx *sqldb.Tx, agentID string, force bool, byID *string) error {
	err := store.StopAgent(ctx, tx, agentID, force, byID)
	if errors.Is(err, store.ErrStale) {
		return fault.New(fault.Malformed, "Can only stop connected agents")
	}
	if err != nil {
		return fmt.Errorf("stop agent %s: %w", agentID, err)
	}
	s.changed(tx, agentID)
	if !force {
		return nil
	}
	job, err := store.JobHeldBy(ctx, tx, agentID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil
	case err != nil:
		return fmt.Errorf("find the job of agent %s: %w", agentID, err)
	}
	return s.enqueueJobTask(ctx, tx, TaskCancelJob, job.ID)
}

// resumeTask says which pause is over.
type resumeTask struct {
	AgentID  string    `json:"agent_id"`
	PausedAt time.Time `json:"paused_at"`
}

// pause tells an agent to take no jobs for some minutes and sees to its end.
func (s *Service) pause(ctx context.Context, tx *sqldb.Tx, agent store.Agent, byID, note *string, timeoutMinutes *int64) error {
	minutes := int64(DefaultPauseMinutes)
	if timeoutMinutes != nil {
		minutes = *timeoutMinutes
	}
	if minutes < 1 || minutes > MaxPauseMinutes {
		return fault.Reason("Timeout in minutes must be between 1 and %d", MaxPauseMinutes)
	}
	note, err := optionalText("Note", note, maxNote)
	if err != nil {
		return err
	}
	if agent.State != store.AgentConnected {
		return fault.New(fault.Invalid, "Only connected agents may be paused")
	}
	err = store.PauseAgent(ctx, tx, agent.ID, store.AgentPause{At: tx.Now(), ByID: byID, Note: note, TimeoutMinutes: minutes})
	if errors.Is(err, store.ErrStale) {
		return fault.New(fault.Invalid, "Agent is already paused")
	}
	if err != nil {
		return fmt.Errorf("pause agent %s: %w", agent.ID, err)
	}
	s.changed(tx, agent.ID)
	payload, err := json.Marshal(resumeTask{AgentID: agent.ID, PausedAt: tx.Now()})
	if err != nil {
		return err
	}
	return s.queue.Enqueue(ctx, tx, queue.Task{
		Kind: taskResume, Key: agent.ID, Payload: payload, RunAt: tx.Now().Add(time.Duration(minutes) * time.Minute),
	})
}

// resume ends an agent's pause before its time.
func (s *Service) resume(ctx context.Context, tx *sqldb.Tx, agentID string) error {
	err := store.ResumeAgent(ctx, tx, agentID)
	if errors.Is(err, store.ErrStale) {
		return fault.New(fault.Invalid, "Agent is not paused")
	}
	if err != nil {
		return fmt.Errorf("resume agent %s: %w", agentID, err)
	}
	s.changed(tx, agentID)
	return s.queue.Cancel(ctx, tx, taskResume, agentID)
}

// resumeByTask ends a pause whose time is over. One that was ended before, or another pause, is left alone.
func (s *Service) resumeByTask(ctx context.Context, t queue.Task) error {
	var task resumeTask
	if err := json.Unmarshal(t.Payload, &task); err != nil {
		return queue.Permanent(fmt.Errorf("read task: %w", err))
	}
	err := s.store.Write(ctx, func(tx *sqldb.Tx) error {
		err := store.ResumeAgentPausedAt(ctx, tx, task.AgentID, task.PausedAt)
		if errors.Is(err, store.ErrStale) {
			return nil
		}
		s.changed(tx, task.AgentID)
		return err
	})
	if err != nil {
		return fmt.Errorf("resume agent %s: %w", task.AgentID, err)
	}
	return nil
}

// personOf is the id of the person an actor is, nil for the installation itself.
func personOf(actor access.Actor) *string {
	if actor.UserID == "" {
		return nil
	}
	return &actor.UserID
}
