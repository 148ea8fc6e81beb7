package rest

import "github.com/bridle-ci/bridle/internal/service/agents"

func (a *API) listAgents(c *call) error {
	var filter agents.AgentFilter
	for name, value := range map[string]*string{
		"name": &filter.Name, "hostname": &filter.Hostname, "version": &filter.Version, "cluster_queue_id": &filter.QueueID,
	} {
		var err error
		if *value, err = c.query.text(name); err != nil {
			return err
		}
	}
	p, rows := c.page()
	views, total, err := a.Agents.Agents(c.r.Context(), c.actor, filter, rows)
	if err != nil {
		return err
	}
	out, err := a.showAgents(c, views)
	if err != nil {
		return err
	}
	return list(c, p, total, out)
}

func (a *API) getAgent(c *call) error {
	view, err := a.Agents.Agent(c.r.Context(), c.actor, c.r.PathValue("agent"))
	if err != nil {
		return err
	}
	out, err := a.showAgents(c, []agents.AgentView{view})
	if err != nil {
		return err
	}
	return c.ok(out[0])
}

func (a *API) stopAgent(c *call) error {
	var in struct {
		Force *bool `json:"force"`
	}
	if err := c.body(&in); err != nil {
		return err
	}
	force := in.Force == nil || *in.Force
	if err := a.Agents.StopAgent(c.r.Context(), c.actor, c.r.PathValue("agent"), force); err != nil {
		return err
	}
	return c.noContent()
}

// createAgent tells a client of the time when agents were made here what to do now.
func (a *API) createAgent(c *call) error {
	if err := c.body(&struct{}{}); err != nil {
		return err
	}
	return a.Agents.CreateAgent(c.r.Context(), c.actor)
}

// deleteAgent stops the agent as stopAgent does by default: that is what is left of deleting one.
func (a *API) deleteAgent(c *call) error {
	if err := a.Agents.StopAgent(c.r.Context(), c.actor, c.r.PathValue("agent"), true); err != nil {
		return err
	}
	return c.noContent()
}

func (a *API) pauseAgent(c *call) error {
	var in struct {
		Note             *string `json:"note"`
		TimeoutInMinutes *int64  `json:"timeout_in_minutes"`
	}
	if err := c.body(&in); err != nil {
		return err
	}
	err := a.Agents.PauseAgent(c.r.Context(), c.actor, c.r.PathValue("agent"), in.Note, in.TimeoutInMinutes)
	if err != nil {
		return err
	}
	return c.noContent()
}

func (a *API) resumeAgent(c *call) error {
	if err := a.Agents.ResumeAgent(c.r.Context(), c.actor, c.r.PathValue("agent")); err != nil {
		return err
	}
	return c.noContent()
}

// showAgents returns the objects of agents with the jobs they hold.
func (a *API) showAgents(c *call, views []agents.AgentView) ([]*agentObject, error) {
	held, err := a.heldJobs(c, views)
	if err != nil {
		return nil, err
	}
	return each(views, func(v agents.AgentView) *agentObject {
		with := agentParts{creator: v.Creator, pausedBy: v.PausedBy, job: held[v.ID]}
		if v.Queue != nil {
			with.queueKey = v.Queue.Key
		}
		return c.objects().agent(v.Agent, with)
	}), nil
}

// heldJobs returns the objects of the jobs that agents hold, by agent.
func (a *API) heldJobs(c *call, views []agents.AgentView) (map[string]*scriptJob, error) {
	ids := each(views, func(v agents.AgentView) string { return v.ID })
	jobs, places, with, err := a.Builds.HeldJobs(c.r.Context(), c.actor, ids)
	if err != nil {
		return nil, err
	}
	held := make(map[string]*scriptJob, len(jobs))
	for i := range jobs {
		j := &jobs[i]
		held[j.AgentID] = c.objects().jobsOf(places[j.BuildID], with).heldBy(j)
	}
	return held, nil
}
