package store

import (
	"context"
	"time"

	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// AgentFilter narrows a list of agents to those that are connected; fields are compared exactly and empty ones do not
// narrow.
type AgentFilter struct {
	OrganizationID string
	QueueID        string
	TokenID        string
	Name           string
	Hostname       string
	Version        string
}

func (f AgentFilter) conditions(q sqldb.Queryer) conditions {
	c := conditions{q: q}
	c.add("organization_id = ?", f.OrganizationID)
	c.add(agentPresent)
	for _, field := range []struct{ column, value string }{
		{"queue_id", f.QueueID},
		{"token_id", f.TokenID},
		{"name", f.Name},
		{"hostname", f.Hostname},
		{"version", f.Version},
	} {
		if field.value != "" {
			c.add(field.column+" = ?", field.value)
		}
	}
	return c
}

// ListAgents returns the connected agents that pass a filter, newest first.
func ListAgents(ctx context.Context, q sqldb.Queryer, f AgentFilter, p Page) ([]Agent, error) {
	c := f.conditions(q)
	page := c.page(p)
	return list(ctx, q, scanAgent, "SELECT "+agentColumns+" FROM agents"+c.where()+" ORDER BY id DESC"+page, c.args...)
}

// CountAgents counts what ListAgents pages through.
func CountAgents(ctx context.Context, q sqldb.Queryer, f AgentFilter) (int, error) {
	return count(ctx, q, "agents", f.conditions(q))
}

// AgentsNotSeenSince returns connected agents no node has heard of since a time, longest unseen first.
func AgentsNotSeenSince(ctx context.Context, q sqldb.Queryer, since time.Time, limit int) ([]Agent, error) {
	return list(ctx, q, scanAgent, "SELECT "+agentColumns+" FROM agents WHERE last_seen_at < $1 AND "+agentPresent+
		" ORDER BY last_seen_at LIMIT $2", micros(since), limit)
}

// QueueAgentCounts is how many agents of a queue are connected, and how many of them hold a job.
type QueueAgentCounts struct {
	QueueID string
	Total   int
	Busy    int
}

// jobHeld is written as the partial index jobs_on_agent has it.
const jobHeld = "state IN ('assigned', 'accepted', 'running', 'canceling', 'timing_out')"

// AgentCountsOfCluster counts the connected agents of a cluster by queue.
func AgentCountsOfCluster(ctx context.Context, q sqldb.Queryer, organizationID, clusterID string) ([]QueueAgentCounts, error) {
	scan := func(row scanner) (c QueueAgentCounts, err error) {
		err = row.Scan(&c.QueueID, &c.Total, &c.Busy)
		return c, err
	}
	return list(ctx, q, scan, `SELECT queue_id, count(*), sum(CASE WHEN EXISTS (SELECT 1 FROM jobs
		WHERE agent_id = CAST(agents.id AS text) AND `+jobHeld+`) THEN 1 ELSE 0 END) FROM agents
		WHERE organization_id = $1 AND cluster_id = $2 AND queue_id IS NOT NULL AND `+agentPresent+`
		GROUP BY queue_id ORDER BY queue_id`, organizationID, clusterID)
}
