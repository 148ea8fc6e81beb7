package accounts_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/bridle-ci/bridle/internal/bus/local"
	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/service/accounts"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/bridle-ci/bridle/internal/store/storetest"
	"github.com/google/go-cmp/cmp"
)

const ip = "192.0.2.1"

// bundle is a service over a fresh store with one of everything in it.
type bundle struct {
	storetest.World
	service *accounts.Service
	store   *store.Store
	clock   *storetest.Clock
}

func setup(t *testing.T) bundle {
	t.Helper()
	clock := storetest.NewClock()
	st := storetest.OpenAt(t, clock)
	return bundle{
		World:   storetest.NewWorld(t, st),
		service: accounts.New(st, nil, accounts.WithClock(clock.Now)), store: st, clock: clock,
	}
}

// fails fails the test unless err is of a kind and says something.
func fails(t *testing.T, err error, kind fault.Kind, message string) {
	t.Helper()
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != kind || !strings.Contains(f.Message, message) {
		t.Errorf("got %v, want %s %q", err, kind, message)
	}
}

func TestAuthenticate(t *testing.T) {
	t.Parallel()

	t.Run("a member's token", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		storetest.Write(t, b.store, func(tx *sqldb.Tx) error {
			return store.InsertClusterMaintainers(t.Context(), tx, []store.ClusterMaintainer{
				{ID: store.NewID(), ClusterID: b.Cluster.ID, UserID: b.Member.ID},
			})
		})
		token := storetest.APIToken(t, b.store, b.Organization, b.Member, func(a *store.APIToken) {
			a.Scopes = []access.Scope{access.ReadBuilds}
		})
		actor, err := b.service.Authenticate(t.Context(), token.ID, ip)
		want := access.Actor{
			OrganizationID: b.Organization.ID, OrganizationSlug: b.Organization.Slug, UserID: b.Member.ID,
			TokenID: token.ID, Role: access.Member, Scopes: []access.Scope{access.ReadBuilds},
			Maintains: []string{b.Cluster.ID},
		}
		if diff := cmp.Diff(want, actor); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	})
	t.Run("warm it costs no statement", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		token := storetest.APIToken(t, b.store, b.Organization, b.Admin)
		first, err := b.service.Authenticate(t.Context(), token.ID, ip)
		if err != nil {
			t.Fatal(err)
		}
		first.Scopes[0] = "changed by a caller"
		before := b.store.DB().Statements()
		second, err := b.service.Authenticate(t.Context(), token.ID, ip)
		if err != nil {
			t.Fatal(err)
		}
		if n := b.store.DB().Statements() - before; n != 0 {
			t.Errorf("took %d statements", n)
		}
		if second.Scopes[0] != access.AllScopes[0] {
			t.Error("a caller reached into the cache")
		}
	})
	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		expired := storetest.APIToken(t, b.store, b.Organization, b.Admin, func(a *store.APIToken) {
			a.ExpiresAt = new(b.clock.Now())
		})
		revoked := storetest.APIToken(t, b.store, b.Organization, b.Admin, func(a *store.APIToken) {
			a.RevokedAt = new(b.clock.Now())
		})
		stranger := storetest.User(t, b.store, storetest.Organization(t, b.store), access.Admin)
		left := storetest.APIToken(t, b.store, b.Organization, stranger)
		for name, token := range map[string]string{
			"none": "", "unknown": "bkua_unknown", "endless": strings.Repeat("a", 300), "expired": expired.ID,
			"revoked": revoked.ID, "of one who left": left.ID,
		} {
			_, err := b.service.Authenticate(t.Context(), token, ip)
			if !fault.Is(err, fault.Unauthenticated) {
				t.Errorf("%s: got %v", name, err)
			}
			fails(t, err, fault.Unauthenticated, "Authentication required. Please supply a valid API Access Token:")
		}
	})
	t.Run("expiry is looked at while the token is cached", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		token := storetest.APIToken(t, b.store, b.Organization, b.Admin, func(a *store.APIToken) {
			a.ExpiresAt = new(b.clock.Now().Add(time.Second))
		})
		if _, err := b.service.Authenticate(t.Context(), token.ID, ip); err != nil {
			t.Fatal(err)
		}
		b.clock.Advance(time.Second)
		_, err := b.service.Authenticate(t.Context(), token.ID, ip)
		fails(t, err, fault.Unauthenticated, "Authentication required")
	})
	t.Run("addresses", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		token := storetest.APIToken(t, b.store, b.Organization, b.Admin, func(a *store.APIToken) {
			a.AllowedIPAddresses = new("192.0.2.0/24 2001:db8::1")
		})
		for _, from := range []string{"192.0.2.7", "2001:db8::1"} {
			if _, err := b.service.Authenticate(t.Context(), token.ID, from); err != nil {
				t.Errorf("%s: %v", from, err)
			}
		}
		_, err := b.service.Authenticate(t.Context(), token.ID, "198.51.100.1")
		fails(t, err, fault.Forbidden, "198.51.100.1")
	})
	t.Run("another node's revocation is heard of", func(t *testing.T) {
		t.Parallel()
		b, hints := setup(t), local.New()
		here := accounts.New(b.store, nil, accounts.WithClock(b.clock.Now), accounts.WithBus(hints))
		token := storetest.APIToken(t, b.store, b.Organization, b.Admin)
		actor, err := here.Authenticate(t.Context(), token.ID, ip)
		if err != nil {
			t.Fatal(err)
		}
		if err := accounts.New(b.store, nil, accounts.WithBus(hints)).RevokeToken(t.Context(), actor); err != nil {
			t.Fatal(err)
		}
		_, err = here.Authenticate(t.Context(), token.ID, ip)
		fails(t, err, fault.Unauthenticated, "Authentication required")
	})
	t.Run("another node's revocation is seen in time", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		token := storetest.APIToken(t, b.store, b.Organization, b.Admin)
		actor, err := b.service.Authenticate(t.Context(), token.ID, ip)
		if err != nil {
			t.Fatal(err)
		}
		if err := accounts.New(b.store, nil).RevokeToken(t.Context(), actor); err != nil {
			t.Fatal(err)
		}
		b.clock.Advance(5 * time.Second)
		_, err = b.service.Authenticate(t.Context(), token.ID, ip)
		fails(t, err, fault.Unauthenticated, "Authentication required")
	})
}

func TestUsesOfTokens(t *testing.T) {
	t.Parallel()

	lastUse := func(t *testing.T, b bundle, id string) (time.Time, string) {
		t.Helper()
		token, err := store.GetAPIToken(t.Context(), b.store.Read(), id)
		if err != nil {
			t.Fatal(err)
		}
		if token.LastUsedAt == nil || token.LastUsedIP == nil {
			return time.Time{}, ""
		}
		return *token.LastUsedAt, *token.LastUsedIP
	}
	use := func(t *testing.T, b bundle, token, from string) {
		t.Helper()
		if _, err := b.service.Authenticate(t.Context(), token, from); err != nil {
			t.Fatal(err)
		}
	}

	t.Run("the last one is written", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		token := storetest.APIToken(t, b.store, b.Organization, b.Admin)
		use(t, b, token.ID, "192.0.2.1")
		b.clock.Advance(time.Second)
		use(t, b, token.ID, "192.0.2.2")
		if at, _ := lastUse(t, b, token.ID); !at.IsZero() {
			t.Errorf("written at once: %s", at)
		}
		if err := b.service.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if at, from := lastUse(t, b, token.ID); !at.Equal(b.clock.Now()) || from != "192.0.2.2" {
			t.Errorf("last used %s from %s", at, from)
		}
		before := b.store.DB().Statements()
		if err := b.service.Flush(t.Context()); err != nil || b.store.DB().Statements() != before {
			t.Errorf("nothing to write took %d statements, %v", b.store.DB().Statements()-before, err)
		}
	})
	t.Run("a failure loses none", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		token := storetest.APIToken(t, b.store, b.Organization, b.Admin)
		use(t, b, token.ID, ip)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := b.service.Flush(ctx); !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v, want %v", err, context.Canceled)
		}
		if err := b.service.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if at, _ := lastUse(t, b, token.ID); !at.Equal(b.clock.Now()) {
			t.Errorf("last used %s", at)
		}
	})
	t.Run("the end of Run writes", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		token := storetest.APIToken(t, b.store, b.Organization, b.Admin)
		use(t, b, token.ID, ip)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := b.service.Run(ctx); err != nil {
			t.Fatal(err)
		}
		if at, _ := lastUse(t, b, token.ID); !at.Equal(b.clock.Now()) {
			t.Errorf("last used %s", at)
		}
	})
}

func TestIdentity(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	token := storetest.APIToken(t, b.store, b.Organization, b.Member)
	actor, err := b.service.Authenticate(ctx, token.ID, ip)
	if err != nil {
		t.Fatal(err)
	}

	gotToken, gotUser, err := b.service.Token(ctx, actor)
	if err != nil || gotToken.ID != token.ID || gotUser.ID != b.Member.ID {
		t.Errorf("token %s of %s, %v", gotToken.ID, gotUser.ID, err)
	}
	user, err := b.service.User(ctx, actor)
	if err != nil || user.ID != b.Member.ID {
		t.Errorf("user %s, %v", user.ID, err)
	}
	o, err := b.service.Organization(ctx, actor, b.Organization.Slug)
	if err != nil || o.ID != b.Organization.ID {
		t.Errorf("organization %s, %v", o.ID, err)
	}
	other := storetest.Organization(t, b.store)
	_, err = b.service.Organization(ctx, actor, other.Slug)
	fails(t, err, fault.NotFound, "No organization found")

	list, total, err := b.service.Organizations(ctx, actor, store.Page{Limit: 30})
	if diff := cmp.Diff([]store.Organization{b.Organization}, list); err != nil || total != 1 || diff != "" {
		t.Errorf("%d organizations, %v (-want +got):\n%s", total, err, diff)
	}
	list, total, err = b.service.Organizations(ctx, actor, store.Page{Limit: 30, Offset: 30})
	if err != nil || total != 1 || len(list) != 0 {
		t.Errorf("second page: %d of %d, %v", len(list), total, err)
	}

	bare := actor
	bare.Scopes = nil
	_, err = b.service.User(ctx, bare)
	fails(t, err, fault.Forbidden, "read_user")
	_, _, err = b.service.Organizations(ctx, bare, store.Page{Limit: 1})
	fails(t, err, fault.Forbidden, "read_organizations")
	_, err = b.service.Organization(ctx, bare, b.Organization.Slug)
	fails(t, err, fault.Forbidden, "read_organizations")

	machine := access.Actor{System: true, OrganizationID: b.Organization.ID}
	_, _, err = b.service.Token(ctx, machine)
	fails(t, err, fault.NotFound, "No access token found")
	_, err = b.service.User(ctx, machine)
	fails(t, err, fault.NotFound, "No user found")
	fails(t, b.service.RevokeToken(ctx, machine), fault.NotFound, "No access token found")
}

func TestRevokeTokenCountsAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	token := storetest.APIToken(t, b.store, b.Organization, b.Member)
	actor, err := b.service.Authenticate(t.Context(), token.ID, ip)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.service.RevokeToken(t.Context(), actor); err != nil {
		t.Fatal(err)
	}
	_, err = b.service.Authenticate(t.Context(), token.ID, ip)
	fails(t, err, fault.Unauthenticated, "Authentication required")
}
