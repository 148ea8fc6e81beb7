package agentapi

import (
	"fmt"

	"github.com/bridle-ci/bridle/internal/core/fault"
)

// caller is who may make a call: the holder of which token (docs/contract/agent-api.md, section 2).
type caller int

// The callers. The service checks an agent token together with what is asked.
const (
	tokenHolder caller = iota
	// agent has a session.
	agent
	// leavingAgent has a session that may have ended: its call is a repetition.
	leavingAgent
	// jobItself runs the job of the path, or a command in it.
	jobItself
	// neighbor is a job in the same cluster as the job of the path.
	neighbor
	// anyJob names no job in the path.
	anyJob
	// jobOrAgent is either; the agent is the one that runs the job.
	jobOrAgent
)

// admit finds out who calls and refuses whoever may not.
func (a *API) admit(c *call, rt route) error {
	switch rt.caller {
	case tokenHolder, leavingAgent:
		return nil
	case agent:
		return a.admitAgent(c)
	case jobOrAgent:
		// A job's token is asked for first: agents that know of none speak for their job with their session.
		if err := a.admitJob(c); err == nil || !fault.Is(err, fault.Unauthenticated) {
			return err
		}
		return a.admitAgent(c)
	}
	if err := a.admitJob(c); err != nil {
		return err
	}
	return a.checkReach(c, rt.caller)
}

func (a *API) admitAgent(c *call) error {
	found, err := a.Agents.Session(c.r.Context(), c.token)
	if err != nil {
		return fmt.Errorf("authenticate agent: %w", err)
	}
	c.agent = found
	return nil
}

// admitJob takes a job's token or, from agents older than those, the session of the agent that holds the job.
func (a *API) admitJob(c *call) error {
	job, err := a.Jobs.JobByToken(c.r.Context(), c.token)
	if err == nil {
		c.job = job
		return nil
	}
	if !fault.Is(err, fault.Unauthenticated) {
		return fmt.Errorf("authenticate job: %w", err)
	}
	held, heldErr := a.Agents.HeldJob(c.r.Context(), c.token)
	if heldErr != nil {
		return fmt.Errorf("authenticate job: %w", heldErr)
	}
	c.job = held
	return nil
}

// checkReach compares the job of the path with the one that asks. A neighbor's call is about the path's job from here.
func (a *API) checkReach(c *call, who caller) error {
	if who == anyJob {
		return nil
	}
	id, err := c.id("job")
	if err != nil || id == c.job.ID {
		return err
	}
	if who == jobItself {
		return fault.New(fault.Forbidden, "This job's token cannot be used for another job")
	}
	other, err := a.Agents.JobInCluster(c.r.Context(), c.job, id)
	if err != nil {
		return fmt.Errorf("find neighbor job: %w", err)
	}
	c.job = other
	return nil
}
