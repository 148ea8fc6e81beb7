package storetest

import (
	"testing"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/ids"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// Write runs fn in a transaction and fails the test when that fails.
func Write(tb testing.TB, st *store.Store, fn func(tx *sqldb.Tx) error) {
	tb.Helper()
	if err := st.Write(tb.Context(), fn); err != nil {
		tb.Fatalf("write: %v", err)
	}
}

// World is an organization with one of each of the things most cases need.
type World struct {
	Organization store.Organization
	Admin        store.User
	Member       store.User
	Cluster      store.Cluster
	Queue        store.Queue
	Pipeline     store.Pipeline
}

// NewWorld makes a World: its cluster is the default one and its queue the cluster's default.
func NewWorld(tb testing.TB, st *store.Store) World {
	tb.Helper()
	var w World
	w.Organization = Organization(tb, st)
	w.Admin = User(tb, st, w.Organization, access.Admin)
	w.Member = User(tb, st, w.Organization, access.Member)
	w.Cluster = Cluster(tb, st, w.Organization, func(c *store.Cluster) { c.IsDefault = true })
	w.Queue = Queue(tb, st, w.Cluster, func(q *store.Queue) { q.Key = "default" })
	w.Cluster.DefaultQueueID = &w.Queue.ID
	Write(tb, st, func(tx *sqldb.Tx) error { return store.UpdateCluster(tb.Context(), tx, w.Cluster) })
	w.Pipeline = Pipeline(tb, st, w.Organization, func(p *store.Pipeline) { p.ClusterID = &w.Cluster.ID })
	return w
}

// AdminActor is the world's admin with a token that carries every scope.
func (w World) AdminActor() access.Actor { return w.actor(w.Admin, access.Admin) }

// MemberActor is the world's member with a token that carries every scope.
func (w World) MemberActor() access.Actor { return w.actor(w.Member, access.Member) }

func (w World) actor(u store.User, role access.Role) access.Actor {
	return access.Actor{
		OrganizationID: w.Organization.ID, OrganizationSlug: w.Organization.Slug, UserID: u.ID, Role: role,
		Scopes: access.AllScopes,
	}
}

// insert adds a fresh value, changed as the case wants.
func insert[T any](tb testing.TB, st *store.Store, fresh func(tx *sqldb.Tx, id string) T, edit []func(*T), add func(tx *sqldb.Tx, v T) error) T {
	tb.Helper()
	var v T
	id := store.NewID()
	Write(tb, st, func(tx *sqldb.Tx) error {
		v = fresh(tx, id)
		for _, f := range edit {
			f(&v)
		}
		return add(tx, v)
	})
	return v
}

// unique is the part of an id that is random, for names.
func unique(id string) string { return id[24:] }

// Organization adds an organization.
func Organization(tb testing.TB, st *store.Store, edit ...func(*store.Organization)) store.Organization {
	tb.Helper()
	return insert(tb, st, func(tx *sqldb.Tx, id string) store.Organization {
		return store.Organization{ID: id, Slug: "org-" + unique(id), Name: "Org " + unique(id), CreatedAt: tx.Now()}
	}, edit, func(tx *sqldb.Tx, o store.Organization) error {
		return store.InsertOrganization(tb.Context(), tx, o)
	})
}

// User adds a user who is a member of an organization.
func User(tb testing.TB, st *store.Store, o store.Organization, role access.Role, edit ...func(*store.User)) store.User {
	tb.Helper()
	return insert(tb, st, func(tx *sqldb.Tx, id string) store.User {
		return store.User{ID: id, Name: "User " + unique(id), Email: unique(id) + "@example.com", CreatedAt: tx.Now()}
	}, edit, func(tx *sqldb.Tx, u store.User) error {
		if err := store.InsertUser(tb.Context(), tx, u); err != nil {
			return err
		}
		return store.InsertMembership(tb.Context(), tx, store.Membership{
			OrganizationID: o.ID, UserID: u.ID, Role: role, CreatedAt: tx.Now(),
		})
	})
}

// APIToken adds a token of a user with every scope. Its secret is the token's id.
func APIToken(tb testing.TB, st *store.Store, o store.Organization, u store.User, edit ...func(*store.APIToken)) store.APIToken {
	tb.Helper()
	return insert(tb, st, func(tx *sqldb.Tx, id string) store.APIToken {
		return store.APIToken{
			ID: id, OrganizationID: o.ID, UserID: u.ID, Description: "Token " + unique(id), TokenHash: ids.HashToken(id),
			Scopes: access.AllScopes, CreatedAt: tx.Now(),
		}
	}, edit, func(tx *sqldb.Tx, t store.APIToken) error {
		return store.InsertAPIToken(tb.Context(), tx, t)
	})
}

// Cluster adds a cluster.
func Cluster(tb testing.TB, st *store.Store, o store.Organization, edit ...func(*store.Cluster)) store.Cluster {
	tb.Helper()
	return insert(tb, st, func(tx *sqldb.Tx, id string) store.Cluster {
		return store.Cluster{ID: id, OrganizationID: o.ID, Name: "Cluster " + unique(id), CreatedAt: tx.Now()}
	}, edit, func(tx *sqldb.Tx, c store.Cluster) error {
		return store.InsertCluster(tb.Context(), tx, c)
	})
}

// Queue adds a queue.
func Queue(tb testing.TB, st *store.Store, c store.Cluster, edit ...func(*store.Queue)) store.Queue {
	tb.Helper()
	return insert(tb, st, func(tx *sqldb.Tx, id string) store.Queue {
		return store.Queue{
			ID: id, OrganizationID: c.OrganizationID, ClusterID: c.ID, Key: "queue-" + unique(id),
			RetryAgentAffinity: store.PreferWarmest, CreatedAt: tx.Now(),
		}
	}, edit, func(tx *sqldb.Tx, q store.Queue) error {
		return store.InsertQueue(tb.Context(), tx, q)
	})
}

// ClusterToken adds a token that agents register with. Its secret is the token's id.
func ClusterToken(tb testing.TB, st *store.Store, c store.Cluster, edit ...func(*store.ClusterToken)) store.ClusterToken {
	tb.Helper()
	return insert(tb, st, func(tx *sqldb.Tx, id string) store.ClusterToken {
		return store.ClusterToken{
			ID: id, OrganizationID: c.OrganizationID, ClusterID: c.ID, Description: "Token " + unique(id),
			TokenHash: ids.HashToken(id), CreatedAt: tx.Now(),
		}
	}, edit, func(tx *sqldb.Tx, t store.ClusterToken) error {
		return store.InsertClusterToken(tb.Context(), tx, t)
	})
}

// Agent adds a connected agent. The secret of its session is the agent's id.
func Agent(tb testing.TB, st *store.Store, q store.Queue, edit ...func(*store.Agent)) store.Agent {
	tb.Helper()
	return insert(tb, st, func(tx *sqldb.Tx, id string) store.Agent {
		now := tx.Now()
		return store.Agent{
			ID: id, OrganizationID: q.OrganizationID, ClusterID: q.ClusterID, QueueID: q.ID,
			SessionHash: ids.HashToken(id), State: store.AgentConnected, Name: "agent-" + unique(id),
			Hostname: "host-" + unique(id), OS: "linux", Arch: "amd64", Version: "3.138.1", Build: "1",
			UserAgent: "buildkite-agent/3.138.1", IPAddress: "192.0.2.10", Tags: []string{"queue=" + q.Key},
			CreatedAt: now, ConnectedAt: &now, LastSeenAt: &now,
		}
	}, edit, func(tx *sqldb.Tx, a store.Agent) error {
		return store.InsertAgent(tb.Context(), tx, a)
	})
}

// Pipeline adds a pipeline with one command step.
func Pipeline(tb testing.TB, st *store.Store, o store.Organization, edit ...func(*store.Pipeline)) store.Pipeline {
	tb.Helper()
	return insert(tb, st, func(tx *sqldb.Tx, id string) store.Pipeline {
		return store.Pipeline{
			ID: id, OrganizationID: o.ID, Slug: "pipeline-" + unique(id), Name: "Pipeline " + unique(id),
			Repository: "https://github.com/acme/" + unique(id) + ".git", Configuration: "steps:\n  - command: \"true\"\n",
			DefaultBranch: "main", AllowRebuilds: true, Provider: "github", ProviderSettings: []byte("{}"),
			Visibility: store.VisibilityPrivate, BadgeToken: "badge-" + id, WebhookToken: "webhook-" + id,
			NextBuildNumber: 1, CreatedAt: tx.Now(),
		}
	}, edit, func(tx *sqldb.Tx, p store.Pipeline) error {
		return store.InsertPipeline(tb.Context(), tx, p)
	})
}
