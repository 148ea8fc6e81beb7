package agents_test

import (
	"context"
	"strings"
	"testing"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/patch"
	"github.com/bridle-ci/bridle/internal/service/agents"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

func TestClusters(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx, s, admin := t.Context(), b.service, b.AdminActor()

	created, err := s.CreateCluster(ctx, admin, agents.ClusterInput{
		Name: "Deploy", Description: new("Ships"), Emoji: new(":rocket:"), Color: new("#A9CCE3"),
		Maintainers: []agents.MaintainerInput{{UserID: b.Member.ID}},
	})
	want := agents.ClusterView{
		Cluster: store.Cluster{
			ID: created.ID, OrganizationID: b.Organization.ID, Name: "Deploy", Description: new("Ships"),
			Emoji: new(":rocket:"), Color: new("#A9CCE3"), CreatedByID: &b.Admin.ID, CreatedAt: b.clock.Now(),
		},
		CreatedBy: &b.Admin,
	}
	if len(created.Maintainers) == 1 {
		want.Maintainers = []agents.Maintainer{{
			ClusterMaintainer: store.ClusterMaintainer{
				ID: created.Maintainers[0].ID, ClusterID: created.ID, UserID: b.Member.ID,
			},
			User: b.Member,
		}}
	}
	same(t, "created", created, err, want)
	if len(created.Maintainers) != 1 {
		t.Fatalf("%d maintainers, want 1", len(created.Maintainers))
	}
	got, err := s.Cluster(ctx, admin, strings.ToUpper(created.ID))
	same(t, "got", got, err, want)

	t.Run("list", func(t *testing.T) {
		b.constant(t, "a page", 4, func() {
			items, total, err := s.Clusters(ctx, b.MemberActor(), firstPage)
			same(t, "items", items, err, []agents.ClusterView{want, {Cluster: b.Cluster}})
			same(t, "total", total, err, 2)
		})
	})
	t.Run("blank is missing", func(t *testing.T) {
		c, err := s.CreateCluster(ctx, admin, agents.ClusterInput{Name: "Blank", Description: new(""), Emoji: new(""), Color: new("")})
		if err != nil || c.Description != nil || c.Emoji != nil || c.Color != nil {
			t.Errorf("%+v, %v", c.Cluster, err)
		}
	})
	t.Run("update", func(t *testing.T) {
		queue, err := s.CreateQueue(ctx, admin, created.ID, agents.QueueInput{Key: "linux"})
		if err != nil {
			t.Fatal(err)
		}
		maintainer := b.MemberActor()
		maintainer.Maintains = []string{created.ID}
		got, err := s.UpdateCluster(ctx, maintainer, created.ID, agents.ClusterChanges{
			Name: patch.To("Deploys"), Description: patch.Null[string](), DefaultQueueID: patch.To(queue.ID),
		})
		want.Name, want.Description, want.DefaultQueueID = "Deploys", nil, &queue.ID
		same(t, "updated", got, err, want)
		got, err = s.UpdateCluster(ctx, admin, created.ID, agents.ClusterChanges{DefaultQueueID: patch.Null[string]()})
		want.DefaultQueueID = nil
		same(t, "cleared", got, err, want)
	})
	for name, c := range map[string]struct {
		changes agents.ClusterChanges
		message string
	}{
		"no name":            {agents.ClusterChanges{Name: patch.To(" ")}, "Validation failed: Name can't be blank"},
		"null name":          {agents.ClusterChanges{Name: patch.Null[string]()}, "Validation failed: Name can't be blank"},
		"long name":          {agents.ClusterChanges{Name: patch.To(strings.Repeat("a", 256))}, "Validation failed: Name is too long"},
		"taken name":         {agents.ClusterChanges{Name: patch.To(b.Cluster.Name)}, "Validation failed: Name has already been taken"},
		"bad emoji":          {agents.ClusterChanges{Emoji: patch.To("rocket")}, "Validation failed: Emoji must be"},
		"bad color":          {agents.ClusterChanges{Color: patch.To("red")}, "Validation failed: Color must be"},
		"long description":   {agents.ClusterChanges{Description: patch.To(strings.Repeat("a", 1001))}, "Validation failed: Description is too long"},
		"queue of another":   {agents.ClusterChanges{DefaultQueueID: patch.To(b.World.Queue.ID)}, "Validation failed: Default queue must be"},
		"hosted cache":       {agents.ClusterChanges{Name: patch.To("X"), HostedCache: true}, "Validation failed: Hosted agents are not available"},
		"queue that is none": {agents.ClusterChanges{DefaultQueueID: patch.To("main")}, "Validation failed: Default queue must be"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.UpdateCluster(ctx, admin, created.ID, c.changes)
			fails(t, "update", err, fault.Invalid, c.message)
			got, err := s.Cluster(ctx, admin, created.ID)
			same(t, "unchanged", got, err, want)
		})
	}
	t.Run("create refuses", func(t *testing.T) {
		other := storetest.User(t, b.store, storetest.Organization(t, b.store), access.Admin)
		for name, c := range map[string]struct {
			in      agents.ClusterInput
			message string
		}{
			"no name":          {agents.ClusterInput{}, "Name can't be blank"},
			"taken name":       {agents.ClusterInput{Name: b.Cluster.Name}, "Name has already been taken"},
			"no member":        {agents.ClusterInput{Name: "X", Maintainers: []agents.MaintainerInput{{UserID: other.ID}}}, "User must be a member"},
			"no uuid":          {agents.ClusterInput{Name: "X", Maintainers: []agents.MaintainerInput{{UserID: "ada"}}}, "User must be a member"},
			"a team":           {agents.ClusterInput{Name: "X", Maintainers: []agents.MaintainerInput{{TeamID: store.NewID()}}}, "Teams are not available"},
			"the same twice":   {agents.ClusterInput{Name: "X", Maintainers: []agents.MaintainerInput{{UserID: b.Member.ID}, {UserID: b.Member.ID}}}, "User is a maintainer already"},
			"more than enough": {agents.ClusterInput{Name: "X", Maintainers: make([]agents.MaintainerInput, 101)}, "at most 100 maintainers"},
		} {
			_, err := s.CreateCluster(ctx, admin, c.in)
			fails(t, name, err, fault.Invalid, c.message)
		}
		n, err := store.CountClusters(ctx, b.store.Read(), b.Organization.ID)
		same(t, "clusters", n, err, 3)
	})
}

func TestDeleteCluster(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx, s, admin := t.Context(), b.service, b.AdminActor()
	cluster := storetest.Cluster(t, b.store, b.Organization)
	queue := storetest.Queue(t, b.store, cluster)

	fails(t, "default", s.DeleteCluster(ctx, admin, b.Cluster.ID), fault.Invalid, "default cluster")
	p := storetest.Pipeline(t, b.store, b.Organization, func(p *store.Pipeline) { p.ClusterID = &cluster.ID })
	fails(t, "with pipelines", s.DeleteCluster(ctx, admin, cluster.ID), fault.Invalid, "The cluster has pipelines")
	insert(t, b, func(ctx context.Context, tx *sqldb.Tx) error { return store.DeletePipeline(ctx, tx, p.ID) })
	agent := storetest.Agent(t, b.store, queue)
	fails(t, "with agents", s.DeleteCluster(ctx, admin, cluster.ID), fault.Invalid, "connected agents")
	insert(t, b, func(ctx context.Context, tx *sqldb.Tx) error {
		return store.SetAgentState(ctx, tx, agent.ID, []store.AgentState{agent.State}, store.AgentLost, tx.Now())
	})
	if err := s.DeleteCluster(ctx, admin, cluster.ID); err != nil {
		t.Fatal(err)
	}
	_, err := s.Cluster(ctx, admin, cluster.ID)
	fails(t, "gone", err, fault.NotFound, "No cluster found")
}

func TestMaintainers(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx, s, admin := t.Context(), b.service, b.AdminActor()

	added, err := s.AddMaintainer(ctx, admin, b.Cluster.ID, agents.MaintainerInput{UserID: b.Member.ID})
	if err != nil || added.User.ID != b.Member.ID {
		t.Fatalf("added %s, %v", added.User.ID, err)
	}
	_, err = s.AddMaintainer(ctx, admin, b.Cluster.ID, agents.MaintainerInput{UserID: b.Member.ID})
	fails(t, "again", err, fault.Invalid, "User is a maintainer already")
	second, err := s.AddMaintainer(ctx, admin, b.Cluster.ID, agents.MaintainerInput{UserID: b.Admin.ID})
	if err != nil {
		t.Fatal(err)
	}
	list, err := s.Maintainers(ctx, b.MemberActor(), b.Cluster.ID)
	same(t, "list", list, err, []agents.Maintainer{added, second})
	got, err := s.Maintainer(ctx, b.MemberActor(), b.Cluster.ID, second.ID)
	same(t, "get", got, err, second)

	_, err = s.AddMaintainer(ctx, b.maintainer(), b.Cluster.ID, agents.MaintainerInput{UserID: b.Admin.ID})
	fails(t, "by a maintainer", err, fault.Forbidden, "Forbidden")
	fails(t, "removed by a maintainer", s.RemoveMaintainer(ctx, b.maintainer(), b.Cluster.ID, second.ID), fault.Forbidden, "Forbidden")
	other := storetest.Cluster(t, b.store, b.Organization)
	fails(t, "of another cluster", s.RemoveMaintainer(ctx, admin, other.ID, second.ID), fault.NotFound, "No cluster maintainer found")
	fails(t, "no uuid", s.RemoveMaintainer(ctx, admin, b.Cluster.ID, "x"), fault.NotFound, "No cluster maintainer found")
	if err := s.RemoveMaintainer(ctx, admin, b.Cluster.ID, added.ID); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{added.ID, b.Member.ID, "x"} {
		_, err = s.Maintainer(ctx, admin, b.Cluster.ID, id)
		fails(t, id, err, fault.NotFound, "No cluster maintainer found")
	}
	fails(t, "again", s.RemoveMaintainer(ctx, admin, b.Cluster.ID, added.ID), fault.NotFound, "No cluster maintainer found")
}

// Every use case refuses actors without the scope or the role, hides what belongs to others, and takes any text for an
// id.
func TestClusterGuards(t *testing.T) {
	t.Parallel()
	b := setup(t)
	other := storetest.NewWorld(t, b.store)
	token := storetest.ClusterToken(t, b.store, b.Cluster)
	agent := storetest.Agent(t, b.store, b.World.Queue)
	ctx, s := t.Context(), b.service
	type ref struct{ cluster, queue, token, agent string }
	own := ref{b.Cluster.ID, b.World.Queue.ID, token.ID, agent.ID}

	for name, c := range map[string]struct {
		scope   string
		members bool
		noun    string
		call    func(a access.Actor, r ref) error
	}{
		"list clusters": {"read_clusters", true, "", func(a access.Actor, _ ref) error { _, _, err := s.Clusters(ctx, a, firstPage); return err }},
		"get cluster":   {"read_clusters", true, "cluster", func(a access.Actor, r ref) error { _, err := s.Cluster(ctx, a, r.cluster); return err }},
		"create cluster": {"write_clusters", false, "", func(a access.Actor, _ ref) error {
			_, err := s.CreateCluster(ctx, a, agents.ClusterInput{})
			return err
		}},
		"update cluster": {"write_clusters", false, "cluster", func(a access.Actor, r ref) error {
			_, err := s.UpdateCluster(ctx, a, r.cluster, agents.ClusterChanges{})
			return err
		}},
		"delete cluster": {"write_clusters", false, "cluster", func(a access.Actor, r ref) error { return s.DeleteCluster(ctx, a, r.cluster) }},
		"maintainers":    {"read_clusters", true, "cluster", func(a access.Actor, r ref) error { _, err := s.Maintainers(ctx, a, r.cluster); return err }},
		"list queues":    {"read_clusters", true, "cluster", func(a access.Actor, r ref) error { _, _, err := s.Queues(ctx, a, r.cluster, firstPage); return err }},
		"get queue":      {"read_clusters", true, "cluster queue", func(a access.Actor, r ref) error { _, err := s.Queue(ctx, a, own.cluster, r.queue); return err }},
		"create queue": {"write_clusters", false, "cluster", func(a access.Actor, r ref) error {
			_, err := s.CreateQueue(ctx, a, r.cluster, agents.QueueInput{})
			return err
		}},
		"update queue": {"write_clusters", false, "cluster queue", func(a access.Actor, r ref) error {
			_, err := s.UpdateQueue(ctx, a, own.cluster, r.queue, agents.QueueChanges{})
			return err
		}},
		"delete queue": {"write_clusters", false, "cluster queue", func(a access.Actor, r ref) error { return s.DeleteQueue(ctx, a, own.cluster, r.queue) }},
		"pause queue": {"write_clusters", false, "cluster queue", func(a access.Actor, r ref) error {
			_, err := s.PauseQueue(ctx, a, own.cluster, r.queue, nil)
			return err
		}},
		"resume queue": {"write_clusters", false, "cluster queue", func(a access.Actor, r ref) error { _, err := s.ResumeQueue(ctx, a, own.cluster, r.queue); return err }},
		"list tokens":  {"read_clusters", false, "cluster", func(a access.Actor, r ref) error { _, _, err := s.Tokens(ctx, a, r.cluster, firstPage); return err }},
		"get token":    {"read_clusters", false, "cluster token", func(a access.Actor, r ref) error { _, err := s.TokenByID(ctx, a, own.cluster, r.token); return err }},
		"create token": {"write_clusters", false, "cluster", func(a access.Actor, r ref) error {
			_, _, err := s.CreateToken(ctx, a, r.cluster, agents.TokenInput{})
			return err
		}},
		"update token": {"write_clusters", false, "cluster token", func(a access.Actor, r ref) error {
			_, err := s.UpdateToken(ctx, a, own.cluster, r.token, agents.TokenChanges{})
			return err
		}},
		"delete token": {"write_clusters", false, "cluster token", func(a access.Actor, r ref) error { return s.DeleteToken(ctx, a, own.cluster, r.token) }},
		"list agents": {"read_agents", true, "", func(a access.Actor, _ ref) error {
			_, _, err := s.Agents(ctx, a, agents.AgentFilter{}, firstPage)
			return err
		}},
		"get agent":    {"read_agents", true, "agent", func(a access.Actor, r ref) error { _, err := s.Agent(ctx, a, r.agent); return err }},
		"stop agent":   {"write_agents", false, "agent", func(a access.Actor, r ref) error { return s.StopAgent(ctx, a, r.agent, true) }},
		"pause agent":  {"write_agents", false, "agent", func(a access.Actor, r ref) error { return s.PauseAgent(ctx, a, r.agent, nil, nil) }},
		"resume agent": {"write_agents", false, "agent", func(a access.Actor, r ref) error { return s.ResumeAgent(ctx, a, r.agent) }},
	} {
		t.Run(name, func(t *testing.T) {
			bare := b.AdminActor()
			bare.Scopes = nil
			fails(t, "without scopes", c.call(bare, own), fault.Forbidden, "Your access token doesn't have the "+c.scope+" scope")
			if !c.members {
				fails(t, "as a member", c.call(b.MemberActor(), own), fault.Forbidden, "Forbidden")
			}
			if c.noun == "" {
				return
			}
			strange := other.AdminActor()
			if err := c.call(strange, own); !fault.Is(err, fault.NotFound) {
				t.Errorf("from another organization: got %v", err)
			}
			for _, id := range []string{"", "x", "\x00", store.NewID()} {
				fails(t, "id "+id, c.call(b.AdminActor(), ref{id, id, id, id}), fault.NotFound, "No "+c.noun+" found")
			}
		})
	}
}
