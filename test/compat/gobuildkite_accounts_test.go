package compat

import (
	"net/http"
	"slices"
	"testing"

	"github.com/buildkite/go-buildkite/v4"
)

func tellAccounts(t *testing.T, s *server) {
	c, ctx := s.client(), t.Context()
	token, _, err := c.AccessTokens.Get(ctx)
	must(t, err)
	if token.Description == "" || token.User.Email != "dev@bridle.localhost" || len(token.UUID) != 36 || !slices.Contains(token.Scopes, "write_builds") {
		t.Errorf("token %+v", token)
	}
	user, _, err := c.User.CurrentUser(ctx)
	must(t, err)
	if user.Email != "dev@bridle.localhost" || user.ID == "" || user.CreatedAt == nil {
		t.Errorf("user %+v", user)
	}
	list, response, err := c.Organizations.List(ctx, nil)
	must(t, err)
	if len(list) != 1 || list[0].Slug != organization || response.NextPage != 0 {
		t.Errorf("organizations %+v", list)
	}
	o, _, err := c.Organizations.Get(ctx, organization)
	must(t, err)
	if o.ID != list[0].ID {
		t.Errorf("organization %+v", o)
	}
	_, _, err = c.Organizations.Get(ctx, "nobody")
	wantStatus(t, err, http.StatusNotFound, "No organization found")

	if o.Slug != organization || o.URL != s.url+"/v2/organizations/dev" || o.WebURL != s.url+"/dev" || o.CreatedAt == nil {
		t.Errorf("organization %+v", o)
	}
	meta, _, err := c.Meta.Get(ctx)
	must(t, err)
	if meta.WebhookIPs == nil {
		t.Errorf("meta %+v", meta)
	}
	limits, _, err := c.RateLimit.Get(ctx, organization)
	must(t, err)
	if limits.Scopes == nil || limits.Scopes.REST.Enforced || limits.Scopes.GraphQL.ResetAt.IsZero() {
		t.Errorf("limits %+v", limits)
	}

	reader := s.clientWith(readToken)
	_, _, err = reader.Pipelines.Create(ctx, organization, buildkite.CreatePipeline{Name: "No", Repository: "x"})
	wantStatus(t, err, http.StatusForbidden, "write_pipelines")
	_, _, err = s.clientWith("bkua_wrong").User.CurrentUser(ctx)
	wantStatus(t, err, http.StatusUnauthorized, "Authentication required")
	_, err = reader.AccessTokens.Revoke(ctx)
	must(t, err)
	_, _, err = reader.User.CurrentUser(ctx)
	wantStatus(t, err, http.StatusUnauthorized, "Authentication required")
}
