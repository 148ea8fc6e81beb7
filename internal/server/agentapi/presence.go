package agentapi

import "time"

// connect is an agent's last call before it waits for work.
func (a *API) connect(c *call) error {
	if _, err := a.Agents.Connect(c.r.Context(), c.token); err != nil {
		return err
	}
	return c.rest(c.done())
}

func (a *API) disconnect(c *call) error {
	agentID, err := a.Agents.Disconnect(c.r.Context(), c.token)
	if err != nil {
		return err
	}
	a.streams.end(agentID)
	if err := a.Jobs.AgentLeft(c.r.Context(), agentID); err != nil {
		return err
	}
	return c.done()
}

// heartbeat only has to be heard of, which asking for the session was.
func (a *API) heartbeat(c *call) error {
	var in struct {
		SentAt string `json:"sent_at"`
	}
	if err := c.body(&in, maxBody); err != nil {
		return err
	}
	return c.rest(c.ok(struct {
		SentAt     string `json:"sent_at"`
		ReceivedAt string `json:"received_at"`
	}{in.SentAt, a.Now().UTC().Format(time.RFC3339Nano)}))
}
