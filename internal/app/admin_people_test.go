package app_test

import (
	"testing"

	"github.com/bridle-ci/bridle/internal/app"
	"github.com/bridle-ci/bridle/internal/core/access"
)

// Each sees the own organization, and does there what the role allows. The server is running meanwhile.
func TestOrganizationsAndMembers(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	s := settings(data)
	s.RateLimits = false
	server := start(t, s)
	a := openAdmin(t, data)
	if _, err := a.CreateOrganization(t.Context(), app.NewOrganization{Slug: "umbrella", Admin: "eve@example.com"}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.AddMember(t.Context(), app.NewMember{Organization: "acme", Email: "bob@example.com", Role: access.Member}); err != nil {
		t.Fatal(err)
	}
	token := func(organization, user, addresses string) string {
		token, err := a.CreateToken(t.Context(), app.NewToken{
			Organization: organization, User: user, Description: "t", Scopes: access.AllScopes, AllowedIPAddresses: addresses,
		})
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	const acme, umbrella = "/v2/organizations/acme", "/v2/organizations/umbrella"
	for name, c := range map[string]struct {
		token, path string
		want        int
	}{
		"member":                        {token("acme", "bob@example.com", ""), acme + "/clusters", 200},
		"member, where admins may":      {token("acme", "bob@example.com", ""), acme + "/agent-tokens", 403},
		"admin of another organization": {token("umbrella", "eve@example.com", ""), acme, 404},
		"admin of the new organization": {token("umbrella", "eve@example.com", ""), umbrella + "/agent-tokens", 200},
		"allowed address":               {token("umbrella", "eve@example.com", "10.0.0.0/8 127.0.0.1"), umbrella, 200},
		"other address":                 {token("umbrella", "eve@example.com", "10.0.0.0/8"), umbrella, 403},
	} {
		if got := status(t, server, c.path, c.token); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}
