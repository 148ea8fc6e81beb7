package agents

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/ids"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// maxQueues is how many queues of a cluster are counted.
const maxQueues = 1000

// TokenInfo is an agent token with what it belongs to.
type TokenInfo struct {
	Token        store.ClusterToken
	Organization store.Organization
	Cluster      store.Cluster
}

// AgentCounts are connected agents: those that hold a job are busy.
type AgentCounts struct{ Idle, Busy, Total int }

// JobCounts are unfinished jobs: those that wait for an agent, are on one, or wait for something else.
type JobCounts struct{ Scheduled, Running, Waiting, Total int }

// QueueMetrics are the counts of one queue.
type QueueMetrics struct {
	Key    string
	Agents AgentCounts
	Jobs   JobCounts
}

// Metrics are the counts of a cluster, in all and by queue (docs/contract/agent-api.md, section 16).
type Metrics struct {
	TokenInfo
	Agents AgentCounts
	Jobs   JobCounts
	Queues []QueueMetrics
}

// TokenInfo describes the agent token that somebody holds.
func (s *Service) TokenInfo(ctx context.Context, clusterToken string) (TokenInfo, error) {
	var info TokenInfo
	token, err := usableToken(ctx, s.store.Read(), clusterToken, s.now())
	if err != nil {
		return info, err
	}
	info.Token = token
	if info.Organization, err = store.GetOrganization(ctx, s.store.Read(), token.OrganizationID); err != nil {
		return info, fmt.Errorf("describe agent token %s: %w", token.ID, err)
	}
	if info.Cluster, err = store.GetCluster(ctx, s.store.Read(), token.ClusterID); err != nil {
		return info, fmt.Errorf("describe agent token %s: %w", token.ID, err)
	}
	return info, nil
}

// Metrics counts agents and jobs of an agent token's cluster, from whatever address it is asked.
func (s *Service) Metrics(ctx context.Context, clusterToken string) (Metrics, error) {
	info, err := s.TokenInfo(ctx, clusterToken)
	if err != nil {
		return Metrics{}, err
	}
	queues, err := store.ListQueues(ctx, s.store.Read(), info.Cluster.ID, store.Page{Limit: maxQueues})
	if err != nil {
		return Metrics{}, fmt.Errorf("count agents and jobs: %w", err)
	}
	return s.count(ctx, info, queues)
}

// QueueMetrics is Metrics of a single queue.
func (s *Service) QueueMetrics(ctx context.Context, clusterToken, key string) (Metrics, error) {
	info, err := s.TokenInfo(ctx, clusterToken)
	if err != nil {
		return Metrics{}, err
	}
	queue, err := store.QueueByKey(ctx, s.store.Read(), info.Cluster.ID, key)
	if errors.Is(err, store.ErrNotFound) {
		return Metrics{}, fault.New(fault.NotFound, "There is no queue %q in the cluster %q", key, info.Cluster.Name)
	}
	if err != nil {
		return Metrics{}, fmt.Errorf("count agents and jobs: %w", err)
	}
	return s.count(ctx, info, []store.Queue{queue})
}

func (s *Service) count(ctx context.Context, info TokenInfo, queues []store.Queue) (Metrics, error) {
	m := Metrics{TokenInfo: info, Queues: make([]QueueMetrics, len(queues))}
	queueIDs, places := make([]string, len(queues)), make(map[string]*QueueMetrics, len(queues))
	for i, queue := range queues {
		m.Queues[i].Key = queue.Key
		queueIDs[i], places[queue.ID] = queue.ID, &m.Queues[i]
	}
	agents, err := store.AgentCountsOfCluster(ctx, s.store.Read(), info.Cluster.OrganizationID, info.Cluster.ID)
	if err != nil {
		return Metrics{}, fmt.Errorf("count agents: %w", err)
	}
	for _, c := range agents {
		if place := places[c.QueueID]; place != nil {
			place.Agents = AgentCounts{Idle: c.Total - c.Busy, Busy: c.Busy, Total: c.Total}
		}
	}
	jobs, err := store.JobCountsOfQueues(ctx, s.store.Read(), queueIDs)
	if err != nil {
		return Metrics{}, fmt.Errorf("count jobs: %w", err)
	}
	for _, c := range jobs {
		if place := places[c.QueueID]; place != nil {
			place.Jobs = JobCounts{c.Scheduled, c.Running, c.Waiting, c.Scheduled + c.Running + c.Waiting}
		}
	}
	for _, q := range m.Queues {
		m.Agents = AgentCounts{m.Agents.Idle + q.Agents.Idle, m.Agents.Busy + q.Agents.Busy, m.Agents.Total + q.Agents.Total}
		m.Jobs = JobCounts{
			m.Jobs.Scheduled + q.Jobs.Scheduled, m.Jobs.Running + q.Jobs.Running, m.Jobs.Waiting + q.Jobs.Waiting,
			m.Jobs.Total + q.Jobs.Total,
		}
	}
	return m, nil
}

// usableToken returns the agent token with a secret, unless it is revoked or its time is over.
func usableToken(ctx context.Context, q sqldb.Queryer, secret string, now time.Time) (store.ClusterToken, error) {
	unknown := fault.New(fault.Unauthenticated, "This agent token is not known, was revoked, or has expired")
	if secret == "" {
		return store.ClusterToken{}, unknown
	}
	token, err := store.ClusterTokenByHash(ctx, q, ids.HashToken(secret))
	switch {
	case errors.Is(err, store.ErrNotFound):
		return store.ClusterToken{}, unknown
	case err != nil:
		return store.ClusterToken{}, fmt.Errorf("find agent token: %w", err)
	case token.ExpiresAt != nil && !now.Before(*token.ExpiresAt):
		return store.ClusterToken{}, unknown
	}
	return token, nil
}
