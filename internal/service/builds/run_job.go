package builds

import (
	"context"
	"time"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/store"
)

// Start says that the agent runs the job. Repeated, it does nothing.
func (s *Service) Start(ctx context.Context, job store.Job, at time.Time) error {
	return s.changeJob(ctx, job.BuildID, store.JobEvent{JobID: job.ID}, func(c *change) error {
		return c.apply(build.Started{JobID: job.ID, At: at})
	})
}

// Finish is an agent's report of a job's end (docs/contract/agent-api.md, section 8).
type Finish struct {
	ExitStatus   int
	Signal       string
	SignalReason string
	FinishedAt   time.Time
	// ChunksFailed counts pieces of the log that the agent gave up on.
	ChunksFailed int64
	// IgnoreAgent takes the agent out of dispatch in the same moment: it is leaving.
	IgnoreAgent bool
}

// Finish ends a job. Repeated, or for a job that has ended otherwise, it does nothing.
func (s *Service) Finish(ctx context.Context, job store.Job, f Finish) error {
	return s.changeJob(ctx, job.BuildID, store.JobEvent{JobID: job.ID, Ends: true}, func(c *change) error {
		c.reported = true
		if f.IgnoreAgent {
			if err := store.SetAgentIgnored(ctx, c.tx, job.AgentID); err != nil {
				return err
			}
			c.tx.AfterCommit(func() { s.Bus.Publish("agent:"+job.AgentID, "") })
		}
		if f.ChunksFailed > 0 {
			if err := store.SetJobChunksFailed(ctx, c.tx, job.ID, f.ChunksFailed); err != nil {
				return err
			}
		}
		return c.apply(build.Finished{
			JobID: job.ID, ExitStatus: f.ExitStatus, Signal: f.Signal, SignalReason: f.SignalReason, At: f.FinishedAt,
		})
	})
}

// JobState returns a job's state, which the agent that runs it polls for a cancel or a timeout.
func (s *Service) JobState(ctx context.Context, jobID string) (build.JobState, error) {
	job, err := store.GetJob(ctx, s.Store.Read(), jobID)
	if err != nil {
		return "", missing(err, "job")
	}
	return job.State, nil
}

// maxExtension is how much a job may add to its own timeout, in minutes (docs/contract/pipelines.md, section 14).
const maxExtension = 60

// UpdateTimeout changes the timeout of the running job itself, in minutes from its start.
func (s *Service) UpdateTimeout(ctx context.Context, job store.Job, timeoutMinutes int) error {
	if timeoutMinutes < 1 {
		return fault.New(fault.Invalid, "The timeout must be a positive number of minutes")
	}
	return s.change(ctx, job.BuildID, func(c *change) error {
		j, err := c.graph.Job(job.ID)
		if err != nil {
			return err
		}
		if j.Type != build.Script || j.State.Terminal() {
			return fault.New(fault.Invalid, "Only the timeout of an unfinished command job can be changed")
		}
		step, err := c.graph.Step(j.StepID)
		if err != nil {
			return err
		}
		if initial := c.effectiveTimeout(step.Settings.TimeoutMinutes); initial > 0 && timeoutMinutes > initial+maxExtension {
			return fault.New(fault.Invalid, "The timeout can be raised to at most %d minutes", initial+maxExtension)
		}
		if allowed := c.effectiveTimeout(timeoutMinutes); allowed < timeoutMinutes {
			return fault.New(fault.Invalid, "The pipeline's maximum timeout is %d minutes", allowed)
		}
		if err := store.SetJobTimeout(ctx, c.tx, j.ID, timeoutMinutes); err != nil {
			return err
		}
		j.TimeoutMinutes = timeoutMinutes
		return c.scheduleTimeout(j)
	})
}

// Promise records a running job's promise to fail. Another status than promised before is a Conflict, and one that is no
// failure Invalid.
func (s *Service) Promise(ctx context.Context, job store.Job, exitStatus int, reason string) error {
	return s.change(ctx, job.BuildID, func(c *change) error {
		if err := c.apply(build.Promised{JobID: job.ID, ExitStatus: exitStatus, Reason: reason}); err != nil {
			return err
		}
		row, err := c.graph.Row(job.ID)
		if err != nil || row.PromisedAt != nil {
			return err
		}
		return store.SetJobPromised(ctx, c.tx, job.ID, c.tx.Now())
	})
}

// AgentLeft gives back what was assigned to an agent that says good-bye and has not been started.
func (s *Service) AgentLeft(ctx context.Context, agentID string) error {
	defer s.dispatcher.forgetAgent(agentID)
	j, err := store.JobHeldBy(ctx, s.Store.Read(), agentID)
	if err != nil {
		return ignoreGone(err)
	}
	if j.State != build.JobAssigned && j.State != build.JobAccepted {
		return nil
	}
	return s.giveBack(ctx, j)
}
