package builds

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/dispatch"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

const (
	// knownJobs is how many runnable jobs of a queue a node keeps in memory; it reads on when few are left.
	knownJobs = 4000
	fewJobs   = knownJobs / 8
	// reloadEvery is how often a node looks at its queues without a hint, in case one was lost.
	reloadEvery = 15 * time.Second
)

// dispatcher is what this node knows of runnable jobs and of agents that wait for them. All of it is hints: the rows are
// the truth, a claim is a compare-and-set on one of them, and a wrong hint costs one claim that fails.
type dispatcher struct {
	s *Service
	// nodeID marks hints of this node's own, which it need not follow.
	nodeID string

	mu     sync.Mutex
	queues map[string]*queueState
	// holders are the agents this node has heard of.
	holders map[string]*holder
	// work counts assignments that are under way.
	work sync.WaitGroup
	ctx  context.Context
	// forget ends the subscription to what agents hold.
	forget func()
}

// queueState is one queue as this node sees it.
type queueState struct {
	id   string
	jobs *dispatch.List
	// loaded: the runnable jobs were read once. stale: others changed them since. partial: there are more than are kept.
	loaded, stale, partial bool
	paused                 bool
	// differ: a retry prefers another agent than the attempt before.
	differ bool
	// waiting are the agents with an open stream on this node.
	waiting map[string]*waiter
	// assigning: an assignment is under way; again: it has to look once more.
	assigning, again bool
	forget           func()
	// reading is held while the rows are read, so that many who miss the same do it once.
	reading sync.Mutex
}

func newDispatcher(s *Service) *dispatcher {
	d := &dispatcher{
		s: s, nodeID: store.NewID(), queues: map[string]*queueState{}, holders: map[string]*holder{},
		ctx: context.Background(),
	}
	hints, forget := s.Bus.Subscribe(holdersTopic)
	d.forget = forget
	go d.followHolders(hints)
	return d
}

// run follows hints until ctx ends and then waits for what is under way.
func (d *dispatcher) run(ctx context.Context) error {
	d.mu.Lock()
	d.ctx = ctx
	d.mu.Unlock()
	ticker := time.NewTicker(reloadEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			d.stop()
			d.work.Wait()
			return nil
		case <-ticker.C:
			d.staleAll()
		}
	}
}

func (d *dispatcher) stop() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.forget()
	for _, q := range d.queues {
		q.forget()
	}
}

// queue returns the state of a queue, following its hints from now on. The caller holds mu.
func (d *dispatcher) queue(id string) *queueState {
	if q := d.queues[id]; q != nil {
		return q
	}
	q := &queueState{id: id, jobs: dispatch.NewList(nil), waiting: map[string]*waiter{}}
	hints, forget := d.s.Bus.Subscribe("queue:" + id)
	q.forget = forget
	d.queues[id] = q
	go d.follow(id, hints)
	return q
}

func (d *dispatcher) follow(queueID string, hints <-chan string) {
	for from := range hints {
		if from != d.nodeID {
			d.stale(queueID)
		}
	}
}

// stale says that other nodes changed a queue.
func (d *dispatcher) stale(queueID string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if q := d.queues[queueID]; q != nil {
		q.stale = true
		d.assign(q)
	}
}

func (d *dispatcher) staleAll() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, q := range d.queues {
		q.stale = true
		d.assign(q)
	}
}

// add tells of jobs that became runnable on this node.
func (d *dispatcher) add(jobs []*build.Job) {
	if len(jobs) == 0 {
		return
	}
	var touched []string
	d.mu.Lock()
	for _, j := range jobs {
		q := d.queue(j.QueueID)
		if q.differ && j.RetrySourceID != "" {
			q.stale = true // who ran the earlier attempt has to be read
		} else {
			q.jobs.Add(d.candidate(j, ""))
		}
		if !slices.Contains(touched, j.QueueID) {
			touched = append(touched, j.QueueID)
		}
	}
	for _, id := range touched {
		d.assign(d.queues[id])
	}
	d.mu.Unlock()
	for _, id := range touched {
		d.s.Bus.Publish("queue:"+id, d.nodeID)
	}
}

// withdraw takes jobs out that are runnable no more.
func (d *dispatcher) withdraw(jobs []*build.Job) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, j := range jobs {
		if q := d.queues[j.QueueID]; q != nil {
			q.jobs.Remove(j.ID)
		}
	}
}

// candidate is a job as dispatch sees it. ranOn is the agent of the attempt before, when another one is preferred.
func (d *dispatcher) candidate(j *build.Job, ranOn string) dispatch.Job {
	c := dispatch.Job{
		ID: j.ID, Priority: j.Priority, ScheduledAt: j.ScheduledAt.UnixMicro(), UploadOrder: j.StepPath, Index: j.Index,
		Rules: j.Spec.Agents, AvoidAgentID: ranOn,
	}
	if d.s.AnyAgent {
		c.Rules = nil
	}
	return c
}

// reload reads a queue's runnable jobs when they are not known or others changed them. What is in memory already stays:
// a job that has become runnable since the reading must not be lost. The caller does not hold mu.
func (d *dispatcher) reload(ctx context.Context, queueID string) error {
	d.mu.Lock()
	q := d.queue(queueID)
	needed := q.needsReading()
	d.mu.Unlock()
	if !needed {
		return nil
	}
	q.reading.Lock()
	defer q.reading.Unlock()
	d.mu.Lock()
	needed, q.stale = q.needsReading(), false
	d.mu.Unlock()
	if !needed {
		return nil
	}
	read := d.s.Store.Read()
	row, err := store.GetQueue(ctx, read, queueID)
	if err != nil {
		return err
	}
	jobs, err := store.RunnableJobs(ctx, read, queueID, knownJobs)
	if err != nil {
		return err
	}
	differ := row.RetryAgentAffinity == store.PreferDifferent
	var ranOn map[string]string
	if differ {
		if ranOn, err = earlierAgents(ctx, read, jobs); err != nil {
			return err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	q.loaded, q.partial, q.paused, q.differ = true, len(jobs) == knownJobs, row.PausedAt != nil, differ
	candidates := make([]dispatch.Job, len(jobs))
	for i, j := range jobs {
		candidates[i] = d.candidate(&j.Job, ranOn[j.RetrySourceID])
	}
	q.jobs.AddAll(candidates)
	return nil
}

// needsReading is asked under the dispatcher's mu.
func (q *queueState) needsReading() bool {
	return !q.loaded || q.stale || q.partial && q.jobs.Len() < fewJobs
}

// earlierAgents returns, by job, the agents that ran the attempts which jobs are retries of.
func earlierAgents(ctx context.Context, q sqldb.Queryer, jobs []*store.Job) (map[string]string, error) {
	var sources []string
	for _, j := range jobs {
		if j.RetrySourceID != "" {
			sources = append(sources, j.RetrySourceID)
		}
	}
	earlier, err := store.GetJobs(ctx, q, sources)
	agents := make(map[string]string, len(earlier))
	for id, j := range earlier {
		agents[id] = j.AgentID
	}
	return agents, err
}
