package builds_test

import (
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bridle-ci/bridle/internal/bus/local"
	"github.com/bridle-ci/bridle/internal/queue"
	"github.com/bridle-ci/bridle/internal/service/builds"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

// TestJobLifeCostsTheSameInAnyBuild counts the statements of one job's life, and the trips they take to PostgreSQL: they
// must not depend on how many jobs the build has.
func TestJobLifeCostsTheSameInAnyBuild(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		type cost struct{ statements, trips int64 }
		measure := func(jobs int) cost {
			w.build("steps:\n" + strings.Repeat("  - command: x\n", jobs) + "  - wait\n  - command: last\n")
			a := w.agent()
			w.runNext(a, 0) // what a node learns once is not counted
			db := w.st.DB()
			statements, trips := db.Statements(), db.Trips()
			w.runNext(a, 0)
			return cost{db.Statements() - statements, db.Trips() - trips}
		}
		few, many := measure(3), measure(200)
		if many != few {
			t.Errorf("a job's life costs %+v in a build of 200 jobs, %+v in one of 3", many, few)
		}
		if few.statements > maxStatements || few.trips > maxTrips {
			t.Errorf("a job's life costs %+v, at most %d statements and %d trips are allowed", few, maxStatements, maxTrips)
		}
		t.Logf("a job's life costs %+v", few)
	})
}

// maxStatements bounds the statements of a job's life, claim, accept, start and finish with the reading of what the agent
// is told, and maxTrips how often they wait for PostgreSQL when nobody shares a transaction.
const (
	maxStatements = 30
	maxTrips      = 13
)

// BenchmarkJobLife runs jobs from a pool of agents without a network in between.
func BenchmarkJobLife(b *testing.B) {
	st := storetest.Open(b)
	w := storetest.NewWorld(b, st)
	bus := local.New()
	service := builds.New(builds.Options{
		Store: st, Queue: queue.New(st.DB(), queue.Config{Bus: bus}), Bus: bus, Log: slog.New(slog.DiscardHandler),
		BaseURL: "http://bridle.test", JobKey: []byte("key"),
	})
	p := storetest.Pipeline(b, st, w.Organization, func(p *store.Pipeline) {
		p.ClusterID, p.Configuration = &w.Cluster.ID, "steps:\n"+strings.Repeat("  - command: x\n", 10)
	})
	for range (b.N + 9) / 10 {
		if _, err := service.Create(b.Context(), w.AdminActor(), p.Slug, builds.NewBuild{Branch: "main", Commit: "HEAD", Source: "api"}); err != nil {
			b.Fatal(err)
		}
	}
	var done atomic.Int64
	b.SetParallelism(16)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		agent := storetest.Agent(b, st, w.Queue)
		for pb.Next() {
			id, err := service.Offer(b.Context(), agent)
			if err != nil || id == "" {
				b.Errorf("offer: %q, %v", id, err)
				return
			}
			got, err := service.Accept(b.Context(), agent, id)
			if err == nil {
				err = service.Start(b.Context(), got.Job, time.Now())
			}
			if err == nil {
				err = service.Finish(b.Context(), got.Job, builds.Finish{FinishedAt: time.Now()})
			}
			if err != nil {
				b.Error(err)
				return
			}
			done.Add(1)
		}
	})
	b.ReportMetric(float64(done.Load())/b.Elapsed().Seconds(), "jobs/s")
}
