package builds

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/queue"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// change is one build under its lock, within one transaction.
type change struct {
	*Service
	ctx   context.Context
	tx    *sqldb.Tx
	build store.Build
	graph *store.Graph
	place *placement
	// around is what was read of the build's surroundings, if it was.
	around *store.Surroundings

	// reported: the agent itself says that its job ended, and so has sent all of the log.
	reported bool

	// What the dispatcher of this node is told after the commit.
	runnable  []*build.Job
	withdrawn []*build.Job
	freed     []string
}

// change runs fn on a build under its lock. fn may run again when the transaction has to be repeated.
func (s *Service) change(ctx context.Context, buildID string, fn func(c *change) error) error {
	return s.Store.WriteTogether(ctx, buildID, nil, func(tx *sqldb.Tx) error {
		store.ForgetShared(tx, buildID)
		return s.changeInTx(ctx, tx, buildID, fn)
	})
}

// changeAlone is change for a function that goes on to take locks of other things than the build: two groups of such
// might wait for each other.
func (s *Service) changeAlone(ctx context.Context, buildID string, fn func(c *change) error) error {
	return s.Store.Write(ctx, func(tx *sqldb.Tx) error { return s.changeInTx(ctx, tx, buildID, fn) })
}

func (s *Service) changeInTx(ctx context.Context, tx *sqldb.Tx, buildID string, fn func(c *change) error) error {
	b, err := store.LockBuild(ctx, tx, buildID)
	if err != nil {
		return missing(err, "build")
	}
	return fn(s.newChange(ctx, tx, b, store.NewGraph(ctx, tx, buildID)))
}

// changeJob is change for an event of a job. fn changes nothing of the build and its parts but by apply: what it leaves in
// memory is what the next event of those that share the transaction begins with.
func (s *Service) changeJob(ctx context.Context, buildID string, ev store.JobEvent, fn func(c *change) error) error {
	return s.Store.WriteTogether(ctx, buildID, ev, func(tx *sqldb.Tx) error {
		locked, err := store.LockBuildFor(ctx, tx, buildID, ev)
		if err != nil {
			return missing(err, "build")
		}
		c := s.newChange(ctx, tx, locked.Build, locked.Graph)
		c.around = locked.Around
		if err := fn(c); err != nil {
			return err
		}
		locked.Build = c.build
		locked.Share(tx)
		return nil
	})
}

func (s *Service) newChange(ctx context.Context, tx *sqldb.Tx, b store.Build, graph *store.Graph) *change {
	c := &change{Service: s, ctx: ctx, tx: tx, build: b, graph: graph}
	tx.AfterCommit(c.committed)
	return c
}

// apply lets an event happen to the build and saves what it changed.
func (c *change) apply(ev build.Event) error {
	_, err := c.applied(ev)
	return err
}

// applied is apply for those who want to know what changed.
func (c *change) applied(ev build.Event) (*build.Changes, error) {
	waited := c.build.StartedAt == nil
	changes, err := c.decide(ev)
	if err != nil || changes.Empty() {
		return changes, err
	}
	if err := c.graph.Save(&c.build, changes); err != nil {
		return nil, err
	}
	if err := c.carryOut(changes.Effects); err != nil {
		return nil, err
	}
	if waited && c.build.StartedAt != nil {
		return changes, c.supersedeAtStart()
	}
	return changes, nil
}

// decide asks the rules without saving anything.
func (c *change) decide(ev build.Event) (*build.Changes, error) {
	m := &build.Machine{
		Build: &c.build.Build, Source: c.graph, Now: c.tx.Now(), NewID: store.NewID, Limits: c.Limits,
		Place: c.placeJob, Timeout: c.effectiveTimeout,
	}
	changes, err := m.Apply(ev)
	if err != nil {
		return nil, asFault(err)
	}
	return changes, nil
}

// carryOut does within the transaction what an event's effects ask for, and remembers the rest for after it.
func (c *change) carryOut(effects []build.Effect) error {
	for _, effect := range effects {
		if err := c.carryOutOne(effect); err != nil {
			return fmt.Errorf("carry out %T: %w", effect, err)
		}
	}
	return nil
}

func (c *change) carryOutOne(effect build.Effect) error {
	switch e := effect.(type) {
	case build.JobRunnable:
		c.runnable = append(c.runnable, e.Job)
	case build.JobWithdrawn:
		c.withdrawn = append(c.withdrawn, e.Job)
	case build.JobStarted:
		return c.scheduleTimeout(e.Job)
	case build.JobEnded:
		return c.jobEnded(e.Job)
	case build.TriggerBuild:
		return c.enqueue(taskTrigger, e.Job.ID, jobTask{JobID: e.Job.ID}, time.Time{})
	case build.CancelChild:
		return c.enqueue(taskCancelChild, e.Job.ID, jobTask{JobID: e.Job.ID}, time.Time{})
	case build.GroupChanged:
		return c.groupChanged(e.Group)
	case build.BuildChanged:
		return c.buildChanged()
	}
	// JobOffered, JobRetrying and JobCancel need nothing here: the rows say it, and the agent polls them.
	return nil
}

// jobEnded frees the agent that held a job and closes the job's log.
func (c *change) jobEnded(j *build.Job) error {
	if j.Type != build.Script || j.AgentID == "" {
		return nil
	}
	c.freed = append(c.freed, j.AgentID)
	if err := store.SetAgentFinishedJob(c.ctx, c.tx, j.AgentID, c.tx.Now()); err != nil {
		return err
	}
	if j.StartedAt == nil {
		return nil
	}
	logged, err := c.graph.HasLog(j.ID)
	if err != nil {
		return err
	}
	task := logTask{JobID: j.ID, BuildID: c.build.ID, PipelineID: c.build.PipelineID}
	switch {
	case logged:
		return c.enqueue(taskCloseLog, j.ID, task, time.Time{})
	case !c.reported:
		return c.enqueue(taskCloseLog, j.ID, task, c.tx.Now().Add(lateLogAfter))
	}
	return nil
}

// lateLogAfter is when a log is closed that may have been opened at the very moment when the server ended its job.
const lateLogAfter = time.Minute

// buildChanged tells the parent of a triggered build.
func (c *change) buildChanged() error {
	if c.build.TriggeredJobID == nil {
		return nil
	}
	return c.enqueue(taskChildChanged, *c.build.TriggeredJobID, childTask{JobID: *c.build.TriggeredJobID, BuildID: c.build.ID}, time.Time{})
}

// enqueue adds a background task to the transaction; a zero time is now.
func (c *change) enqueue(kind, key string, payload any, at time.Time) error {
	if at.IsZero() {
		at = c.tx.Now()
	}
	return c.Service.enqueue(c.ctx, c.tx, kind, key, payload, at)
}

func (s *Service) enqueue(ctx context.Context, tx *sqldb.Tx, kind, key string, payload any, at time.Time) error {
	body, err := json.Marshal(payload)
	if err != nil {
		return err
	}
	return s.Queue.Enqueue(ctx, tx, queue.Task{Kind: kind, Key: key, Payload: body, RunAt: at})
}

// committed tells this node's dispatcher and everybody who watches the build.
func (c *change) committed() {
	c.dispatcher.withdraw(c.withdrawn)
	c.dispatcher.freed(c.freed)
	c.dispatcher.add(c.runnable)
	c.Bus.Publish("build:"+c.build.ID, "")
}
