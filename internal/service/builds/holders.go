package builds

import (
	"strings"

	"github.com/bridle-ci/bridle/internal/bus"
	"github.com/bridle-ci/bridle/internal/store"
)

// holder is what this node knows of one agent and the job it holds.
type holder struct {
	// known says that jobID is what the rows said, or what happened on this node since.
	known bool
	// jobID is empty for an agent that holds none.
	jobID string
	// buildID is the job's build, where it is known.
	buildID string
	// version counts what was told of the agent, so that an answer of the database which is older than that is noticed.
	version int
}

// holder returns what is known of an agent. The caller holds mu.
func (d *dispatcher) holder(agentID string) *holder {
	h := d.holders[agentID]
	if h == nil {
		h = &holder{}
		d.holders[agentID] = h
	}
	return h
}

// set notes which job an agent holds now.
func (h *holder) set(jobID string) {
	h.known, h.jobID, h.buildID = true, jobID, ""
	h.version++
}

// ofBuild notes which build the job is of that the agent holds.
func (h *holder) ofBuild(jobID, buildID string) {
	if h.jobID == jobID {
		h.buildID = buildID
	}
}

// doubt says that what is known may be wrong.
func (h *holder) doubt() {
	h.known, h.jobID, h.buildID = false, "", ""
	h.version++
}

// free reports whether the agent is known to hold nothing.
func (h *holder) free() bool { return h.known && h.jobID == "" }

// learn takes an answer of the database that was asked for at a version; false when more was told since.
func (h *holder) learn(version int, jobID string) bool {
	if h.version != version {
		return false
	}
	if h.jobID != jobID {
		h.buildID = ""
	}
	h.known, h.jobID = true, jobID
	return true
}

// holdersTopic carries hints that agents were given jobs or have ended one: the node's id, then the agents' ids.
const holdersTopic = "agents-held-jobs"

// agentsInHint is how many agents one hint names at the most: an id has 36 bytes.
const agentsInHint = bus.MaxPayload/40 - 2

// tellHolders tells other nodes that what agents hold has changed.
func (d *dispatcher) tellHolders(agentIDs []string) {
	for len(agentIDs) > 0 {
		n := min(len(agentIDs), agentsInHint)
		d.s.Bus.Publish(holdersTopic, d.nodeID+" "+strings.Join(agentIDs[:n], " "))
		agentIDs = agentIDs[n:]
	}
}

// followHolders doubts what it knew of agents that other nodes gave jobs to, or took them from.
func (d *dispatcher) followHolders(hints <-chan string) {
	for hint := range hints {
		words := strings.Fields(hint)
		if len(words) > 0 && words[0] == d.nodeID {
			continue
		}
		d.mu.Lock()
		if hint == bus.Missed {
			for _, h := range d.holders {
				h.doubt()
			}
			for _, q := range d.queues {
				d.assign(q)
			}
		} else {
			d.doubt(words[1:])
		}
		d.mu.Unlock()
	}
}

// doubt makes the agents be looked up again before they are given anything. The caller holds mu.
func (d *dispatcher) doubt(agentIDs []string) {
	for _, id := range agentIDs {
		if h := d.holders[id]; h != nil {
			h.doubt()
		}
		for _, q := range d.queues {
			if q.waiting[id] != nil {
				d.assign(q)
			}
		}
	}
}

// freed tells of agents that hold a job no more.
func (d *dispatcher) freed(agentIDs []string) {
	if len(agentIDs) == 0 {
		return
	}
	d.mu.Lock()
	for _, id := range agentIDs {
		d.holder(id).set("")
		for _, q := range d.queues {
			if w := q.waiting[id]; w != nil {
				d.assign(q)
			}
		}
	}
	d.mu.Unlock()
	d.tellHolders(agentIDs)
}

// holds notes that an agent has a job.
func (d *dispatcher) holds(agentID string, j store.Job) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.holder(agentID).set(j.ID)
	if q := d.queues[j.QueueID]; q != nil {
		q.jobs.Remove(j.ID)
	}
}

// buildOf returns the build of a job that an agent was given on this node, or "" when it is not known to have been.
func (d *dispatcher) buildOf(agentID, jobID string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if h := d.holders[agentID]; h != nil && h.jobID == jobID {
		return h.buildID
	}
	return ""
}

// forgetAgent drops what is known of an agent that left.
func (d *dispatcher) forgetAgent(agentID string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.holders, agentID)
}
