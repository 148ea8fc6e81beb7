package agentapi

import "github.com/bridle-ci/bridle/internal/service/agents"

type agentCounts struct {
	Idle   int                    `json:"idle"`
	Busy   int                    `json:"busy"`
	Total  int                    `json:"total"`
	Queues map[string]agentCounts `json:"queues,omitzero"`
}

type jobCounts struct {
	Scheduled int                  `json:"scheduled"`
	Running   int                  `json:"running"`
	Waiting   int                  `json:"waiting"`
	Total     int                  `json:"total"`
	Queues    map[string]jobCounts `json:"queues,omitzero"`
}

type metricsBody struct {
	Agents       agentCounts      `json:"agents"`
	Jobs         jobCounts        `json:"jobs"`
	Organization organizationSlug `json:"organization"`
	Cluster      clusterName      `json:"cluster"`
}

type (
	organizationSlug struct {
		Slug string `json:"slug"`
	}
	clusterName struct {
		Name string `json:"name"`
	}
)

func (a *API) metrics(c *call) error {
	m, err := a.Agents.Metrics(c.r.Context(), c.token)
	if err != nil {
		return err
	}
	body := newMetrics(m)
	body.Agents.Queues, body.Jobs.Queues = map[string]agentCounts{}, map[string]jobCounts{}
	for _, q := range m.Queues {
		body.Agents.Queues[q.Key], body.Jobs.Queues[q.Key] = newAgentCounts(q.Agents), newJobCounts(q.Jobs)
	}
	return c.ok(body)
}

func (a *API) queueMetrics(c *call) error {
	name, err := c.query("name")
	if err != nil {
		return err
	}
	m, err := a.Agents.QueueMetrics(c.r.Context(), c.token, name)
	if err != nil {
		return err
	}
	return c.ok(newMetrics(m))
}

func newMetrics(m agents.Metrics) metricsBody {
	return metricsBody{
		Agents: newAgentCounts(m.Agents), Jobs: newJobCounts(m.Jobs),
		Organization: organizationSlug{m.Organization.Slug}, Cluster: clusterName{m.Cluster.Name},
	}
}

func newAgentCounts(n agents.AgentCounts) agentCounts {
	return agentCounts{Idle: n.Idle, Busy: n.Busy, Total: n.Total}
}

func newJobCounts(n agents.JobCounts) jobCounts {
	return jobCounts{Scheduled: n.Scheduled, Running: n.Running, Waiting: n.Waiting, Total: n.Total}
}

// tokenIdentity tells whose an agent token is. It belongs to a cluster and to no queue of it.
func (a *API) tokenIdentity(c *call) error {
	info, err := a.Agents.TokenInfo(c.r.Context(), c.token)
	if err != nil {
		return err
	}
	return c.ok(struct {
		UUID             string `json:"uuid"`
		Description      string `json:"description"`
		TokenType        string `json:"token_type"`
		OrganizationSlug string `json:"organization_slug"`
		OrganizationUUID string `json:"organization_uuid"`
		ClusterUUID      string `json:"cluster_uuid"`
		ClusterName      string `json:"cluster_name"`
		QueueUUID        string `json:"organization_queue_uuid"`
		QueueKey         string `json:"organization_queue_key"`
	}{
		UUID: info.Token.ID, Description: info.Token.Description, TokenType: "cluster",
		OrganizationSlug: info.Organization.Slug, OrganizationUUID: info.Organization.ID,
		ClusterUUID: info.Cluster.ID, ClusterName: info.Cluster.Name,
	})
}
