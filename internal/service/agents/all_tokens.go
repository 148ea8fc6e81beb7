package agents

import (
	"context"
	"errors"
	"fmt"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/store"
)

// AllTokens returns a page of the agent tokens of all clusters whose tokens the actor may see, newest first, and their
// number: the form of agent tokens that knows no clusters (contracts/rest/README.md, Disagreements, 4).
func (s *Service) AllTokens(ctx context.Context, actor access.Actor, page store.Page) ([]TokenView, int, error) {
	clusterIDs, limited, err := access.MaintainedOnly(actor, access.AgentTokenView)
	if err != nil {
		return nil, 0, err
	}
	q := s.store.Read()
	filter := store.ClusterTokenFilter{OrganizationID: actor.OrganizationID, ClusterIDs: clusterIDs, Limited: limited}
	rows, err := store.ListTokensOfClusters(ctx, q, filter, page)
	if err != nil {
		return nil, 0, fmt.Errorf("list agent tokens: %w", err)
	}
	total, err := store.CountTokensOfClusters(ctx, q, filter)
	if err != nil {
		return nil, 0, fmt.Errorf("count agent tokens: %w", err)
	}
	views, err := tokenViews(ctx, q, rows)
	return views, total, err
}

// CreateTokenAnywhere makes an agent token of a cluster, or of the default one when none is named. Invalid is also an
// organization without a default cluster, and a cluster that it does not have.
func (s *Service) CreateTokenAnywhere(ctx context.Context, actor access.Actor, clusterID string, in TokenInput) (TokenView, string, error) {
	if err := access.CheckScopes(actor, access.AgentTokenChange); err != nil {
		return TokenView{}, "", err
	}
	if clusterID == "" {
		cluster, err := store.DefaultCluster(ctx, s.store.Read(), actor.OrganizationID)
		if errors.Is(err, store.ErrNotFound) {
			return TokenView{}, "", fault.Reason("The organization has no default cluster: name one with cluster_id")
		}
		if err != nil {
			return TokenView{}, "", fmt.Errorf("find default cluster: %w", err)
		}
		clusterID = cluster.ID
	}
	view, secret, err := s.createToken(ctx, actor, access.AgentTokenChange, clusterID, in)
	if fault.Is(err, fault.NotFound) {
		err = fault.Reason("Cluster must be one of the organization")
	}
	return view, secret, err
}
