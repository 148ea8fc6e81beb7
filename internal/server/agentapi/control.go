package agentapi

// target is the agent that a call without an agent's id is about: the one that asks, or the one that runs the job that
// asks (docs/contract/agent-api.md, section 2).
func (c *call) target() string {
	if c.agent.ID != "" {
		return c.agent.ID
	}
	return c.job.AgentID
}

// stop is `buildkite-agent stop`, and an agent's word that it is leaving once its job is done.
func (a *API) stop(c *call) error {
	var in struct {
		Force bool `json:"force"`
	}
	if err := c.body(&in, maxBody); err != nil {
		return err
	}
	if err := a.Agents.Stop(c.r.Context(), c.target(), in.Force); err != nil {
		return err
	}
	return c.done()
}

func (a *API) pause(c *call) error {
	var in struct {
		Note             string `json:"note"`
		TimeoutInMinutes int    `json:"timeout_in_minutes"`
	}
	if err := c.body(&in, maxBody); err != nil {
		return err
	}
	if err := a.Agents.Pause(c.r.Context(), c.target(), in.Note, in.TimeoutInMinutes); err != nil {
		return err
	}
	return c.done()
}

func (a *API) resume(c *call) error {
	if err := a.Agents.Resume(c.r.Context(), c.target()); err != nil {
		return err
	}
	return c.done()
}
