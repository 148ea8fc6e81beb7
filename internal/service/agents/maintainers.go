package agents

import (
	"context"
	"errors"
	"fmt"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/ids"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// maxMaintainers bounds the maintainers of a cluster.
const maxMaintainers = 100

// MaintainerInput is a maintainer as asked for: exactly one of a user and a team.
type MaintainerInput struct {
	UserID string
	TeamID string
}

// Maintainers returns all maintainers of a cluster, in the order they were added.
func (s *Service) Maintainers(ctx context.Context, actor access.Actor, clusterID string) ([]Maintainer, error) {
	cluster, err := s.Cluster(ctx, actor, clusterID)
	return cluster.Maintainers, err
}

// Maintainer returns a maintainer of a cluster by the id of its row, which is not the user's.
func (s *Service) Maintainer(ctx context.Context, actor access.Actor, clusterID, id string) (Maintainer, error) {
	all, err := s.Maintainers(ctx, actor, clusterID)
	if err != nil {
		return Maintainer{}, err
	}
	if parsed, ok := ids.ParseUUID(id); ok {
		for _, m := range all {
			if m.ID == parsed {
				return m, nil
			}
		}
	}
	return Maintainer{}, fault.Missing("cluster maintainer")
}

// AddMaintainer makes a member of the organization a maintainer of a cluster. Invalid is anybody else, and who is one
// already.
func (s *Service) AddMaintainer(ctx context.Context, actor access.Actor, clusterID string, in MaintainerInput) (Maintainer, error) {
	// Maintainers manage their cluster and not who else does (docs/contract/platform.md, section 2.2).
	if err := access.Check(actor, access.ClusterChange); err != nil {
		return Maintainer{}, err
	}
	var added Maintainer
	err := s.changeCluster(ctx, actor, access.ClusterChange, clusterID, func(tx *sqldb.Tx, row store.Cluster) error {
		if err := addMaintainers(ctx, tx, row, []MaintainerInput{in}); err != nil {
			return err
		}
		view, err := clusterView(ctx, tx, row)
		if err != nil {
			return err
		}
		added = view.Maintainers[len(view.Maintainers)-1]
		s.rightsChanged(tx)
		return nil
	})
	return added, err
}

// RemoveMaintainer makes somebody a maintainer no more.
func (s *Service) RemoveMaintainer(ctx context.Context, actor access.Actor, clusterID, id string) error {
	if err := access.Check(actor, access.ClusterChange); err != nil {
		return err
	}
	return s.changeCluster(ctx, actor, access.ClusterChange, clusterID, func(tx *sqldb.Tx, row store.Cluster) error {
		parsed, ok := ids.ParseUUID(id)
		if !ok {
			return fault.Missing("cluster maintainer")
		}
		m, err := store.GetClusterMaintainer(ctx, tx, parsed)
		if err != nil {
			return missing(err, "cluster maintainer")
		}
		if m.ClusterID != row.ID {
			return fault.Missing("cluster maintainer")
		}
		s.rightsChanged(tx)
		return store.DeleteClusterMaintainer(ctx, tx, m.ID)
	})
}

// rightsChanged tells all nodes, after the transaction, that somebody's rights changed: they remember what tokens stand
// for.
func (s *Service) rightsChanged(tx *sqldb.Tx) {
	tx.AfterCommit(func() { s.bus.Publish("grants", "") })
}

// addMaintainers adds maintainers to a cluster.
func addMaintainers(ctx context.Context, tx *sqldb.Tx, cluster store.Cluster, in []MaintainerInput) error {
	if len(in) == 0 {
		return nil
	}
	present, err := store.MaintainersOfClusters(ctx, tx, []string{cluster.ID})
	if err != nil {
		return fmt.Errorf("list maintainers: %w", err)
	}
	seen := map[string]bool{}
	for _, m := range present[cluster.ID] {
		seen[m.UserID] = true
	}
	if len(seen)+len(in) > maxMaintainers {
		return fault.Reason("A cluster can have at most %d maintainers", maxMaintainers)
	}
	rows := make([]store.ClusterMaintainer, len(in))
	for i, m := range in {
		userID, err := memberOf(ctx, tx, cluster.OrganizationID, m)
		if err != nil {
			return err
		}
		if seen[userID] {
			return fault.Reason("User is a maintainer already")
		}
		seen[userID] = true
		rows[i] = store.ClusterMaintainer{ID: store.NewID(), ClusterID: cluster.ID, UserID: userID}
	}
	return store.InsertClusterMaintainers(ctx, tx, rows)
}

// memberOf returns the id of the member that a maintainer is asked to be.
func memberOf(ctx context.Context, tx *sqldb.Tx, organizationID string, in MaintainerInput) (string, error) {
	if in.TeamID != "" {
		return "", fault.Reason("Teams are not available on this installation: name users as maintainers")
	}
	unknown := fault.Reason("User must be a member of the organization")
	userID, ok := ids.ParseUUID(in.UserID)
	if !ok {
		return "", unknown
	}
	_, err := store.GetMembership(ctx, tx, organizationID, userID)
	if errors.Is(err, store.ErrNotFound) {
		return "", unknown
	}
	return userID, err
}
