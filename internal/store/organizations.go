package store

import (
	"context"
	"time"

	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// Organization owns everything else.
type Organization struct {
	ID        string
	Slug      string
	Name      string
	CreatedAt time.Time
}

const organizationColumns = "id, slug, name, created_at"

func scanOrganization(row scanner) (Organization, error) {
	var (
		o       Organization
		created int64
	)
	err := row.Scan(&o.ID, &o.Slug, &o.Name, &created)
	o.CreatedAt = fromMicros(created)
	return o, err
}

// InsertOrganization adds an organization. A taken slug is a unique violation on "organizations(slug)".
func InsertOrganization(ctx context.Context, q sqldb.Queryer, o Organization) error {
	_, err := q.Exec(ctx, "INSERT INTO organizations ("+organizationColumns+") VALUES ($1, $2, $3, $4)",
		o.ID, o.Slug, o.Name, micros(o.CreatedAt))
	return err
}

// GetOrganization returns an organization.
func GetOrganization(ctx context.Context, q sqldb.Queryer, id string) (Organization, error) {
	return one(ctx, q, scanOrganization, "SELECT "+organizationColumns+" FROM organizations WHERE id = $1", id)
}

// OrganizationBySlug returns the organization with a slug.
func OrganizationBySlug(ctx context.Context, q sqldb.Queryer, slug string) (Organization, error) {
	return one(ctx, q, scanOrganization, "SELECT "+organizationColumns+" FROM organizations WHERE slug = $1", slug)
}

// HasOrganizations reports whether the database holds anything yet.
func HasOrganizations(ctx context.Context, q sqldb.Queryer) (bool, error) {
	return exists(ctx, q, "SELECT 1 FROM organizations")
}
