package store

import (
	"context"

	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// ClusterMaintainer is a user who manages a cluster.
type ClusterMaintainer struct {
	ID        string
	ClusterID string
	UserID    string
}

const clusterMaintainerColumns = "id, cluster_id, user_id"

func scanClusterMaintainer(row scanner) (ClusterMaintainer, error) {
	var m ClusterMaintainer
	err := row.Scan(&m.ID, &m.ClusterID, &m.UserID)
	return m, err
}

// InsertClusterMaintainers adds maintainers. A user who is one already is a unique violation on
// "cluster_maintainers(cluster_id, user_id)".
func InsertClusterMaintainers(ctx context.Context, q sqldb.Queryer, maintainers []ClusterMaintainer) error {
	rows := make([][]any, len(maintainers))
	for i, m := range maintainers {
		rows[i] = []any{m.ID, m.ClusterID, m.UserID}
	}
	return insertRows(ctx, q, "cluster_maintainers", clusterMaintainerColumns, rows)
}

// GetClusterMaintainer returns a maintainer by the id of its row, which is not the user's.
func GetClusterMaintainer(ctx context.Context, q sqldb.Queryer, id string) (ClusterMaintainer, error) {
	return one(ctx, q, scanClusterMaintainer, "SELECT "+clusterMaintainerColumns+" FROM cluster_maintainers WHERE id = $1", id)
}

// MaintainersOfClusters returns the maintainers of some clusters by cluster, each cluster's in the order they were added.
func MaintainersOfClusters(ctx context.Context, q sqldb.Queryer, clusterIDs []string) (map[string][]ClusterMaintainer, error) {
	found := make(map[string][]ClusterMaintainer, len(clusterIDs))
	if len(clusterIDs) == 0 {
		return found, nil
	}
	items, err := list(ctx, q, scanClusterMaintainer, "SELECT "+clusterMaintainerColumns+" FROM cluster_maintainers WHERE "+
		sqldb.In(q, "cluster_id", 1, clusterIDs)+" ORDER BY id", sqldb.List(q, clusterIDs))
	for _, m := range items {
		found[m.ClusterID] = append(found[m.ClusterID], m)
	}
	return found, err
}

// MaintainedClusters returns the ids of the clusters of an organization that a user maintains.
func MaintainedClusters(ctx context.Context, q sqldb.Queryer, organizationID, userID string) ([]string, error) {
	return list(ctx, q, scanText, `SELECT c.id FROM cluster_maintainers m JOIN clusters c ON c.id = m.cluster_id
		WHERE m.user_id = $1 AND c.organization_id = $2 ORDER BY c.id`, userID, organizationID)
}

// DeleteClusterMaintainer removes a maintainer by the id of its row.
func DeleteClusterMaintainer(ctx context.Context, q sqldb.Queryer, id string) error {
	return mustChange(ctx, q, ErrNotFound, "DELETE FROM cluster_maintainers WHERE id = $1", id)
}
