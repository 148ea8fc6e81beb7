package agents_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/ids"
	"github.com/bridle-ci/bridle/internal/core/patch"
	"github.com/bridle-ci/bridle/internal/service/agents"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

func TestTokens(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx, s, maintainer := t.Context(), b.service, b.maintainer()
	expires := b.clock.Now().Add(10 * time.Minute)

	created, secret, err := s.CreateToken(ctx, maintainer, b.Cluster.ID, agents.TokenInput{
		Description: "Builders", ExpiresAt: &expires, AllowedIPAddresses: new(" 192.0.2.0/24  198.51.100.1 "),
	})
	want := agents.TokenView{
		ClusterToken: store.ClusterToken{
			ID: created.ID, OrganizationID: b.Organization.ID, ClusterID: b.Cluster.ID, Description: "Builders",
			TokenHash: ids.HashToken(secret), AllowedIPAddresses: new("192.0.2.0/24 198.51.100.1"), ExpiresAt: &expires,
			CreatedByID: &b.Member.ID, CreatedAt: b.clock.Now(),
		},
		CreatedBy: &b.Member,
	}
	same(t, "created", created, err, want)
	if !strings.HasPrefix(secret, ids.ClusterTokenPrefix) || len(secret) < 40 {
		t.Errorf("secret %q", secret)
	}
	got, err := s.TokenByID(ctx, maintainer, b.Cluster.ID, created.ID)
	same(t, "got", got, err, want)
	open, other, err := s.CreateToken(ctx, b.AdminActor(), b.Cluster.ID, agents.TokenInput{Description: "All"})
	if err != nil || open.AllowedIPAddresses == nil || *open.AllowedIPAddresses != access.Everywhere || other == secret {
		t.Errorf("open token for %v, %v", open.AllowedIPAddresses, err)
	}
	b.constant(t, "a page", 4, func() {
		items, total, err := s.Tokens(ctx, maintainer, b.Cluster.ID, firstPage)
		same(t, "list", items, err, []agents.TokenView{open, want})
		same(t, "total", total, err, 2)
	})

	t.Run("update", func(t *testing.T) {
		got, err := s.UpdateToken(ctx, maintainer, b.Cluster.ID, created.ID, agents.TokenChanges{Description: patch.To("Renamed")})
		want.Description = "Renamed"
		same(t, "description", got, err, want)
		got, err = s.UpdateToken(ctx, maintainer, b.Cluster.ID, created.ID, agents.TokenChanges{AllowedIPAddresses: patch.Null[string]()})
		want.AllowedIPAddresses = new(access.Everywhere)
		same(t, "addresses", got, err, want)
	})
	t.Run("refused", func(t *testing.T) {
		for name, c := range map[string]struct {
			in      agents.TokenInput
			message string
		}{
			"no description": {agents.TokenInput{}, "Validation failed: Description can't be blank"},
			"too soon":       {agents.TokenInput{Description: "x", ExpiresAt: new(b.clock.Now().Add(10*time.Minute - time.Second))}, "Validation failed: Expires at must be at least 10 minutes"},
			"past":           {agents.TokenInput{Description: "x", ExpiresAt: new(time.Time)}, "Validation failed: Expires at must be at least 10 minutes"},
			"addresses":      {agents.TokenInput{Description: "x", AllowedIPAddresses: new("home")}, `Validation failed: Allowed IP addresses: "home"`},
			"too many":       {agents.TokenInput{Description: "x", AllowedIPAddresses: new(strings.Repeat("192.0.2.1 ", 25))}, "at most 24"},
		} {
			_, secret, err := s.CreateToken(ctx, maintainer, b.Cluster.ID, c.in)
			fails(t, name, err, fault.Invalid, c.message)
			if secret != "" {
				t.Errorf("%s: there is a secret", name)
			}
		}
		_, err := s.UpdateToken(ctx, maintainer, b.Cluster.ID, created.ID, agents.TokenChanges{Description: patch.Null[string]()})
		fails(t, "update", err, fault.Invalid, "Validation failed: Description can't be blank")
	})
	t.Run("delete keeps connected agents", func(t *testing.T) {
		agent := storetest.Agent(t, b.store, b.World.Queue, func(a *store.Agent) { a.TokenID = &created.ID })
		if err := s.DeleteToken(ctx, maintainer, b.Cluster.ID, created.ID); err != nil {
			t.Fatal(err)
		}
		_, err := s.TokenByID(ctx, maintainer, b.Cluster.ID, created.ID)
		fails(t, "gone", err, fault.NotFound, "No cluster token found")
		if got := b.agent(t, agent.ID); got.State != store.AgentConnected {
			t.Errorf("agent is %s", got.State)
		}
	})
}

func TestAddressesOfATokenReachItsAgents(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx, s := t.Context(), b.service
	token := storetest.ClusterToken(t, b.store, b.Cluster)
	connect := func(ip string, state store.AgentState) store.Agent {
		return storetest.Agent(t, b.store, b.World.Queue, func(a *store.Agent) {
			a.TokenID, a.IPAddress, a.State = &token.ID, ip, state
		})
	}
	inside, outside := connect("192.0.2.1", store.AgentConnected), connect("198.51.100.1", store.AgentConnected)
	leaving, gone := connect("198.51.100.2", store.AgentStopping), connect("198.51.100.3", store.AgentLost)
	stranger := storetest.Agent(t, b.store, b.World.Queue, func(a *store.Agent) { a.IPAddress = "198.51.100.4" })
	job := addJob(t, b, &build.Job{Type: build.Script, State: build.JobRunning, AgentID: outside.ID, StartedAt: new(b.clock.Now())})
	hinted := b.hints(t, agents.Topic(outside.ID))

	_, err := s.UpdateToken(ctx, b.AdminActor(), b.Cluster.ID, token.ID, agents.TokenChanges{AllowedIPAddresses: patch.To("192.0.2.0/24")})
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]store.AgentState{
		inside.ID: store.AgentConnected, outside.ID: store.AgentDisconnected, leaving.ID: store.AgentStopped,
		gone.ID: store.AgentLost, stranger.ID: store.AgentConnected,
	} {
		if got := b.agent(t, id); got.State != want {
			t.Errorf("agent at %s is %s, want %s", got.IPAddress, got.State, want)
		}
	}
	if !hinted() {
		t.Error("nobody was told")
	}
	b.drain(t)
	if want := []string{agents.TaskAgentLost + " " + job.ID}; !slices.Equal(b.jobTasks, want) {
		t.Errorf("tasks %v, want %v", b.jobTasks, want)
	}
}
