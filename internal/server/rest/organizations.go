package rest

import (
	"time"

	"github.com/bridle-ci/bridle/internal/server/wire"
	"github.com/bridle-ci/bridle/internal/store"
)

// organizationObject is the object `organization`.
type organizationObject struct {
	ID           string    `json:"id"`
	GraphQLID    string    `json:"graphql_id"`
	URL          string    `json:"url"`
	WebURL       string    `json:"web_url"`
	Name         string    `json:"name"`
	Slug         string    `json:"slug"`
	PipelinesURL string    `json:"pipelines_url"`
	AgentsURL    string    `json:"agents_url"`
	EmojisURL    string    `json:"emojis_url"`
	CreatedAt    wire.Time `json:"created_at"`
}

func (o objects) organization(row store.Organization) organizationObject {
	address := o.urls.organization(row.Slug)
	return organizationObject{
		ID:           row.ID,
		GraphQLID:    global(organizationType, row.ID),
		URL:          address,
		WebURL:       o.urls.organizationWeb(row.Slug),
		Name:         row.Name,
		Slug:         row.Slug,
		PipelinesURL: address + "/pipelines",
		AgentsURL:    address + "/agents",
		EmojisURL:    address + "/emojis",
		CreatedAt:    wire.Time(row.CreatedAt),
	}
}

func (a *API) listOrganizations(c *call) error {
	p, rows := c.page()
	items, total, err := a.Accounts.Organizations(c.r.Context(), c.actor, rows)
	if err != nil {
		return err
	}
	return list(c, p, total, each(items, c.objects().organization))
}

func (a *API) getOrganization(c *call) error {
	row, err := a.Accounts.Organization(c.r.Context(), c.actor, c.r.PathValue("org"))
	if err != nil {
		return err
	}
	return c.ok(c.objects().organization(row))
}

// rateLimitScope is the object `rate_limit_scope`.
type rateLimitScope struct {
	Limit    int    `json:"limit"`
	Current  int    `json:"current"`
	Reset    int    `json:"reset"`
	ResetAt  string `json:"reset_at"`
	Enforced bool   `json:"enforced"`
}

func (a *API) getRateLimit(c *call) error {
	var body struct {
		Scopes struct {
			REST    rateLimitScope `json:"rest"`
			GraphQL rateLimitScope `json:"graphql"`
		} `json:"scopes"`
	}
	body.Scopes.REST = a.rateLimit(c, a.Budgets.REST, DefaultRESTLimit)
	body.Scopes.GraphQL = a.rateLimit(c, a.Budgets.GraphQL, DefaultGraphQLLimit)
	return c.ok(body)
}

// rateLimit returns what the organization has used of a budget. One that is off shows the contract's limit, unused and
// not enforced.
func (a *API) rateLimit(c *call, b *wire.Budget, otherwise int) rateLimitScope {
	if b == nil {
		return rateLimitScope{Limit: otherwise, ResetAt: wholeSeconds(a.Now())}
	}
	u := b.Usage(c.r.Context(), c.actor.OrganizationID)
	return rateLimitScope{
		Limit: u.Limit, Current: u.Current, Reset: u.Reset, ResetAt: wholeSeconds(u.ResetAt), Enforced: true,
	}
}

func wholeSeconds(t time.Time) string { return t.UTC().Format(time.RFC3339) }
