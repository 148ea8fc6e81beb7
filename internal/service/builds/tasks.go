package builds

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/queue"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// The kinds of background tasks of builds. Agents that vanish and jobs to be canceled are told by the agents' use cases,
// and logs are closed by the logs' own; the names are all they share.
const (
	taskAgentLost    = "builds.agent_lost"
	taskCancelJob    = "builds.cancel_job"
	taskTimeout      = "builds.timeout"
	taskTrigger      = "builds.trigger"
	taskCancelChild  = "builds.cancel_child"
	taskChildChanged = "builds.child_changed"
	taskSupersede    = "builds.supersede"
	taskForceCancel  = "builds.force_cancel"
	taskConcurrency  = "builds.concurrency"
	taskSweep        = "builds.sweep"
	taskCloseLog     = "logs.close"
)

type jobTask struct {
	JobID string `json:"job_id"`
}

type buildTask struct {
	BuildID string `json:"build_id"`
}

type childTask struct {
	JobID   string `json:"job_id"`
	BuildID string `json:"build_id"`
}

type stepTask struct {
	BuildID string `json:"build_id"`
	StepID  string `json:"step_id"`
}

type logTask struct {
	JobID      string `json:"job_id"`
	BuildID    string `json:"build_id"`
	PipelineID string `json:"pipeline_id"`
}

func (s *Service) registerTasks() {
	handle(s, taskAgentLost, s.jobEvent(func(id string) build.Event { return build.AgentLost{JobID: id} }))
	handle(s, taskCancelJob, s.jobEvent(func(id string) build.Event { return build.CanceledJob{JobID: id} }))
	handle(s, taskTimeout, s.timeOut)
	handle(s, taskTrigger, s.trigger, neverGiveUp)
	handle(s, taskCancelChild, s.cancelChildren, neverGiveUp)
	handle(s, taskChildChanged, s.childChanged, neverGiveUp)
	handle(s, taskSupersede, s.supersedeOlder)
	handle(s, taskForceCancel, s.forceCancel)
	handle(s, taskConcurrency, s.giveSlots, neverGiveUp)
	handle(s, taskSweep, s.sweep)
}

// handle registers a handler of tasks with a payload of type T.
func handle[T any](s *Service, kind string, handler func(ctx context.Context, payload T) error, options ...queue.Option) {
	s.Queue.Handle(kind, func(ctx context.Context, task queue.Task) error {
		var payload T
		if err := json.Unmarshal(task.Payload, &payload); err != nil {
			return queue.Permanent(fmt.Errorf("read payload of %s: %w", kind, err))
		}
		return handler(ctx, payload)
	}, options...)
}

// jobEvent returns a handler that lets one event happen to a job. A job that is gone, or past the event, is well.
func (s *Service) jobEvent(event func(jobID string) build.Event) func(context.Context, jobTask) error {
	return func(ctx context.Context, task jobTask) error {
		job, err := store.GetJob(ctx, s.Store.Read(), task.JobID)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		return ignoreLate(s.change(ctx, job.BuildID, func(c *change) error { return c.apply(event(task.JobID)) }))
	}
}

// ignoreLate drops the errors of an event that came when its build or job was past it.
func ignoreLate(err error) error {
	if fault.Is(err, fault.Conflict) || fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

func (s *Service) forceCancel(ctx context.Context, task stepTask) error {
	return ignoreLate(s.change(ctx, task.BuildID, func(c *change) error {
		return c.apply(build.ForceCanceled{StepID: task.StepID})
	}))
}

// scheduleTimeout asks for a running job to be looked at when its time is over.
func (c *change) scheduleTimeout(j *build.Job) error {
	if j.TimeoutMinutes == 0 || j.StartedAt == nil {
		return nil
	}
	return c.enqueue(taskTimeout, j.ID, jobTask{JobID: j.ID}, j.StartedAt.Add(minutes(j.TimeoutMinutes)))
}

// timeOut ends a job whose time is over, or looks again later when it was given more.
func (s *Service) timeOut(ctx context.Context, task jobTask) error {
	job, err := store.GetJob(ctx, s.Store.Read(), task.JobID)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return ignoreLate(s.change(ctx, job.BuildID, func(c *change) error {
		j, err := c.graph.Job(task.JobID)
		if err != nil || j.State != build.JobRunning || j.TimeoutMinutes == 0 || j.StartedAt == nil {
			return err
		}
		if j.StartedAt.Add(minutes(j.TimeoutMinutes)).After(c.tx.Now()) {
			return c.scheduleTimeout(j)
		}
		return c.apply(build.TimedOut{JobID: task.JobID})
	}))
}

func minutes(n int) time.Duration { return time.Duration(n) * time.Minute }

const (
	// sweepEvery is how often jobs are looked for that nobody got on with.
	sweepEvery = 20 * time.Second
	// heldFor is how long an agent may take to accept or start a job (docs/contract/pipelines.md, section 33, row 13).
	heldFor = time.Minute
	// expireAfter is how long a job may wait for an agent (docs/contract/pipelines.md, section 14).
	expireAfter = 30 * 24 * time.Hour
	sweepBatch  = 500
	// repeatsWithin is how long an agent may send a request again.
	repeatsWithin = 24 * time.Hour
)

// Schedule makes sure that there is a next look at what nobody gets on with, one for all nodes. It is called at each
// start, before anything is served.
func (s *Service) Schedule(ctx context.Context) error {
	return s.Store.Write(ctx, func(tx *sqldb.Tx) error {
		return s.Queue.Enqueue(ctx, tx, queue.Task{Kind: taskSweep, Key: "all", Payload: []byte("{}"), RunAt: tx.Now().Add(sweepEvery)})
	})
}

// sweep returns jobs to their queue that an agent did not accept or start in time, expires those that waited too long
// for any agent, and looks after concurrency groups.
func (s *Service) sweep(ctx context.Context, _ struct{}) error {
	var now time.Time
	err := s.Store.Write(ctx, func(tx *sqldb.Tx) error {
		now = tx.Now()
		if err := store.ForgetOnce(ctx, tx, now.Add(-repeatsWithin)); err != nil {
			return err
		}
		return s.Queue.Enqueue(ctx, tx, queue.Task{Kind: taskSweep, Key: "all", Payload: []byte("{}"), RunAt: now.Add(sweepEvery)})
	})
	if err != nil {
		return err
	}
	if err := s.lookAtIdleGroups(ctx); err != nil {
		return err
	}
	held, err := store.JobsHeldSince(ctx, s.Store.Read(), now.Add(-heldFor), sweepBatch)
	if err != nil {
		return err
	}
	for _, j := range held {
		if err := s.giveBack(ctx, j); err != nil {
			return err
		}
	}
	old, err := store.JobsRunnableSince(ctx, s.Store.Read(), now.Add(-expireAfter), sweepBatch)
	if err != nil {
		return err
	}
	for _, j := range old {
		err := s.change(ctx, j.BuildID, func(c *change) error { return c.apply(build.Expired{JobID: j.ID}) })
		if err := ignoreLate(err); err != nil {
			return err
		}
	}
	return nil
}

// giveBack returns a job that an agent holds and has not started to its queue.
func (s *Service) giveBack(ctx context.Context, j *store.Job) error {
	err := s.change(ctx, j.BuildID, func(c *change) error {
		current, err := c.graph.Job(j.ID)
		if err != nil || current.AgentID != j.AgentID {
			return err // it went to another agent meanwhile
		}
		c.freed = append(c.freed, j.AgentID)
		return c.apply(build.Returned{JobID: j.ID})
	})
	return ignoreLate(err)
}
