package access_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	const own, other = "cluster-1", "cluster-2"
	maintainer := access.Actor{Role: access.Member, Scopes: access.AllScopes, Maintains: []string{own}}
	for name, c := range map[string]struct {
		actor  access.Actor
		action access.Action
		want   string
	}{
		"member with the scope":    {access.Actor{Role: access.Member, Scopes: []access.Scope{access.ReadBuilds}}, access.BuildView, ""},
		"scope missing":            {access.Actor{Role: access.Admin, Scopes: []access.Scope{access.ReadBuilds}}, access.BuildCreate, "Your access token doesn't have the write_builds scope"},
		"a write scope reads not":  {access.Actor{Role: access.Admin, Scopes: []access.Scope{access.WriteBuilds}}, access.BuildView, "Your access token doesn't have the read_builds scope"},
		"no scope needed":          {access.Actor{Role: access.Member}, access.TokenView, ""},
		"admin's work by an admin": {access.Actor{Role: access.Admin, Scopes: access.AllScopes}, access.AgentStop, ""},
		"admin's work by a member": {access.Actor{Role: access.Member, Scopes: access.AllScopes}, access.AgentStop, "Forbidden"},
		"scope is told first":      {access.Actor{Role: access.Member}, access.AgentStop, "Your access token doesn't have the write_agents scope"},
		"no role":                  {access.Actor{Scopes: access.AllScopes}, access.BuildView, "Forbidden"},
		"unknown role":             {access.Actor{Role: "guest", Scopes: access.AllScopes}, access.BuildView, "Forbidden"},
		"nobody":                   {access.Actor{}, access.TokenView, "Forbidden"},
		"the machine itself":       {access.Actor{System: true}, access.ClusterChange, ""},
		"unknown action":           {access.Actor{System: true}, "build.paint", "Forbidden"},
		"maintainer outside":       {maintainer, access.QueueChange, "Forbidden"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			expect(t, access.Check(c.actor, c.action), c.want)
			expect(t, access.CheckCluster(c.actor, c.action, other), c.want)
		})
	}
	t.Run("maintainer in the own cluster", func(t *testing.T) {
		t.Parallel()
		expect(t, access.CheckCluster(maintainer, access.QueueChange, own), "")
		expect(t, access.CheckCluster(maintainer, access.AgentPause, own), "")
		maintainer.Scopes = nil
		expect(t, access.CheckCluster(maintainer, access.QueueChange, own), "Your access token doesn't have the write_clusters scope")
		maintainer.Role = ""
		maintainer.Scopes = access.AllScopes
		expect(t, access.CheckCluster(maintainer, access.QueueChange, own), "Forbidden")
	})
}

func expect(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("got %v, want to be allowed", err)
	case want != "" && (!fault.Is(err, fault.Forbidden) || err.Error() != want):
		t.Errorf("got %v, want %q", err, want)
	}
}

// More of anything never allows less, and a scope never widens what the role may do.
func TestCheckIsMonotonic(t *testing.T) {
	t.Parallel()
	actions := access.Actions()
	slices.Sort(actions)
	rapid.Check(t, func(t *rapid.T) {
		action := rapid.SampledFrom(actions).Draw(t, "action")
		scopes := rapid.SliceOf(rapid.SampledFrom(access.AllScopes)).Draw(t, "scopes")
		role := rapid.SampledFrom([]access.Role{"", access.Member, access.Admin}).Draw(t, "role")
		cluster := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "cluster")
		actor := access.Actor{Role: role, Scopes: scopes, Maintains: []string{"a"}}
		allowed := access.CheckCluster(actor, action, cluster) == nil

		full := actor
		full.Scopes = access.AllScopes
		if allowed && access.CheckCluster(full, action, cluster) != nil {
			t.Fatal("more scopes allow less")
		}
		admin := actor
		admin.Role = access.Admin
		if allowed && access.Check(admin, action) != nil {
			t.Fatal("an admin may do less")
		}
		if access.Check(actor, action) == nil && !allowed {
			t.Fatal("a cluster allows less than the organization")
		}
		if instead := access.ScopeInstead(action); instead != "" && slices.Contains(scopes, instead) {
			return
		}
		for _, s := range access.ScopesOf(action) {
			if allowed && !slices.Contains(scopes, s) {
				t.Fatalf("allowed without %s", s)
			}
		}
	})
}

func TestScopesOfAreKnown(t *testing.T) {
	t.Parallel()
	for _, action := range access.Actions() {
		for _, s := range access.ScopesOf(action) {
			if !slices.Contains(access.AllScopes, s) {
				t.Errorf("%s needs %s, which no token can have", action, s)
			}
		}
	}
}

func TestAllScopesAreDistinct(t *testing.T) {
	t.Parallel()
	seen := map[access.Scope]bool{}
	for _, s := range access.AllScopes {
		if seen[s] {
			t.Errorf("%s twice", s)
		}
		seen[s] = true
	}
}

func TestParseScopes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		want []access.Scope
	}{
		"nothing":       {"", nil},
		"separators":    {" read_builds,write_builds\n\tread_user ", []access.Scope{access.ReadBuilds, access.WriteBuilds, access.ReadUser}},
		"twice":         {"read_builds read_builds", []access.Scope{access.ReadBuilds}},
		"aliases":       {"read_secret_details view_teams read_accounts read_build", []access.Scope{access.ReadSecretsDetails, access.ReadTeams, access.ReadOrganizations, access.ReadBuilds}},
		"read only":     {"read_only", access.ReadScopes()},
		"all":           {"all", access.AllScopes},
		"all and again": {"graphql all", append([]access.Scope{access.GraphQL}, access.AllScopes[:len(access.AllScopes)-1]...)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := access.ParseScopes(c.text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	t.Run("unknown", func(t *testing.T) {
		t.Parallel()
		_, err := access.ParseScopes("read_builds,read_minds")
		if err == nil || !strings.Contains(err.Error(), `"read_minds"`) || !strings.Contains(err.Error(), "read_pipelines") {
			t.Errorf("got %v, want an error that names the word and the choices", err)
		}
	})
	t.Run("joined scopes parse back", func(t *testing.T) {
		t.Parallel()
		got, err := access.ParseScopes(access.JoinScopes(access.AllScopes))
		if diff := cmp.Diff(access.AllScopes, got); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	})
}

func TestReadScopesOnlyRead(t *testing.T) {
	t.Parallel()
	read := access.ReadScopes()
	if !slices.Contains(read, access.ReadBuilds) || slices.Contains(read, access.GraphQL) {
		t.Errorf("got %v", read)
	}
	for _, s := range read {
		if !strings.HasPrefix(string(s), "read_") {
			t.Errorf("%s is among them", s)
		}
	}
}

func TestScopeInstead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		scopes []access.Scope
		want   string
	}{
		"its own":     {[]access.Scope{access.ReadAgents}, ""},
		"the other":   {[]access.Scope{access.ReadClusters}, ""},
		"neither":     {[]access.Scope{access.ReadBuilds}, "Your access token doesn't have the read_agents scope"},
		"for writing": {[]access.Scope{access.WriteClusters}, "Your access token doesn't have the read_agents scope"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := ""
			if err := access.Check(access.Actor{Role: access.Admin, Scopes: c.scopes}, access.AgentTokenView); err != nil {
				got = err.Error()
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	if got := access.ScopeInstead(access.AgentTokenChange); got != access.WriteClusters {
		t.Errorf("instead is %q", got)
	}
}

func TestMaintainedOnly(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		actor   access.Actor
		ids     []string
		limited bool
		kind    fault.Kind
	}{
		"admin":         {access.Actor{Role: access.Admin, Scopes: access.AllScopes}, nil, false, ""},
		"the machine":   {access.Actor{System: true}, nil, false, ""},
		"maintainer":    {access.Actor{Role: access.Member, Scopes: access.AllScopes, Maintains: []string{"a", "b"}}, []string{"a", "b"}, true, ""},
		"member":        {access.Actor{Role: access.Member, Scopes: access.AllScopes}, nil, false, fault.Forbidden},
		"without scope": {access.Actor{Role: access.Admin}, nil, false, fault.Forbidden},
		"nobody":        {access.Actor{Scopes: access.AllScopes, Maintains: []string{"a"}}, nil, false, fault.Forbidden},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ids, limited, err := access.MaintainedOnly(c.actor, access.AgentTokenView)
			if !slices.Equal(ids, c.ids) || limited != c.limited || (err != nil) != (c.kind != "") || (err != nil && !fault.Is(err, c.kind)) {
				t.Errorf("got %v, %t, %v", ids, limited, err)
			}
		})
	}
}
