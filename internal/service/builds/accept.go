package builds

import (
	"context"
	"encoding/json"
	"time"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/dispatch"
	"github.com/bridle-ci/bridle/internal/core/environment"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/ids"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// Assignment is what an agent needs to run a job (docs/contract/agent-api.md, section 9).
type Assignment struct {
	Job   store.Job
	Token string
	Env   map[string]string
	// Step is the command step as uploaded, before matrix substitution; MatrixPermutation the combination, if any.
	Step              json.RawMessage
	MatrixPermutation map[string]string
}

// Accept gives an agent the job that was assigned to it; repeated, it gives the same again. A job that is not the
// agent's, or has ended, is a Conflict.
func (s *Service) Accept(ctx context.Context, agent store.Agent, jobID string) (Assignment, error) {
	return s.accept(ctx, agent, jobID, false)
}

// Acquire gives an agent the job it names, whatever its tags. A job whose dependencies are open is Locked; one that is
// taken or has ended a Conflict.
func (s *Service) Acquire(ctx context.Context, agent store.Agent, jobID string) (Assignment, error) {
	return s.accept(ctx, agent, jobID, true)
}

func (s *Service) accept(ctx context.Context, agent store.Agent, jobID string, acquire bool) (Assignment, error) {
	id, ok := ids.ParseUUID(jobID)
	if !ok {
		return Assignment{}, fault.Missing("job")
	}
	buildID, err := s.buildToAccept(ctx, agent, id)
	if err != nil {
		return Assignment{}, err
	}
	token := s.tokens.of(id, agent.ID)
	hash := ids.HashToken(token)
	var job store.Job
	var b store.Build
	var step build.Step
	var around *store.Surroundings
	err = s.changeJob(ctx, buildID, store.JobEvent{JobID: id, Accepts: true}, func(c *change) error {
		row, err := c.reachable(agent, id)
		if err != nil {
			return err
		}
		st, err := c.graph.Step(row.StepID)
		if err != nil {
			return err
		}
		if err := c.accept(row, agent.ID, hash, acquire); err != nil {
			return err
		}
		job, b, step, around = *row, c.build, *st, c.around
		return nil
	})
	if err != nil {
		return Assignment{}, err
	}
	s.dispatcher.holds(agent.ID, job)
	s.tokens.put(hash, job, time.Now())
	env, err := s.jobEnvironment(ctx, s.Store.Read(), around, b, job, step, agent)
	return Assignment{Job: job, Token: token, Env: env, Step: step.Settings.Raw, MatrixPermutation: job.Spec.Matrix}, err
}

// buildToAccept returns the build of a job. A job that this node gave to the agent costs no statement.
func (s *Service) buildToAccept(ctx context.Context, agent store.Agent, jobID string) (string, error) {
	if known := s.dispatcher.buildOf(agent.ID, jobID); known != "" {
		return known, nil
	}
	job, err := store.GetJob(ctx, s.Store.Read(), jobID)
	if err != nil {
		return "", missing(err, "job")
	}
	return job.BuildID, nil
}

// accept lets the agent take the job, with a token.
func (c *change) accept(job *store.Job, agentID, tokenHash string, acquire bool) error {
	var event build.Event = build.Accepted{JobID: job.ID, AgentID: agentID}
	if acquire {
		if err := acquirable(&job.Job, agentID); err != nil {
			return err
		}
		event = build.Acquired{JobID: job.ID, AgentID: agentID}
	}
	had := job.TokenHash
	job.TokenHash = &tokenHash // is saved with what the event changes
	changes, err := c.applied(event)
	if err != nil || !changes.Empty() || had != nil && *had == tokenHash {
		return err
	}
	return store.SetJobToken(c.ctx, c.tx, job.ID, &tokenHash)
}

// reachable returns a job that the agent may run: one of its own cluster. Others do not exist for it.
func (c *change) reachable(agent store.Agent, jobID string) (*store.Job, error) {
	job, err := c.graph.Row(jobID)
	if err != nil {
		return nil, missing(err, "job")
	}
	if job.QueueID == agent.QueueID {
		return job, nil
	}
	if job.QueueID == "" {
		return nil, fault.Missing("job")
	}
	queue, err := store.GetQueue(c.ctx, c.tx, job.QueueID)
	if err == nil && queue.ClusterID != agent.ClusterID {
		err = store.ErrNotFound
	}
	return job, missing(err, "job")
}

func acquirable(j *build.Job, agentID string) error {
	switch j.State {
	case build.JobScheduled, build.JobReserved:
		return nil
	case build.JobLimiting, build.JobLimited:
		return fault.New(fault.Locked, "The job cannot be acquired yet: its concurrency group has no slot for it")
	case build.JobPending, build.JobWaiting, build.JobBlocked:
		return fault.New(fault.Locked, "The job cannot be acquired yet: it waits for its dependencies")
	}
	if j.AgentID == agentID && !j.State.Terminal() {
		return nil
	}
	return fault.New(fault.Conflict, "The job has been taken by another agent, or has ended")
}

// jobEnvironment puts a job's variables together. What is around the build is read unless it is given.
func (s *Service) jobEnvironment(
	ctx context.Context, q sqldb.Queryer, around *store.Surroundings, b store.Build, j store.Job, step build.Step, agent store.Agent,
) (map[string]string, error) {
	if around == nil {
		read, err := store.SurroundingsOf(ctx, q, b.PipelineID, peopleOf(b))
		if err != nil {
			return nil, missing(err, "pipeline")
		}
		around = &read
	}
	shared, err := s.buildContext(ctx, q, b, *around)
	if err != nil {
		return nil, err
	}
	job := environment.Job{
		ID: j.ID, Label: j.Spec.Label, Command: j.Spec.Command, ArtifactPaths: step.Settings.ArtifactPaths,
		Plugins: j.Spec.Plugins, TimeoutMinutes: j.TimeoutMinutes, RetriesCount: j.RetriesCount,
		ParallelIndex: j.Spec.ParallelIndex, ParallelTotal: j.Spec.ParallelTotal, Env: j.Spec.Env,
		StepID: step.ID, StepKey: step.Key,
	}
	if step.GroupID != "" {
		group, err := store.GetStep(ctx, q, b.ID, step.GroupID)
		if err != nil {
			return nil, err
		}
		job.Group = &environment.Group{ID: group.ID, Key: group.Key, Label: group.Label}
	}
	who := environment.Agent{ID: agent.ID, Name: agent.Name, Tags: agent.Tags}
	if agent.ID != "" && dispatch.Queue(agent.Tags) == "" {
		queue, err := store.GetQueue(ctx, q, agent.QueueID)
		if err != nil {
			return nil, err
		}
		who.Tags = append([]string{dispatch.QueueKey + "=" + queue.Key}, agent.Tags...)
	}
	return environment.ForJob(shared, job, who), nil
}
