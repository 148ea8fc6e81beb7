package builds

import (
	"context"
	"time"

	"github.com/bridle-ci/bridle/internal/core/dispatch"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// assignedAtOnce is how many jobs are claimed in one transaction.
const assignedAtOnce = 100

// assignAgainAfter is how long to wait after an assignment that failed.
const assignAgainAfter = 500 * time.Millisecond

// assign gives runnable jobs to agents that wait on this node, in the background; while an assignment runs, it is made
// to look once more. The caller holds mu.
func (d *dispatcher) assign(q *queueState) {
	if len(q.waiting) == 0 {
		return
	}
	if q.assigning {
		q.again = true
		return
	}
	if d.ctx.Err() != nil {
		return
	}
	q.assigning = true
	d.work.Add(1)
	go d.assignAll(q)
}

func (d *dispatcher) assignAll(q *queueState) {
	defer d.work.Done()
	for {
		more, err := d.assignSome(d.ctx, q)
		d.mu.Lock()
		if err != nil && d.ctx.Err() == nil {
			d.s.Log.Error("assign jobs", "queue", q.id, "error", err)
			time.AfterFunc(assignAgainAfter, func() { d.assignLater(q) })
		}
		if err != nil || !more && !q.again {
			q.assigning = false
			d.mu.Unlock()
			return
		}
		q.again = false
		d.mu.Unlock()
	}
}

// assignLater looks once more after an assignment that failed, so that a passing fault costs a moment and no job.
func (d *dispatcher) assignLater(q *queueState) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.assign(q)
}

// assignSome decides once and claims what was decided; more says that there may be further pairs.
func (d *dispatcher) assignSome(ctx context.Context, q *queueState) (more bool, err error) {
	if err := d.reload(ctx, q.id); err != nil {
		return false, err
	}
	if err := d.lookUp(ctx, q.id); err != nil {
		return false, err
	}
	pairs := d.pairs(q)
	if len(pairs) == 0 {
		return false, nil
	}
	claimed, err := d.claim(ctx, pairs)
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, p := range pairs {
		if claimed[p.JobID] == "" {
			d.holder(p.AgentID).doubt()
			q.stale = q.stale || err != nil // the job may still be there for the taking
			continue
		}
		if w := q.waiting[p.AgentID]; w != nil {
			w.deliver(p.JobID)
		}
	}
	return true, err
}

// pairs decides, and takes the jobs out of the list and the agents out of the free ones.
func (d *dispatcher) pairs(q *queueState) []dispatch.Pair {
	d.mu.Lock()
	defer d.mu.Unlock()
	if q.paused || q.jobs.Len() == 0 {
		return nil
	}
	var free []dispatch.Agent
	for id, w := range q.waiting {
		if d.holder(id).free() {
			free = append(free, agentCandidate(w.agent))
		}
	}
	if len(free) == 0 {
		return nil
	}
	pairs := q.jobs.Assign(free)
	pairs = pairs[:min(len(pairs), assignedAtOnce)]
	for _, p := range pairs {
		q.jobs.Remove(p.JobID)
		d.holder(p.AgentID).set(p.JobID)
	}
	return pairs
}

func agentCandidate(a store.Agent) dispatch.Agent {
	c := dispatch.Agent{ID: a.ID, Priority: a.Priority, Tags: a.Tags}
	if a.LastJobFinishedAt != nil {
		c.LastFinishedAt = a.LastJobFinishedAt.UnixMicro()
	}
	return c
}

// claim makes the pairs true where the jobs are still scheduled, and returns the builds of those that were, by job.
func (d *dispatcher) claim(ctx context.Context, pairs []dispatch.Pair) (map[string]string, error) {
	claims := make([]store.Claim, len(pairs))
	agents := make([]string, len(pairs))
	for i, p := range pairs {
		claims[i] = store.Claim{JobID: p.JobID, AgentID: p.AgentID}
		agents[i] = p.AgentID
	}
	var claimed map[string]string
	err := d.s.Store.Write(ctx, func(tx *sqldb.Tx) (err error) {
		claimed, err = store.ClaimJobs(ctx, tx, claims, tx.Now())
		return err
	})
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	for _, p := range pairs {
		d.holder(p.AgentID).ofBuild(p.JobID, claimed[p.JobID])
	}
	d.mu.Unlock()
	d.tellHolders(agents)
	return claimed, nil
}
