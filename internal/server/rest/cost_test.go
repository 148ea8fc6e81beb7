package rest

import (
	"net/http"
	"testing"

	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

// TestListsCostAConstant proves that a page takes as many statements with few rows as with many.
func TestListsCostAConstant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var job store.Job
	grow := func(n int) {
		for range n {
			cluster := storetest.Cluster(t, w.st, w.Organization, func(c *store.Cluster) { c.CreatedByID = &w.Admin.ID })
			queue := storetest.Queue(t, w.st, w.Cluster, func(q *store.Queue) { q.CreatedByID = &w.Member.ID })
			storetest.ClusterToken(t, w.st, w.Cluster, func(c *store.ClusterToken) { c.CreatedByID = &w.Admin.ID })
			storetest.Pipeline(t, w.st, w.Organization, func(p *store.Pipeline) { p.ClusterID, p.CreatedByID = &cluster.ID, &w.Admin.ID })
			agent := storetest.Agent(t, w.st, queue)
			b := storetest.Build(t, w.st, w.Pipeline, func(b *store.Build) { b.CreatorID = &w.Member.ID })
			job = storetest.Job(t, w.st, b, storetest.Step(t, w.st, b), func(j *store.Job) { j.AgentID, j.QueueID = agent.ID, queue.ID })
			first := "jobs/" + job.ID
			w.do(t, http.MethodPost, first+"/annotations", `{"body": "x"}`).want(t, http.StatusCreated)
			w.uploaded(t, job, "a.txt", "b.txt")
			w.do(t, http.MethodPost, "pipelines/"+w.Pipeline.Slug+"/schedules", `{"cronline": "@daily"}`).want(t, http.StatusCreated)
		}
	}
	grow(1)
	first := job
	paths := []string{
		"builds", "pipelines", "agents", "clusters", "clusters/" + w.Cluster.ID + "/queues", "clusters/" + w.Cluster.ID + "/tokens",
		"jobs/" + first.ID + "/artifacts", "jobs/" + first.ID + "/annotations", "pipelines/" + w.Pipeline.Slug + "/builds/1/jobs",
		"agent-tokens", "pipelines/" + w.Pipeline.Slug + "/schedules",
	}
	count := func(path string) int64 {
		before := w.st.DB().Statements()
		w.get(t, path).want(t, http.StatusOK)
		return w.st.DB().Statements() - before
	}
	few := map[string]int64{}
	for _, path := range paths {
		count(path) // whatever is cached, is now
		few[path] = count(path)
	}
	grow(15)
	for _, path := range paths {
		if many := count(path); many != few[path] {
			t.Errorf("%s takes %d statements with many rows, %d with few", path, many, few[path])
		}
	}
	t.Logf("statements: %v", few)
}
