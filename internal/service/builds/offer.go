package builds

import (
	"context"
	"errors"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/dispatch"
	"github.com/bridle-ci/bridle/internal/store"
)

// Offer returns the job an agent that asks should accept: one that was assigned to it before and not accepted, or else
// the best it matches, which is claimed for it. "" means that there is none. When this node knows the agent and its
// queue, an answer of none costs no statement.
func (s *Service) Offer(ctx context.Context, agent store.Agent) (string, error) {
	d := s.dispatcher
	id, busy, err := d.assignedTo(ctx, agent)
	if err != nil || id != "" || busy {
		return id, err
	}
	if err := d.reload(ctx, agent.QueueID); err != nil {
		return "", err
	}
	for {
		job, found := d.take(agent)
		if !found {
			return "", nil
		}
		claimed, err := d.claim(ctx, []dispatch.Pair{{JobID: job.ID, AgentID: agent.ID}})
		if err != nil || claimed[job.ID] == "" {
			d.drop(agent, job, err)
		}
		if err != nil {
			return "", err
		}
		if claimed[job.ID] != "" {
			return job.ID, nil
		}
	}
}

// assignedTo returns the job that was assigned to an agent and not accepted. An agent that asks runs nothing, so that a
// job it is believed to run is looked up again: busy says that the row agrees.
func (d *dispatcher) assignedTo(ctx context.Context, agent store.Agent) (id string, busy bool, err error) {
	d.mu.Lock()
	h := d.holder(agent.ID)
	free, version := h.free(), h.version
	d.mu.Unlock()
	if free {
		return "", false, nil
	}
	j, err := store.JobHeldBy(ctx, d.s.Store.Read(), agent.ID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return "", false, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err != nil {
		d.holder(agent.ID).learn(version, "")
		return "", false, nil
	}
	d.holder(agent.ID).learn(version, j.ID)
	if j.State == build.JobAssigned {
		return j.ID, true, nil
	}
	return "", true, nil
}

// take finds a job for an agent and takes both out of what is free.
func (d *dispatcher) take(agent store.Agent) (dispatch.Job, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	q := d.queue(agent.QueueID)
	if q.paused {
		return dispatch.Job{}, false
	}
	job, found := q.jobs.First(agentCandidate(agent))
	if found {
		q.jobs.Remove(job.ID)
		d.holder(agent.ID).set(job.ID)
	}
	return job, found
}

// drop undoes take after a claim that failed; err says whether the job may still be free.
func (d *dispatcher) drop(agent store.Agent, job dispatch.Job, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.holder(agent.ID).doubt()
	if err != nil {
		d.queue(agent.QueueID).jobs.Add(job)
	}
}
