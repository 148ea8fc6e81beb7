package store

import (
	"context"
	"time"

	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// ClusterToken is what agents of a cluster register with. The secret itself is not kept.
type ClusterToken struct {
	ID             string
	OrganizationID string
	ClusterID      string
	Description    string
	TokenHash      string
	// AllowedIPAddresses are space-separated networks; nil allows all.
	AllowedIPAddresses *string
	ExpiresAt          *time.Time
	CreatedByID        *string
	CreatedAt          time.Time
}

const clusterTokenColumns = `id, organization_id, cluster_id, description, token_hash, allowed_ip_addresses, expires_at,
	created_by_id, created_at`

func scanClusterToken(row scanner) (ClusterToken, error) {
	var (
		t       ClusterToken
		expires *int64
		created int64
	)
	err := row.Scan(&t.ID, &t.OrganizationID, &t.ClusterID, &t.Description, &t.TokenHash, &t.AllowedIPAddresses, &expires,
		&t.CreatedByID, &created)
	t.ExpiresAt, t.CreatedAt = fromMicrosPtr(expires), fromMicros(created)
	return t, err
}

// InsertClusterToken adds a token. A known secret is a unique violation on "cluster_tokens(token_hash)".
func InsertClusterToken(ctx context.Context, q sqldb.Queryer, t ClusterToken) error {
	_, err := q.Exec(ctx, "INSERT INTO cluster_tokens ("+clusterTokenColumns+") VALUES ("+placeholders(9)+")",
		t.ID, t.OrganizationID, t.ClusterID, t.Description, t.TokenHash, t.AllowedIPAddresses, microsPtr(t.ExpiresAt),
		t.CreatedByID, micros(t.CreatedAt))
	return err
}

// GetClusterToken returns a token.
func GetClusterToken(ctx context.Context, q sqldb.Queryer, id string) (ClusterToken, error) {
	return one(ctx, q, scanClusterToken, "SELECT "+clusterTokenColumns+" FROM cluster_tokens WHERE id = $1", id)
}

// GetClusterTokens returns those of the tokens that exist, by id.
func GetClusterTokens(ctx context.Context, q sqldb.Queryer, ids []string) (map[string]ClusterToken, error) {
	return byID(ctx, q, scanClusterToken, func(t ClusterToken) string { return t.ID },
		"SELECT "+clusterTokenColumns+" FROM cluster_tokens", ids)
}

// ClusterTokenByHash returns the token with the hash of a secret.
func ClusterTokenByHash(ctx context.Context, q sqldb.Queryer, hash string) (ClusterToken, error) {
	return one(ctx, q, scanClusterToken, "SELECT "+clusterTokenColumns+" FROM cluster_tokens WHERE token_hash = $1", hash)
}

// ListClusterTokens returns a cluster's tokens, newest first.
func ListClusterTokens(ctx context.Context, q sqldb.Queryer, clusterID string, p Page) ([]ClusterToken, error) {
	return list(ctx, q, scanClusterToken, "SELECT "+clusterTokenColumns+` FROM cluster_tokens WHERE cluster_id = $1
		ORDER BY id DESC LIMIT $2 OFFSET $3`, clusterID, p.Limit, p.Offset)
}

// CountClusterTokens counts what ListClusterTokens pages through.
func CountClusterTokens(ctx context.Context, q sqldb.Queryer, clusterID string) (int, error) {
	c := conditions{q: q}
	c.add("cluster_id = ?", clusterID)
	return count(ctx, q, "cluster_tokens", c)
}

// ClusterTokenFilter narrows the tokens of an organization.
type ClusterTokenFilter struct {
	OrganizationID string
	// ClusterIDs limits to these clusters when Limited is set.
	ClusterIDs []string
	Limited    bool
}

func (f ClusterTokenFilter) conditions(q sqldb.Queryer) conditions {
	c := conditions{q: q}
	c.add("organization_id = ?", f.OrganizationID)
	if f.Limited {
		c.in("cluster_id", f.ClusterIDs)
	}
	return c
}

// ListTokensOfClusters returns the tokens of several clusters, newest first.
func ListTokensOfClusters(ctx context.Context, q sqldb.Queryer, f ClusterTokenFilter, p Page) ([]ClusterToken, error) {
	c := f.conditions(q)
	return list(ctx, q, scanClusterToken, "SELECT "+clusterTokenColumns+" FROM cluster_tokens"+c.where()+
		" ORDER BY id DESC"+c.page(p), c.args...)
}

// CountTokensOfClusters counts what ListTokensOfClusters pages through.
func CountTokensOfClusters(ctx context.Context, q sqldb.Queryer, f ClusterTokenFilter) (int, error) {
	return count(ctx, q, "cluster_tokens", f.conditions(q))
}

// UpdateClusterToken writes what can be changed of a token: its expiry and its secret stay.
func UpdateClusterToken(ctx context.Context, q sqldb.Queryer, t ClusterToken) error {
	return mustChange(ctx, q, ErrNotFound, "UPDATE cluster_tokens SET description = $2, allowed_ip_addresses = $3 WHERE id = $1",
		t.ID, t.Description, t.AllowedIPAddresses)
}

// DeleteClusterToken revokes a token. Agents that registered with it stay.
func DeleteClusterToken(ctx context.Context, q sqldb.Queryer, id string) error {
	return mustChange(ctx, q, ErrNotFound, "DELETE FROM cluster_tokens WHERE id = $1", id)
}
