package agents_test

import (
	"testing"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/service/agents"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

func TestAllTokens(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx, s := t.Context(), b.service
	other := storetest.Cluster(t, b.store, b.Organization)
	storetest.ClusterToken(t, b.store, storetest.NewWorld(t, b.store).Cluster) // of another organization
	admin := access.Actor{OrganizationID: b.Organization.ID, UserID: b.Admin.ID, Role: access.Admin, Scopes: []access.Scope{access.ReadAgents, access.WriteAgents}}

	inDefault, secret, err := s.CreateTokenAnywhere(ctx, admin, "", agents.TokenInput{Description: "Default"})
	if err != nil || secret == "" || inDefault.ClusterID != b.Cluster.ID {
		t.Fatalf("created %+v, %v", inDefault, err)
	}
	inOther, _, err := s.CreateTokenAnywhere(ctx, admin, other.ID, agents.TokenInput{Description: "Other"})
	if err != nil || inOther.ClusterID != other.ID {
		t.Fatalf("created %+v, %v", inOther, err)
	}
	for name, c := range map[string]struct {
		actor access.Actor
		want  []agents.TokenView
	}{
		"an admin sees all":               {admin, []agents.TokenView{inOther, inDefault}},
		"a maintainer those of clusters":  {b.maintainer(), []agents.TokenView{inDefault}},
		"the scope of clusters does, too": {access.Actor{OrganizationID: b.Organization.ID, Role: access.Admin, Scopes: []access.Scope{access.ReadClusters}}, []agents.TokenView{inOther, inDefault}},
	} {
		items, total, err := s.AllTokens(ctx, c.actor, firstPage)
		same(t, name, items, err, c.want)
		same(t, name, total, err, len(c.want))
	}
	b.constant(t, "a page", 4, func() {
		if _, _, err := s.AllTokens(ctx, admin, firstPage); err != nil {
			t.Error(err)
		}
	})

	_, _, err = s.AllTokens(ctx, b.MemberActor(), firstPage)
	fails(t, "a member", err, fault.Forbidden, "Forbidden")
	_, _, err = s.CreateTokenAnywhere(ctx, b.MemberActor(), "", agents.TokenInput{Description: "x"})
	fails(t, "a member creates", err, fault.Forbidden, "Forbidden")
	_, _, err = s.CreateTokenAnywhere(ctx, b.maintainer(), other.ID, agents.TokenInput{Description: "x"})
	fails(t, "a maintainer of another cluster", err, fault.Forbidden, "Forbidden")
	for name, id := range map[string]string{"unknown": b.Organization.ID, "malformed": "default"} {
		_, _, err = s.CreateTokenAnywhere(ctx, admin, id, agents.TokenInput{Description: "x"})
		fails(t, name, err, fault.Invalid, "Cluster must be one of the organization")
	}
	_, _, err = s.CreateTokenAnywhere(ctx, admin, "", agents.TokenInput{})
	fails(t, "no description", err, fault.Invalid, "Description can't be blank")
}

func TestNoDefaultCluster(t *testing.T) {
	t.Parallel()
	b := setup(t)
	o := storetest.Organization(t, b.store)
	admin := access.Actor{OrganizationID: o.ID, Role: access.Admin, Scopes: access.AllScopes}
	_, _, err := b.service.CreateTokenAnywhere(t.Context(), admin, "", agents.TokenInput{Description: "x"})
	fails(t, "create", err, fault.Invalid, "has no default cluster")
}

func TestHosted(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx, s := t.Context(), b.service
	foreign := storetest.NewWorld(t, b.store).Cluster.ID
	calls := map[string]struct {
		call    func(actor access.Actor, clusterID string) error
		kind    fault.Kind
		message string
		writes  bool
	}{
		"image":         {func(a access.Actor, id string) error { return s.AgentImage(ctx, a, id, "x") }, fault.NotFound, "No agent image found with the given ID.", false},
		"create image":  {func(a access.Actor, id string) error { return s.CreateAgentImage(ctx, a, id) }, fault.Invalid, "this installation hosts none", true},
		"delete image":  {func(a access.Actor, id string) error { return s.DeleteAgentImage(ctx, a, id, "x") }, fault.NotFound, "No agent image found with the given ID.", true},
		"delete volume": {func(a access.Actor, id string) error { return s.DeleteCacheVolume(ctx, a, id, "x") }, fault.NotFound, "This cluster has no hosted cache volumes", true},
		"blank tag":     {func(a access.Actor, id string) error { return s.DeleteCacheVolume(ctx, a, id, " ") }, fault.Malformed, "`tag` must be a non-empty string", true},
	}
	for name, c := range calls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, actor := range []access.Actor{b.AdminActor(), b.maintainer()} {
				fails(t, "own cluster", c.call(actor, b.Cluster.ID), c.kind, c.message)
			}
			fails(t, "another organization's", c.call(b.AdminActor(), foreign), fault.NotFound, "No cluster found")
			fails(t, "malformed", c.call(b.AdminActor(), "x"), fault.NotFound, "No cluster found")
			if c.writes {
				fails(t, "a member", c.call(b.MemberActor(), b.Cluster.ID), fault.Forbidden, "Forbidden")
			}
		})
	}
	if err := s.ViewHosted(ctx, b.MemberActor(), b.Cluster.ID); err != nil {
		t.Errorf("a member looks: %v", err)
	}
}
