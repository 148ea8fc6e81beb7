package agents

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/ids"
	"github.com/bridle-ci/bridle/internal/core/patch"
	"github.com/bridle-ci/bridle/internal/core/text"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

const (
	// minExpiry is how far ahead the end of a new agent token must be (docs/contract/platform.md, section 5).
	minExpiry = 10 * time.Minute
	// maxBlocked bounds the connected agents of a token that are looked at when its addresses change.
	maxBlocked = 10_000
)

// TokenInput is an agent token as asked for.
type TokenInput struct {
	Description string
	// AllowedIPAddresses is a list as access.ParseAddresses reads it; nil and empty are access.Everywhere.
	AllowedIPAddresses *string
	// ExpiresAt is nil for a token that does not expire. It never changes.
	ExpiresAt *time.Time
}

// TokenChanges is an update of an agent token.
type TokenChanges struct {
	Description        patch.Field[string]
	AllowedIPAddresses patch.Field[string]
}

// Tokens returns a page of a cluster's agent tokens, newest first, and their number.
func (s *Service) Tokens(ctx context.Context, actor access.Actor, clusterID string, page store.Page) ([]TokenView, int, error) {
	cluster, err := s.tokensCluster(ctx, actor, clusterID)
	if err != nil {
		return nil, 0, err
	}
	rows, err := store.ListClusterTokens(ctx, s.store.Read(), cluster.ID, page)
	if err != nil {
		return nil, 0, fmt.Errorf("list agent tokens: %w", err)
	}
	total, err := store.CountClusterTokens(ctx, s.store.Read(), cluster.ID)
	if err != nil {
		return nil, 0, fmt.Errorf("count agent tokens: %w", err)
	}
	views, err := tokenViews(ctx, s.store.Read(), rows)
	return views, total, err
}

// TokenByID returns an agent token of a cluster.
func (s *Service) TokenByID(ctx context.Context, actor access.Actor, clusterID, id string) (TokenView, error) {
	cluster, err := s.tokensCluster(ctx, actor, clusterID)
	if err != nil {
		return TokenView{}, err
	}
	row, err := tokenOf(ctx, s.store.Read(), cluster, id)
	if err != nil {
		return TokenView{}, err
	}
	return tokenView(ctx, s.store.Read(), row)
}

// tokensCluster returns a cluster whose tokens the actor may see.
func (s *Service) tokensCluster(ctx context.Context, actor access.Actor, clusterID string) (store.Cluster, error) {
	id, valid := ids.ParseUUID(clusterID)
	if err := access.CheckCluster(actor, access.ClusterTokenView, id); err != nil {
		return store.Cluster{}, err
	}
	if !valid {
		return store.Cluster{}, fault.Missing("cluster")
	}
	return ownCluster(ctx, s.store.Read(), actor, id)
}

// CreateToken makes an agent token and returns it with its secret, which is kept nowhere.
func (s *Service) CreateToken(ctx context.Context, actor access.Actor, clusterID string, in TokenInput) (TokenView, string, error) {
	return s.createToken(ctx, actor, access.ClusterTokenChange, clusterID, in)
}

func (s *Service) createToken(ctx context.Context, actor access.Actor, action access.Action, clusterID string, in TokenInput) (TokenView, string, error) {
	var random [ids.TokenBytes]byte
	rand.Read(random[:]) // never fails
	secret := ids.Token(ids.ClusterTokenPrefix, random)

	var view TokenView
	err := s.changeCluster(ctx, actor, action, clusterID, func(tx *sqldb.Tx, cluster store.Cluster) error {
		row := store.ClusterToken{
			ID: store.NewID(), OrganizationID: cluster.OrganizationID, ClusterID: cluster.ID, Description: in.Description,
			TokenHash: ids.HashToken(secret), AllowedIPAddresses: in.AllowedIPAddresses, ExpiresAt: in.ExpiresAt,
			CreatedByID: personOf(actor), CreatedAt: tx.Now(),
		}
		if err := checkToken(&row); err != nil {
			return err
		}
		if row.ExpiresAt != nil && row.ExpiresAt.Before(tx.Now().Add(minExpiry)) {
			return fault.Reason("Expires at must be at least %d minutes in the future", int(minExpiry.Minutes()))
		}
		if err := store.InsertClusterToken(ctx, tx, row); err != nil {
			return err
		}
		var err error
		view, err = tokenView(ctx, tx, row)
		return err
	})
	if err != nil {
		return TokenView{}, "", err
	}
	return view, secret, nil
}

// UpdateToken changes parts of an agent token. Connected agents whose address is not allowed any more are disconnected,
// and jobs they run are lost.
func (s *Service) UpdateToken(ctx context.Context, actor access.Actor, clusterID, id string, c TokenChanges) (TokenView, error) {
	var view TokenView
	err := s.changeCluster(ctx, actor, access.ClusterTokenChange, clusterID, func(tx *sqldb.Tx, cluster store.Cluster) error {
		row, err := tokenOf(ctx, tx, cluster, id)
		if err != nil {
			return err
		}
		c.Description.ApplyRequired(&row.Description)
		c.AllowedIPAddresses.Apply(&row.AllowedIPAddresses)
		if err := checkToken(&row); err != nil {
			return err
		}
		if err := store.UpdateClusterToken(ctx, tx, row); err != nil {
			return err
		}
		if c.AllowedIPAddresses.Set {
			if err := s.disconnectBlocked(ctx, tx, row); err != nil {
				return err
			}
		}
		view, err = tokenView(ctx, tx, row)
		return err
	})
	return view, err
}

// DeleteToken revokes an agent token: no agent registers with it any more. Connected ones stay.
func (s *Service) DeleteToken(ctx context.Context, actor access.Actor, clusterID, id string) error {
	return s.changeCluster(ctx, actor, access.ClusterTokenChange, clusterID, func(tx *sqldb.Tx, cluster store.Cluster) error {
		row, err := tokenOf(ctx, tx, cluster, id)
		if err != nil {
			return err
		}
		return store.DeleteClusterToken(ctx, tx, row.ID)
	})
}

// disconnectBlocked ends the sessions of agents from where a token may not be used any more.
func (s *Service) disconnectBlocked(ctx context.Context, tx *sqldb.Tx, token store.ClusterToken) error {
	filter := store.AgentFilter{OrganizationID: token.OrganizationID, TokenID: token.ID}
	connected, err := store.ListAgents(ctx, tx, filter, store.Page{Limit: maxBlocked})
	if err != nil {
		return fmt.Errorf("list agents of token %s: %w", token.ID, err)
	}
	for _, agent := range connected {
		if access.AllowsAddress(token.AllowedIPAddresses, agent.IPAddress) {
			continue
		}
		if err := s.end(ctx, tx, agent.ID); err != nil {
			return fmt.Errorf("disconnect agent %s: %w", agent.ID, err)
		}
	}
	return nil
}

// tokenOf returns an agent token of a cluster.
func tokenOf(ctx context.Context, q sqldb.Queryer, cluster store.Cluster, id string) (store.ClusterToken, error) {
	id, ok := ids.ParseUUID(id)
	if !ok {
		return store.ClusterToken{}, fault.Missing("cluster token")
	}
	row, err := store.GetClusterToken(ctx, q, id)
	if err != nil {
		return store.ClusterToken{}, missing(err, "cluster token")
	}
	if row.ClusterID != cluster.ID {
		return store.ClusterToken{}, fault.Missing("cluster token")
	}
	return row, nil
}

func tokenView(ctx context.Context, q sqldb.Queryer, row store.ClusterToken) (TokenView, error) {
	views, err := tokenViews(ctx, q, []store.ClusterToken{row})
	if err != nil {
		return TokenView{}, err
	}
	return views[0], nil
}

// checkToken validates a token's fields and brings its addresses into their stored form.
func checkToken(row *store.ClusterToken) error {
	if problem := text.RequiredProblem(row.Description, maxDescription); problem != "" {
		return fault.Reason("Description %s", problem)
	}
	list := access.Everywhere
	if row.AllowedIPAddresses != nil {
		if words := strings.Fields(*row.AllowedIPAddresses); len(words) > 0 {
			list = strings.Join(words, " ")
		}
	}
	if _, err := access.ParseAddresses(list); err != nil {
		return fault.Reason("Allowed IP addresses: %s", err)
	}
	row.AllowedIPAddresses = &list
	return nil
}
