package accounts_test

import (
	"strings"
	"testing"
	"time"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/ids"
	"github.com/bridle-ci/bridle/internal/service/accounts"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/storetest"
	"github.com/google/go-cmp/cmp"
)

func TestCreateToken(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	in := func(edit func(*accounts.NewToken)) accounts.NewToken {
		n := accounts.NewToken{
			OrganizationSlug: b.Organization.Slug, UserEmail: b.Member.Email, Description: "CI",
			Scopes: []access.Scope{access.ReadBuilds},
		}
		edit(&n)
		return n
	}

	t.Run("works at once", func(t *testing.T) {
		t.Parallel()
		expires := b.clock.Now().Add(time.Hour)
		row, secret, err := b.service.CreateToken(ctx, in(func(n *accounts.NewToken) {
			n.ExpiresAt, n.AllowedIPAddresses = &expires, new("  192.0.2.0/24   198.51.100.1 ")
		}))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(secret, ids.APITokenPrefix) || row.TokenHash != ids.HashToken(secret) {
			t.Errorf("secret %s, hash %s", secret, row.TokenHash)
		}
		want := store.APIToken{
			ID: row.ID, OrganizationID: b.Organization.ID, UserID: b.Member.ID, Description: "CI", TokenHash: row.TokenHash,
			Scopes: []access.Scope{access.ReadBuilds}, AllowedIPAddresses: new("192.0.2.0/24 198.51.100.1"),
			CreatedAt: b.clock.Now(), ExpiresAt: &expires,
		}
		stored, err := store.GetAPIToken(ctx, b.store.Read(), row.ID)
		if diff := cmp.Diff(want, stored); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
		actor, err := b.service.Authenticate(ctx, secret, ip)
		if err != nil || actor.TokenID != row.ID {
			t.Errorf("token %s, %v", actor.TokenID, err)
		}
	})
	for name, c := range map[string]struct {
		edit    func(*accounts.NewToken)
		kind    fault.Kind
		message string
	}{
		"unknown organization": {func(n *accounts.NewToken) { n.OrganizationSlug = "nobody" }, fault.NotFound, "No organization found"},
		"unknown user":         {func(n *accounts.NewToken) { n.UserEmail = "nobody@example.com" }, fault.NotFound, "No user found"},
		"no member":            {func(n *accounts.NewToken) { n.OrganizationSlug = storetest.Organization(t, b.store).Slug }, fault.NotFound, "No user found"},
		"no description":       {func(n *accounts.NewToken) { n.Description = " " }, fault.Invalid, "Description can't be blank"},
		"expired":              {func(n *accounts.NewToken) { n.ExpiresAt = new(b.clock.Now()) }, fault.Invalid, "Expires at must be in the future"},
		"bad address":          {func(n *accounts.NewToken) { n.AllowedIPAddresses = new("home") }, fault.Invalid, `"home" is neither`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, secret, err := b.service.CreateToken(ctx, in(c.edit))
			fails(t, err, c.kind, c.message)
			if secret != "" {
				t.Error("there is a secret")
			}
		})
	}
}
