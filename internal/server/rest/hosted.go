package rest

// What clusters have for hosted agents. This installation hosts none, so the lists are empty and nothing is found; see
// service/agents/hosted.go.

// listHosted answers with the images, network ranges or cache volumes of a cluster.
func (a *API) listHosted(c *call) error {
	if err := a.Agents.ViewHosted(c.r.Context(), c.actor, c.r.PathValue("cluster")); err != nil {
		return err
	}
	return c.ok([]struct{}{})
}

func (a *API) getAgentImage(c *call) error {
	return a.Agents.AgentImage(c.r.Context(), c.actor, c.r.PathValue("cluster"), c.r.PathValue("image"))
}

func (a *API) createAgentImage(c *call) error {
	if err := c.body(&struct{}{}); err != nil {
		return err
	}
	return a.Agents.CreateAgentImage(c.r.Context(), c.actor, c.r.PathValue("cluster"))
}

func (a *API) deleteAgentImage(c *call) error {
	return a.Agents.DeleteAgentImage(c.r.Context(), c.actor, c.r.PathValue("cluster"), c.r.PathValue("image"))
}

func (a *API) deleteCacheVolume(c *call) error {
	var in struct {
		Tag string `json:"tag"`
	}
	if err := c.body(&in); err != nil {
		return err
	}
	return a.Agents.DeleteCacheVolume(c.r.Context(), c.actor, c.r.PathValue("cluster"), in.Tag)
}

// openSession answers who wants to look over an agent's shoulder. Only hosted agents can be looked at.
func (a *API) openSession(c *call) error {
	c.w.Header().Set("Cache-Control", "no-store")
	return a.Builds.OpenSession(c.r.Context(), c.actor, c.r.PathValue("job"))
}
