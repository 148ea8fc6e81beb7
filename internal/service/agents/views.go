package agents

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// ClusterView is a cluster with what is shown of it.
type ClusterView struct {
	store.Cluster
	Maintainers []Maintainer
	CreatedBy   *store.User
}

// Maintainer is a maintainer of a cluster and the person it is.
type Maintainer struct {
	store.ClusterMaintainer
	User store.User
}

// QueueView is a queue with what is shown of it.
type QueueView struct {
	store.Queue
	CreatedBy *store.User
	PausedBy  *store.User
}

// TokenView is an agent token with what is shown of it.
type TokenView struct {
	store.ClusterToken
	CreatedBy *store.User
}

// AgentView is an agent with what is shown of it.
type AgentView struct {
	store.Agent
	// Queue is nil when it has been deleted.
	Queue *store.Queue
	// Creator made the token that the agent registered with.
	Creator  *store.User
	PausedBy *store.User
}

// people collects whom a page names and then finds them in one statement.
type people struct {
	ids   map[string]struct{}
	found map[string]store.User
}

func (p *people) add(ids ...*string) {
	if p.ids == nil {
		p.ids = map[string]struct{}{}
	}
	for _, id := range ids {
		if id != nil {
			p.ids[*id] = struct{}{}
		}
	}
}

func (p *people) find(ctx context.Context, q sqldb.Queryer) (err error) {
	p.found, err = store.GetUsers(ctx, q, slices.Collect(maps.Keys(p.ids)))
	if err != nil {
		return fmt.Errorf("find users: %w", err)
	}
	return nil
}

// get returns somebody who is still there.
func (p *people) get(id *string) *store.User {
	if id == nil {
		return nil
	}
	u, ok := p.found[*id]
	if !ok {
		return nil
	}
	return &u
}

func clusterViews(ctx context.Context, q sqldb.Queryer, rows []store.Cluster) ([]ClusterView, error) {
	var who people
	clusterIDs := make([]string, len(rows))
	for i, c := range rows {
		clusterIDs[i] = c.ID
		who.add(c.CreatedByID)
	}
	maintainers, err := store.MaintainersOfClusters(ctx, q, clusterIDs)
	if err != nil {
		return nil, fmt.Errorf("list maintainers: %w", err)
	}
	for _, of := range maintainers {
		for _, m := range of {
			who.add(&m.UserID)
		}
	}
	if err := who.find(ctx, q); err != nil {
		return nil, err
	}
	views := make([]ClusterView, len(rows))
	for i, c := range rows {
		views[i] = ClusterView{Cluster: c, CreatedBy: who.get(c.CreatedByID)}
		for _, m := range maintainers[c.ID] {
			views[i].Maintainers = append(views[i].Maintainers, Maintainer{m, who.found[m.UserID]})
		}
	}
	return views, nil
}

func queueViews(ctx context.Context, q sqldb.Queryer, rows []store.Queue) ([]QueueView, error) {
	var who people
	for _, row := range rows {
		who.add(row.CreatedByID, row.PausedByID)
	}
	if err := who.find(ctx, q); err != nil {
		return nil, err
	}
	views := make([]QueueView, len(rows))
	for i, row := range rows {
		views[i] = QueueView{row, who.get(row.CreatedByID), who.get(row.PausedByID)}
	}
	return views, nil
}

func tokenViews(ctx context.Context, q sqldb.Queryer, rows []store.ClusterToken) ([]TokenView, error) {
	var who people
	for _, row := range rows {
		who.add(row.CreatedByID)
	}
	if err := who.find(ctx, q); err != nil {
		return nil, err
	}
	views := make([]TokenView, len(rows))
	for i, row := range rows {
		views[i] = TokenView{row, who.get(row.CreatedByID)}
	}
	return views, nil
}

func agentViews(ctx context.Context, q sqldb.Queryer, rows []store.Agent) ([]AgentView, error) {
	var (
		who                people
		queueIDs, tokenIDs []string
	)
	for _, a := range rows {
		who.add(a.PausedByID)
		if a.QueueID != "" {
			queueIDs = append(queueIDs, a.QueueID)
		}
		if a.TokenID != nil {
			tokenIDs = append(tokenIDs, *a.TokenID)
		}
	}
	queues, err := store.GetQueues(ctx, q, queueIDs)
	if err != nil {
		return nil, fmt.Errorf("find queues: %w", err)
	}
	tokens, err := store.GetClusterTokens(ctx, q, tokenIDs)
	if err != nil {
		return nil, fmt.Errorf("find agent tokens: %w", err)
	}
	for _, t := range tokens {
		who.add(t.CreatedByID)
	}
	if err := who.find(ctx, q); err != nil {
		return nil, err
	}
	views := make([]AgentView, len(rows))
	for i, a := range rows {
		views[i] = AgentView{Agent: a, PausedBy: who.get(a.PausedByID)}
		if queue, ok := queues[a.QueueID]; ok {
			views[i].Queue = &queue
		}
		if a.TokenID != nil {
			views[i].Creator = who.get(tokens[*a.TokenID].CreatedByID)
		}
	}
	return views, nil
}
