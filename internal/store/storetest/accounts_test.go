package storetest_test

import (
	"errors"
	"testing"
	"time"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/bridle-ci/bridle/internal/store/storetest"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// same fails the test unless got is want without an error. What is nil and what is empty counts as equal.
func same[T any](t *testing.T, what string, got T, err error, want T) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// fails fails the test unless err is want.
func fails(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: got error %v, want %v", what, err, want)
	}
}

func TestOrganizations(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		ctx, q := t.Context(), st.Read()
		has, err := store.HasOrganizations(ctx, q)
		same(t, "has organizations when empty", has, err, false)

		o := storetest.Organization(t, st)
		has, err = store.HasOrganizations(ctx, q)
		same(t, "has organizations", has, err, true)
		got, err := store.GetOrganization(ctx, q, o.ID)
		same(t, "by id", got, err, o)
		got, err = store.OrganizationBySlug(ctx, q, o.Slug)
		same(t, "by slug", got, err, o)
		_, err = store.GetOrganization(ctx, q, store.NewID())
		fails(t, "unknown id", err, store.ErrNotFound)
		_, err = store.OrganizationBySlug(ctx, q, "nobody")
		fails(t, "unknown slug", err, store.ErrNotFound)

		err = st.Write(ctx, func(tx *sqldb.Tx) error {
			return store.InsertOrganization(ctx, tx, store.Organization{ID: store.NewID(), Slug: o.Slug, Name: "Other"})
		})
		if !sqldb.IsUniqueOn(err, "organizations(slug)") {
			t.Errorf("taken slug: got %v, want a unique violation", err)
		}
	})
}

func TestUsers(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		ctx, q := t.Context(), st.Read()
		o := storetest.Organization(t, st)
		other := storetest.Organization(t, st)
		u := storetest.User(t, st, o, access.Member)
		v := storetest.User(t, st, o, access.Admin)

		got, err := store.GetUser(ctx, q, u.ID)
		same(t, "by id", got, err, u)
		got, err = store.UserByEmail(ctx, q, u.Email)
		same(t, "by email", got, err, u)
		_, err = store.UserByEmail(ctx, q, "nobody@example.com")
		fails(t, "unknown email", err, store.ErrNotFound)
		some, err := store.GetUsers(ctx, q, []string{u.ID, v.ID, store.NewID()})
		same(t, "several", some, err, map[string]store.User{u.ID: u, v.ID: v})
		some, err = store.GetUsers(ctx, q, nil)
		same(t, "none", some, err, map[string]store.User{})

		m, err := store.GetMembership(ctx, q, o.ID, v.ID)
		same(t, "membership", m.Role, err, access.Admin)
		_, err = store.GetMembership(ctx, q, other.ID, v.ID)
		fails(t, "membership elsewhere", err, store.ErrNotFound)

		err = st.Write(ctx, func(tx *sqldb.Tx) error {
			return store.InsertUser(ctx, tx, store.User{ID: store.NewID(), Email: u.Email})
		})
		if !sqldb.IsUniqueOn(err, "users(email)") {
			t.Errorf("taken email: got %v, want a unique violation", err)
		}
	})
}

func TestAPITokens(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		ctx, q := t.Context(), st.Read()
		o := storetest.Organization(t, st)
		u := storetest.User(t, st, o, access.Member)
		expires := time.Now().Add(time.Hour).UTC().Truncate(time.Microsecond)
		token := storetest.APIToken(t, st, o, u, func(a *store.APIToken) {
			a.Scopes = []access.Scope{access.ReadBuilds, access.WriteBuilds}
			a.AllowedIPAddresses, a.ExpiresAt = new("192.0.2.0/24"), &expires
		})
		bare := storetest.APIToken(t, st, o, u, func(a *store.APIToken) { a.Scopes = nil })

		got, err := store.GetAPIToken(ctx, q, token.ID)
		same(t, "by id", got, err, token)
		got, err = store.GetAPIToken(ctx, q, bare.ID)
		same(t, "without scopes", got, err, bare)
		grant, err := store.GrantByHash(ctx, q, token.TokenHash)
		same(t, "grant", grant, err, store.Grant{Token: token, OrganizationSlug: o.Slug, Role: access.Member})
		_, err = store.GrantByHash(ctx, q, "0000")
		fails(t, "unknown hash", err, store.ErrNotFound)
		grant, err = store.GrantByID(ctx, q, bare.ID)
		same(t, "grant by id", grant, err, store.Grant{Token: bare, OrganizationSlug: o.Slug, Role: access.Member})
		_, err = store.GrantByID(ctx, q, o.ID)
		fails(t, "unknown id", err, store.ErrNotFound)

		for range 2 { // tokens without a secret do not stand in each other's way
			signed := storetest.APIToken(t, st, o, u, func(a *store.APIToken) { a.TokenHash, a.PublicKey = "", "a key" })
			got, err = store.GetAPIToken(ctx, q, signed.ID)
			same(t, "with a public key", got, err, signed)
		}

		t.Run("the owner must be a member", func(t *testing.T) {
			stranger := storetest.User(t, st, storetest.Organization(t, st), access.Admin)
			lost := storetest.APIToken(t, st, o, stranger)
			_, err := store.GrantByHash(ctx, q, lost.TokenHash)
			fails(t, "grant", err, store.ErrNotFound)
		})
		t.Run("last use never goes back", func(t *testing.T) {
			at := expires.Add(time.Minute)
			storetest.Write(t, st, func(tx *sqldb.Tx) error {
				if err := store.TouchAPIToken(ctx, tx, token.ID, at, "192.0.2.1"); err != nil {
					return err
				}
				return store.TouchAPIToken(ctx, tx, token.ID, at.Add(-time.Second), "192.0.2.2")
			})
			got, err := store.GetAPIToken(ctx, q, token.ID)
			want := token
			want.LastUsedAt, want.LastUsedIP = &at, new("192.0.2.1")
			same(t, "touched", got, err, want)
		})
		t.Run("the first revocation counts", func(t *testing.T) {
			at := expires.Add(2 * time.Minute)
			storetest.Write(t, st, func(tx *sqldb.Tx) error {
				if err := store.RevokeAPIToken(ctx, tx, bare.ID, at); err != nil {
					return err
				}
				return store.RevokeAPIToken(ctx, tx, bare.ID, at.Add(time.Hour))
			})
			got, err := store.GetAPIToken(ctx, q, bare.ID)
			want := bare
			want.RevokedAt = &at
			same(t, "revoked", got, err, want)
		})
	})
}
