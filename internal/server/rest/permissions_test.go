package rest

import (
	"net/http"
	"strings"
	"testing"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

// who may call a row, with a token that has the row's scopes.
type who string

const (
	// members are all of the organization: as long as it has no teams, they reach every pipeline and all that is in it.
	members who = "members"
	// maintainers are the admins, and whoever maintains the cluster that it happens in.
	maintainers who = "maintainers"
	admins      who = "admins"
)

// permissions are the rows that not every member may call, or not when there are teams. Each stands in the contract's column `permission`, or in
// docs/contract/platform.md, section 2.2.
var permissions = map[string]who{
	// Full access to a pipeline is what members have while there are no teams.
	"pipelines.github_webhooks.get":     members,
	"pipelines.github_webhooks.enable":  members,
	"pipelines.github_webhooks.disable": members,

	"agents.stop":   maintainers,
	"agents.delete": maintainers, // stops it
	"agents.pause":  maintainers,
	"agents.resume": maintainers,

	"jobs.vnc_session": maintainers,
	"jobs.ssh_session": maintainers,

	"clusters.create": admins,
	"clusters.update": maintainers,
	"clusters.patch":  maintainers,
	"clusters.delete": maintainers,

	"clusters.maintainers.create": admins,
	"clusters.maintainers.delete": admins,

	"clusters.queues.create":          maintainers,
	"clusters.queues.update":          maintainers,
	"clusters.queues.patch":           maintainers,
	"clusters.queues.delete":          maintainers,
	"clusters.queues.pause_dispatch":  maintainers,
	"clusters.queues.resume_dispatch": maintainers,

	"clusters.tokens.list":              maintainers,
	"clusters.tokens.get":               maintainers,
	"clusters.tokens.create":            maintainers,
	"clusters.tokens.update":            maintainers,
	"clusters.tokens.patch":             maintainers,
	"clusters.tokens.delete":            maintainers,
	"organizations.agent_tokens.list":   maintainers,
	"organizations.agent_tokens.create": maintainers,

	"clusters.agent_images.create":  maintainers,
	"clusters.agent_images.delete":  maintainers,
	"clusters.cache_volumes.delete": maintainers,
}

// TestPermissionsAreTheContracts proves that no row is open to all whose permission the contract narrows, and that no
// row is named that is not served.
func TestPermissionsAreTheContracts(t *testing.T) {
	t.Parallel()
	served := map[string]bool{}
	for _, r := range routes {
		served[r.id] = true
		row, _ := contractRowOf(r.id)
		if _, narrowed := permissions[r.id]; row.Permission != "" && !narrowed {
			t.Errorf("%s is for %q by the contract, and here for every member", r.id, row.Permission)
		}
	}
	for id := range permissions {
		if !served[id] {
			t.Errorf("%s is no row that is served", id)
		}
	}
}

// TestRoutesKnowWhoMayCallThem calls each row as a member, as a maintainer of the cluster it happens in, as one of
// another cluster, and as an admin: who may not is told Forbidden, and nobody else is.
func TestRoutesKnowWhoMayCallThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, r := range routes {
		t.Run(r.id, func(t *testing.T) {
			names := w.freshNames(t)
			elsewhere := w.freshNames(t)["cluster"]
			needed, narrowed := permissions[r.id]
			if !narrowed {
				needed = members
			}
			for _, caller := range []struct {
				name  string
				token string
				may   bool
			}{
				{"member", w.tokenOf(t, access.Member), needed == members},
				{"maintainer elsewhere", w.tokenOf(t, access.Member, elsewhere), needed == members || inNoCluster(r.id)},
				{"maintainer", w.tokenOf(t, access.Member, names["cluster"]), needed != admins},
				{"admin", w.tokenOf(t, access.Admin), true},
			} {
				body := ""
				if r.id == "organizations.agent_tokens.create" {
					body = `{"cluster_id": "` + names["cluster"] + `"}`
				}
				res := w.do(t, r.method, filled(r.path, names, "", ""), body, as(caller.token))
				if refused := res.StatusCode == http.StatusForbidden; refused == caller.may {
					t.Errorf("%s: %d %s", caller.name, res.StatusCode, res.body)
				}
				if !caller.may && res.message() != "Forbidden" {
					t.Errorf("%s is told %q", caller.name, res.message())
				}
			}
		})
	}
}

// inNoCluster reports whether a row for maintainers shows each of them what is theirs.
func inNoCluster(id string) bool { return id == "organizations.agent_tokens.list" }

// tokenOf returns the secret of a token of a new member of the organization who maintains some clusters.
func (w *world) tokenOf(t *testing.T, role access.Role, clusterIDs ...string) string {
	t.Helper()
	user := storetest.User(t, w.st, w.Organization, role)
	storetest.Write(t, w.st, func(tx *sqldb.Tx) error {
		rows := make([]store.ClusterMaintainer, len(clusterIDs))
		for i, id := range clusterIDs {
			rows[i] = store.ClusterMaintainer{ID: store.NewID(), ClusterID: id, UserID: user.ID}
		}
		return store.InsertClusterMaintainers(t.Context(), tx, rows)
	})
	return storetest.APIToken(t, w.st, w.Organization, user).ID
}

// TestMaintainersAreHeededAtOnce proves that rights come and go with the answer to the request that changes them.
func TestMaintainersAreHeededAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	member := as(storetest.APIToken(t, w.st, w.Organization, w.Member).ID)
	tokens := "clusters/" + w.Cluster.ID + "/tokens"
	w.get(t, tokens, member).wantError(t, http.StatusForbidden, "Forbidden")
	var maintainer struct{ ID string }
	w.do(t, http.MethodPost, "clusters/"+w.Cluster.ID+"/maintainers", `{"user": "`+w.Member.ID+`"}`).
		want(t, http.StatusCreated).into(t, &maintainer)
	w.get(t, tokens, member).want(t, http.StatusOK)
	w.do(t, http.MethodDelete, "clusters/"+w.Cluster.ID+"/maintainers/"+maintainer.ID, "").want(t, http.StatusNoContent)
	w.get(t, tokens, member).wantError(t, http.StatusForbidden, "Forbidden")

	var cluster struct{ ID string }
	w.do(t, http.MethodPost, "clusters", `{"name": "Own", "maintainers": [{"user": "`+w.Member.ID+`"}]}`).
		want(t, http.StatusCreated).into(t, &cluster)
	w.get(t, "clusters/"+cluster.ID+"/tokens", member).want(t, http.StatusOK)
}

// TestThingsOfAnotherOrganizationDoNotExist puts what another organization has, one by one, into paths of the own one.
func TestThingsOfAnotherOrganizationDoNotExist(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := *w
	other.World = storetest.NewWorld(t, w.st)
	foreign := other.freshNames(t)
	for _, r := range routes {
		if !strings.Contains(r.path, "{org}") {
			continue
		}
		t.Run(r.id, func(t *testing.T) {
			own := w.freshNames(t)
			for name, id := range foreign {
				if name == "org" || name == "build" || name == "image" || !strings.Contains(r.path, "{"+name+"}") {
					continue
				}
				res := w.do(t, r.method, filled(r.path, own, name, id), `{"description": "x", "cronline": "@daily", "priority": 1, "body": "x"}`)
				if res.StatusCode != http.StatusNotFound {
					t.Errorf("%s of another organization: %d %s", name, res.StatusCode, res.body)
				}
			}
		})
	}
}
