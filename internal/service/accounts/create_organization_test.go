package accounts_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/service/accounts"
	"github.com/bridle-ci/bridle/internal/store"
)

func TestCreateOrganization(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	in := func(edit func(*accounts.NewOrganization)) accounts.NewOrganization {
		n := accounts.NewOrganization{
			Slug: "second", Name: "Second", Admin: accounts.Person{Email: b.Member.Email, Name: "Ignored"},
			ClusterName: "Default cluster", QueueKey: "default",
		}
		edit(&n)
		return n
	}
	o, err := b.service.CreateOrganization(ctx, in(func(*accounts.NewOrganization) {}))
	if err != nil {
		t.Fatal(err)
	}
	membership, err := store.GetMembership(ctx, b.store.Read(), o.ID, b.Member.ID)
	if err != nil || membership.Role != access.Admin {
		t.Errorf("the admin is %q, %v", membership.Role, err)
	}
	cluster, err := store.DefaultCluster(ctx, b.store.Read(), o.ID)
	if err != nil || cluster.Name != "Default cluster" || cluster.DefaultQueueID == nil {
		t.Fatalf("cluster %+v, %v", cluster, err)
	}
	queue, err := store.GetQueue(ctx, b.store.Read(), *cluster.DefaultQueueID)
	if err != nil || queue.Key != "default" || queue.ClusterID != cluster.ID {
		t.Errorf("queue %+v, %v", queue, err)
	}

	for name, c := range map[string]struct {
		edit    func(*accounts.NewOrganization)
		message string
	}{
		"taken slug": {func(*accounts.NewOrganization) {}, "Validation failed: Slug has already been taken"},
		"bad slug":   {func(n *accounts.NewOrganization) { n.Slug = "a b" }, "Validation failed: Slug may only have"},
		"no name":    {func(n *accounts.NewOrganization) { n.Name = " " }, "Validation failed: Name can't be blank"},
		"no admin":   {func(n *accounts.NewOrganization) { n.Slug, n.Admin.Email = "third", "" }, "Validation failed: Email can't be blank"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := b.service.CreateOrganization(ctx, in(c.edit))
			fails(t, err, fault.Invalid, c.message)
		})
	}
	if _, err := store.OrganizationBySlug(ctx, b.store.Read(), "third"); err == nil {
		t.Error("an organization without an admin was made")
	}
}

func TestAddMember(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx, slug := t.Context(), b.Organization.Slug
	grace := accounts.Person{Email: "grace@example.com", Name: "Grace"}
	u, err := b.service.AddMember(ctx, slug, grace, access.Member)
	if err != nil {
		t.Fatal(err)
	}
	want := store.User{ID: u.ID, Name: "Grace", Email: "grace@example.com", CreatedAt: b.clock.Now()}
	stored, err := store.GetUser(ctx, b.store.Read(), u.ID)
	if diff := cmp.Diff(want, stored); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	_, secret, err := b.service.CreateToken(ctx, accounts.NewToken{
		OrganizationSlug: slug, UserEmail: u.Email, Description: "t", Scopes: access.AllScopes,
	})
	if err != nil {
		t.Fatal(err)
	}
	if actor, err := b.service.Authenticate(ctx, secret, ip); err != nil || actor.Role != access.Member {
		t.Errorf("role %q, %v", actor.Role, err)
	}

	_, err = b.service.AddMember(ctx, slug, grace, access.Admin)
	fails(t, err, fault.Invalid, "grace@example.com is a member already")
	_, err = b.service.AddMember(ctx, slug, accounts.Person{Email: "eve@example.com"}, "guest")
	fails(t, err, fault.Invalid, "Role must be admin or member")
	_, err = b.service.AddMember(ctx, "nobody", grace, access.Member)
	fails(t, err, fault.NotFound, "No organization found")
}
