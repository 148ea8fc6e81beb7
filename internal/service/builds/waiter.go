package builds

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/store"
)

// Waiter is an agent's open stream: the jobs assigned to it come through Jobs, one at a time. A job that was assigned
// and not accepted before the stream opened comes again.
type Waiter interface {
	// Jobs delivers ids of jobs. It is never closed.
	Jobs() <-chan string
	// Close stops deliveries. What is assigned stays so until the agent accepts it, asks again, or takes too long.
	Close()
}

// waiter is a Waiter; its fields are guarded by the dispatcher.
type waiter struct {
	d     *dispatcher
	agent store.Agent
	jobs  chan string
	// announced is the job that this stream was told of last.
	announced string
	close     sync.Once
}

// Wait opens a stream for an agent that may be given jobs. A second one for the same agent takes the place of the first.
func (s *Service) Wait(_ context.Context, agent store.Agent) Waiter {
	d := s.dispatcher
	w := &waiter{d: d, agent: agent, jobs: make(chan string, 1)}
	d.mu.Lock()
	defer d.mu.Unlock()
	q := d.queue(agent.QueueID)
	q.waiting[agent.ID] = w
	// Whatever this node believes may be old: the agent comes from another node, or has lost an answer.
	d.holder(agent.ID).doubt()
	d.assign(q)
	return w
}

func (w *waiter) Jobs() <-chan string { return w.jobs }

func (w *waiter) Close() {
	w.close.Do(func() {
		w.d.mu.Lock()
		defer w.d.mu.Unlock()
		if q := w.d.queue(w.agent.QueueID); q.waiting[w.agent.ID] == w {
			delete(q.waiting, w.agent.ID)
		}
	})
}

// deliver hands a job to the stream. An agent holds one job at a time, so that there is room unless an older one
// was never taken, which the newer then replaces.
func (w *waiter) deliver(jobID string) {
	w.announced = jobID
	for {
		select {
		case w.jobs <- jobID:
			return
		default:
		}
		select {
		case <-w.jobs:
		default:
		}
	}
}

// lookUp learns which jobs agents hold that this node is in doubt of, and offers unaccepted ones. The caller does not
// hold mu.
func (d *dispatcher) lookUp(ctx context.Context, queueID string) error {
	d.mu.Lock()
	asked := map[string]int{}
	for id := range d.queue(queueID).waiting {
		if h := d.holder(id); !h.known {
			asked[id] = h.version
		}
	}
	d.mu.Unlock()
	if len(asked) == 0 {
		return nil
	}
	held, err := store.JobsHeldBy(ctx, d.s.Store.Read(), slices.Collect(maps.Keys(asked)))
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	q := d.queue(queueID)
	for id, version := range asked {
		d.learn(q, id, version, held[id])
	}
	return nil
}

// learn takes what the database said of an agent that waits. The caller holds mu.
func (d *dispatcher) learn(q *queueState, agentID string, version int, j *store.Job) {
	jobID := ""
	if j != nil {
		jobID = j.ID
	}
	if !d.holder(agentID).learn(version, jobID) {
		q.again = true // more was told since the question
		return
	}
	// A stream is told of an assignment once, however often it is looked up.
	if w := q.waiting[agentID]; w != nil && j != nil && j.State == build.JobAssigned && w.announced != jobID {
		w.deliver(jobID)
	}
}
