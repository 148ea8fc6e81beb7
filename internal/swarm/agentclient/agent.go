package agentclient

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// Registered is what an agent learns at registration (docs/contract/agent-api.md, section 5).
type Registered struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	AccessToken string `json:"access_token"`
	// Intervals are in seconds.
	PingInterval      int `json:"ping_interval"`
	JobStatusInterval int `json:"job_status_interval"`
	HeartbeatInterval int `json:"heartbeat_interval"`
}

type registration struct {
	Name              string   `json:"name"`
	Hostname          string   `json:"hostname"`
	OS                string   `json:"os"`
	Arch              string   `json:"arch"`
	ScriptEvalEnabled bool     `json:"script_eval_enabled"`
	Version           string   `json:"version"`
	Build             string   `json:"build"`
	MetaData          []string `json:"meta_data"`
	Features          []string `json:"features"`
}

// Register makes the agent known under a name, for the jobs of a queue.
func (c *Client) Register(ctx context.Context, agentToken, name, queue string) error {
	body := encode(registration{
		Name: name, Hostname: "swarm", OS: "swarm", Arch: "amd64", ScriptEvalEnabled: true,
		Version: Version, Build: "swarm", MetaData: []string{"queue=" + queue}, Features: []string{},
	})
	r := request{name: "register", method: http.MethodPost, path: "/register", token: agentToken, body: body}
	if err := c.retry(ctx, registerBudget, r, &c.Agent); err != nil {
		return err
	}
	a := c.Agent
	if a.ID == "" || a.AccessToken == "" || a.PingInterval < 1 || a.JobStatusInterval < 1 || a.HeartbeatInterval < 1 {
		return fmt.Errorf("register: the answer lacks an id, a token or an interval that agents need")
	}
	return nil
}

// Connect says that the agent is there.
func (c *Client) Connect(ctx context.Context) error {
	return c.retry(ctx, connectBudget, request{name: "connect", method: http.MethodPost, path: "/connect", token: c.Agent.AccessToken}, nil)
}

// Disconnect says that the agent leaves.
func (c *Client) Disconnect(ctx context.Context) error {
	return c.retry(ctx, disconnectBudget, request{name: "disconnect", method: http.MethodPost, path: "/disconnect", token: c.Agent.AccessToken}, nil)
}

// Heartbeat says that the agent is alive.
func (c *Client) Heartbeat(ctx context.Context, now time.Time) error {
	body := encode(struct {
		SentAt string `json:"sent_at"`
	}{now.Format(time.RFC3339Nano)})
	var beat struct {
		ReceivedAt string `json:"received_at"`
	}
	return c.retry(ctx, heartbeatBudget, request{name: "heartbeat", method: http.MethodPost, path: "/heartbeat", token: c.Agent.AccessToken, body: body}, &beat)
}
