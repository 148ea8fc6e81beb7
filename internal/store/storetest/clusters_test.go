package storetest_test

import (
	"slices"
	"testing"
	"time"

	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

var all = store.Page{Limit: 100}

func TestClusters(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		ctx, q := t.Context(), st.Read()
		w := storetest.NewWorld(t, st)
		o, first := w.Organization, w.Cluster
		second := storetest.Cluster(t, st, o, func(c *store.Cluster) {
			c.Description, c.Emoji, c.Color, c.CreatedByID = new("Deploys"), new(":rocket:"), new("#A9CCE3"), &w.Admin.ID
		})
		storetest.NewWorld(t, st) // another organization's

		got, err := store.GetCluster(ctx, q, second.ID)
		same(t, "by id", got, err, second)
		got, err = store.DefaultCluster(ctx, q, o.ID)
		same(t, "default", got, err, first)
		_, err = store.DefaultCluster(ctx, q, store.NewID())
		fails(t, "default of nothing", err, store.ErrNotFound)
		items, err := store.ListClusters(ctx, q, o.ID, all)
		same(t, "list", items, err, []store.Cluster{second, first})
		items, err = store.ListClusters(ctx, q, o.ID, store.Page{Limit: 1, Offset: 1})
		same(t, "second page", items, err, []store.Cluster{first})
		n, err := store.CountClusters(ctx, q, o.ID)
		same(t, "count", n, err, 2)

		t.Run("update", func(t *testing.T) {
			changed := second
			changed.Name, changed.Description, changed.Emoji, changed.Color = "Deploy", nil, nil, new("#000000")
			var locked store.Cluster
			storetest.Write(t, st, func(tx *sqldb.Tx) (err error) {
				if err := store.UpdateCluster(ctx, tx, changed); err != nil {
					return err
				}
				locked, err = store.LockCluster(ctx, tx, second.ID)
				return err
			})
			same(t, "changed", locked, nil, changed)
			err := st.Write(ctx, func(tx *sqldb.Tx) error {
				changed.Name = first.Name
				return store.UpdateCluster(ctx, tx, changed)
			})
			if !sqldb.IsUniqueOn(err, "clusters(organization_id, name)") {
				t.Errorf("taken name: got %v, want a unique violation", err)
			}
			err = st.Write(ctx, func(tx *sqldb.Tx) error { return store.UpdateCluster(ctx, tx, store.Cluster{ID: store.NewID()}) })
			fails(t, "unknown cluster", err, store.ErrNotFound)
		})
		t.Run("delete takes what is the cluster's", func(t *testing.T) {
			has, err := store.ClusterHasPipelines(ctx, q, first.ID)
			same(t, "has pipelines", has, err, true)
			has, err = store.ClusterHasPipelines(ctx, q, second.ID)
			same(t, "has no pipelines", has, err, false)
			queue := storetest.Queue(t, st, second)
			token := storetest.ClusterToken(t, st, second)
			agent := storetest.Agent(t, st, queue)
			has, err = store.ClusterHasAgents(ctx, q, second)
			same(t, "has agents", has, err, true)
			has, err = store.ClusterHasAgents(ctx, q, first)
			same(t, "has no agents", has, err, false)

			storetest.Write(t, st, func(tx *sqldb.Tx) error { return store.DeleteCluster(ctx, tx, second.ID) })
			_, err = store.GetQueue(ctx, q, queue.ID)
			fails(t, "queue", err, store.ErrNotFound)
			_, err = store.GetClusterToken(ctx, q, token.ID)
			fails(t, "token", err, store.ErrNotFound)
			_, err = store.GetAgent(ctx, q, agent.ID)
			fails(t, "agent", err, store.ErrNotFound)
			err = st.Write(ctx, func(tx *sqldb.Tx) error { return store.DeleteCluster(ctx, tx, second.ID) })
			fails(t, "again", err, store.ErrNotFound)
		})
	})
}

func TestClusterMaintainers(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		ctx, q := t.Context(), st.Read()
		w := storetest.NewWorld(t, st)
		other := storetest.Cluster(t, st, w.Organization)
		m := func(c store.Cluster, u store.User) store.ClusterMaintainer {
			return store.ClusterMaintainer{ID: store.NewID(), ClusterID: c.ID, UserID: u.ID}
		}
		a, b, c := m(w.Cluster, w.Member), m(w.Cluster, w.Admin), m(other, w.Member)
		storetest.Write(t, st, func(tx *sqldb.Tx) error {
			return store.InsertClusterMaintainers(ctx, tx, []store.ClusterMaintainer{a, b, c})
		})

		got, err := store.GetClusterMaintainer(ctx, q, a.ID)
		same(t, "by id", got, err, a)
		of, err := store.MaintainersOfClusters(ctx, q, []string{w.Cluster.ID, other.ID})
		same(t, "of clusters", of, err, map[string][]store.ClusterMaintainer{w.Cluster.ID: {a, b}, other.ID: {c}})
		of, err = store.MaintainersOfClusters(ctx, q, nil)
		same(t, "of no cluster", of, err, nil)
		ids, err := store.MaintainedClusters(ctx, q, w.Organization.ID, w.Member.ID)
		slices.Sort(ids)
		want := []string{w.Cluster.ID, other.ID}
		slices.Sort(want)
		same(t, "of a user", ids, err, want)
		ids, err = store.MaintainedClusters(ctx, q, store.NewID(), w.Member.ID)
		same(t, "in another organization", ids, err, nil)

		err = st.Write(ctx, func(tx *sqldb.Tx) error {
			return store.InsertClusterMaintainers(ctx, tx, []store.ClusterMaintainer{m(other, w.Member)})
		})
		if !sqldb.IsUniqueOn(err, "cluster_maintainers(cluster_id, user_id)") {
			t.Errorf("twice: got %v, want a unique violation", err)
		}
		storetest.Write(t, st, func(tx *sqldb.Tx) error { return store.DeleteClusterMaintainer(ctx, tx, a.ID) })
		_, err = store.GetClusterMaintainer(ctx, q, a.ID)
		fails(t, "deleted", err, store.ErrNotFound)
		err = st.Write(ctx, func(tx *sqldb.Tx) error { return store.DeleteClusterMaintainer(ctx, tx, a.ID) })
		fails(t, "delete again", err, store.ErrNotFound)
	})
}

func TestQueues(t *testing.T) {
	t.Parallel()
	storetest.EachAt(t, func(t *testing.T, st *store.Store, clock *storetest.Clock) {
		ctx, q := t.Context(), st.Read()
		w := storetest.NewWorld(t, st)
		queue := storetest.Queue(t, st, w.Cluster, func(q *store.Queue) { q.Description, q.CreatedByID = new("Big ones"), &w.Admin.ID })

		got, err := store.GetQueue(ctx, q, queue.ID)
		same(t, "by id", got, err, queue)
		got, err = store.QueueByKey(ctx, q, w.Cluster.ID, queue.Key)
		same(t, "by key", got, err, queue)
		_, err = store.QueueByKey(ctx, q, store.NewID(), queue.Key)
		fails(t, "key of another cluster", err, store.ErrNotFound)
		some, err := store.GetQueues(ctx, q, []string{queue.ID, store.NewID()})
		same(t, "several", some, err, map[string]store.Queue{queue.ID: queue})
		items, err := store.ListQueues(ctx, q, w.Cluster.ID, all)
		same(t, "list", items, err, []store.Queue{queue, w.Queue})
		n, err := store.CountQueues(ctx, q, w.Cluster.ID)
		same(t, "count", n, err, 2)
		err = st.Write(ctx, func(tx *sqldb.Tx) error {
			again := queue
			again.ID = store.NewID()
			return store.InsertQueue(ctx, tx, again)
		})
		if !sqldb.IsUniqueOn(err, "queues(cluster_id, key)") {
			t.Errorf("taken key: got %v, want a unique violation", err)
		}

		t.Run("update", func(t *testing.T) {
			changed := queue
			changed.Description, changed.RetryAgentAffinity = nil, store.PreferDifferent
			storetest.Write(t, st, func(tx *sqldb.Tx) error { return store.UpdateQueue(ctx, tx, changed) })
			got, err := store.GetQueue(ctx, q, queue.ID)
			same(t, "changed", got, err, changed)
			queue = changed
		})
		t.Run("pause and resume", func(t *testing.T) {
			now, note := clock.Now(), "Maintenance"
			pause := func(tx *sqldb.Tx) error { return store.PauseQueue(ctx, tx, queue.ID, now, &w.Admin.ID, &note) }
			resume := func(tx *sqldb.Tx) error { return store.ResumeQueue(ctx, tx, queue.ID) }
			fails(t, "resume first", st.Write(ctx, resume), store.ErrStale)
			storetest.Write(t, st, pause)
			fails(t, "pause again", st.Write(ctx, pause), store.ErrStale)
			paused := queue
			paused.PausedAt, paused.PausedByID, paused.PausedNote = &now, &w.Admin.ID, &note
			got, err := store.GetQueue(ctx, q, queue.ID)
			same(t, "paused", got, err, paused)
			if !got.Paused() {
				t.Error("Paused is false")
			}
			storetest.Write(t, st, resume)
			got, err = store.GetQueue(ctx, q, queue.ID)
			same(t, "resumed", got, err, queue)
		})
		t.Run("delete keeps the agents", func(t *testing.T) {
			has, err := store.QueueHasJobs(ctx, q, queue.ID)
			same(t, "has no jobs", has, err, false)
			has, err = store.QueueHasAgents(ctx, q, queue.ID)
			same(t, "has no agents", has, err, false)
			agent := storetest.Agent(t, st, queue)
			has, err = store.QueueHasAgents(ctx, q, queue.ID)
			same(t, "has agents", has, err, true)
			storetest.Write(t, st, func(tx *sqldb.Tx) error {
				if _, err := store.LockQueue(ctx, tx, queue.ID); err != nil {
					return err
				}
				return store.DeleteQueue(ctx, tx, queue.ID)
			})
			_, err = store.GetQueue(ctx, q, queue.ID)
			fails(t, "queue", err, store.ErrNotFound)
			agent.QueueID = ""
			got, err := store.GetAgent(ctx, q, agent.ID)
			same(t, "agent", got, err, agent)
		})
	})
}

func TestClusterTokens(t *testing.T) {
	t.Parallel()
	storetest.EachAt(t, func(t *testing.T, st *store.Store, clock *storetest.Clock) {
		ctx, q := t.Context(), st.Read()
		w := storetest.NewWorld(t, st)
		first := storetest.ClusterToken(t, st, w.Cluster)
		token := storetest.ClusterToken(t, st, w.Cluster, func(c *store.ClusterToken) {
			c.AllowedIPAddresses, c.ExpiresAt, c.CreatedByID = new("192.0.2.0/24"), new(clock.Now().Add(time.Hour)), &w.Admin.ID
		})

		got, err := store.GetClusterToken(ctx, q, token.ID)
		same(t, "by id", got, err, token)
		got, err = store.ClusterTokenByHash(ctx, q, token.TokenHash)
		same(t, "by hash", got, err, token)
		_, err = store.ClusterTokenByHash(ctx, q, "0000")
		fails(t, "unknown hash", err, store.ErrNotFound)
		some, err := store.GetClusterTokens(ctx, q, []string{token.ID})
		same(t, "several", some, err, map[string]store.ClusterToken{token.ID: token})
		items, err := store.ListClusterTokens(ctx, q, w.Cluster.ID, all)
		same(t, "list", items, err, []store.ClusterToken{token, first})
		n, err := store.CountClusterTokens(ctx, q, w.Cluster.ID)
		same(t, "count", n, err, 2)

		changed := token
		changed.Description, changed.AllowedIPAddresses = "Other", nil
		storetest.Write(t, st, func(tx *sqldb.Tx) error { return store.UpdateClusterToken(ctx, tx, changed) })
		got, err = store.GetClusterToken(ctx, q, token.ID)
		same(t, "changed", got, err, changed)
		storetest.Write(t, st, func(tx *sqldb.Tx) error { return store.DeleteClusterToken(ctx, tx, token.ID) })
		_, err = store.GetClusterToken(ctx, q, token.ID)
		fails(t, "deleted", err, store.ErrNotFound)
		err = st.Write(ctx, func(tx *sqldb.Tx) error { return store.DeleteClusterToken(ctx, tx, token.ID) })
		fails(t, "delete again", err, store.ErrNotFound)
	})
}
