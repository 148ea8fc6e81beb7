package store

import (
	"context"
	"time"

	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// Cluster is a group of queues and the pipelines that may use them.
type Cluster struct {
	ID             string
	OrganizationID string
	Name           string
	Description    *string
	Emoji          *string
	Color          *string
	DefaultQueueID *string
	// IsDefault marks the cluster that pipelines without one are given.
	IsDefault   bool
	CreatedByID *string
	CreatedAt   time.Time
}

const clusterColumns = `id, organization_id, name, description, emoji, color, default_queue_id, is_default, created_by_id,
	created_at`

func scanCluster(row scanner) (Cluster, error) {
	var (
		c       Cluster
		created int64
	)
	err := row.Scan(&c.ID, &c.OrganizationID, &c.Name, &c.Description, &c.Emoji, &c.Color, &c.DefaultQueueID, &c.IsDefault,
		&c.CreatedByID, &created)
	c.CreatedAt = fromMicros(created)
	return c, err
}

// InsertCluster adds a cluster. A taken name is a unique violation on "clusters(organization_id, name)".
func InsertCluster(ctx context.Context, q sqldb.Queryer, c Cluster) error {
	_, err := q.Exec(ctx, "INSERT INTO clusters ("+clusterColumns+") VALUES ("+placeholders(10)+")",
		c.ID, c.OrganizationID, c.Name, c.Description, c.Emoji, c.Color, c.DefaultQueueID, c.IsDefault, c.CreatedByID,
		micros(c.CreatedAt))
	return err
}

// GetCluster returns a cluster.
func GetCluster(ctx context.Context, q sqldb.Queryer, id string) (Cluster, error) {
	return one(ctx, q, scanCluster, "SELECT "+clusterColumns+" FROM clusters WHERE id = $1", id)
}

// LockCluster returns a cluster that the transaction is going to change.
func LockCluster(ctx context.Context, q sqldb.Queryer, id string) (Cluster, error) {
	return one(ctx, q, scanCluster, "SELECT "+clusterColumns+" FROM clusters WHERE id = $1 "+sqldb.ForUpdate(q), id)
}

// DefaultCluster returns the cluster that an organization's pipelines are given when they name none.
func DefaultCluster(ctx context.Context, q sqldb.Queryer, organizationID string) (Cluster, error) {
	return one(ctx, q, scanCluster, "SELECT "+clusterColumns+" FROM clusters WHERE organization_id = $1 AND is_default", organizationID)
}

// ListClusters returns an organization's clusters, newest first.
func ListClusters(ctx context.Context, q sqldb.Queryer, organizationID string, p Page) ([]Cluster, error) {
	return list(ctx, q, scanCluster, "SELECT "+clusterColumns+` FROM clusters WHERE organization_id = $1
		ORDER BY id DESC LIMIT $2 OFFSET $3`, organizationID, p.Limit, p.Offset)
}

// CountClusters counts what ListClusters pages through.
func CountClusters(ctx context.Context, q sqldb.Queryer, organizationID string) (int, error) {
	c := conditions{q: q}
	c.add("organization_id = ?", organizationID)
	return count(ctx, q, "clusters", c)
}

// UpdateCluster writes what can be changed of a cluster. A taken name is a unique violation, as with InsertCluster.
func UpdateCluster(ctx context.Context, q sqldb.Queryer, c Cluster) error {
	return mustChange(ctx, q, ErrNotFound, `UPDATE clusters SET name = $2, description = $3, emoji = $4, color = $5,
		default_queue_id = $6 WHERE id = $1`, c.ID, c.Name, c.Description, c.Emoji, c.Color, c.DefaultQueueID)
}

// DeleteCluster removes a cluster with its queues, tokens, maintainers and the agents it once had.
func DeleteCluster(ctx context.Context, q sqldb.Queryer, id string) error {
	return mustChange(ctx, q, ErrNotFound, "DELETE FROM clusters WHERE id = $1", id)
}

// ClusterHasPipelines reports whether pipelines are assigned to a cluster.
func ClusterHasPipelines(ctx context.Context, q sqldb.Queryer, id string) (bool, error) {
	return exists(ctx, q, "SELECT 1 FROM pipelines WHERE cluster_id = $1", id)
}

// ClusterHasAgents reports whether agents are connected to a cluster.
func ClusterHasAgents(ctx context.Context, q sqldb.Queryer, c Cluster) (bool, error) {
	return exists(ctx, q, "SELECT 1 FROM agents WHERE organization_id = $1 AND cluster_id = $2 AND "+agentPresent,
		c.OrganizationID, c.ID)
}
