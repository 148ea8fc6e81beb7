package builds_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/bridle-ci/bridle/internal/bus/local"
	"github.com/bridle-ci/bridle/internal/queue"
	"github.com/bridle-ci/bridle/internal/service/builds"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

// BenchmarkGroupOfOne runs the jobs of a group with limit 1 one after the other, from the end of one to the next one's
// being offered, while more of the group queue behind them.
func BenchmarkGroupOfOne(b *testing.B) {
	for _, behind := range []int{0, 1000} {
		b.Run(fmt.Sprintf("%d behind", behind), func(b *testing.B) { groupOfOne(b, behind) })
	}
}

func groupOfOne(b *testing.B, behind int) {
	st := storetest.Open(b)
	w := storetest.NewWorld(b, st)
	bus := local.New()
	tasks := queue.New(st.DB(), queue.Config{Bus: bus})
	service := builds.New(builds.Options{
		Store: st, Queue: tasks, Bus: bus, Log: slog.New(slog.DiscardHandler), BaseURL: "http://bridle.test", JobKey: []byte("key"),
	})
	ctx, cancel := context.WithCancel(b.Context())
	ran := make(chan error)
	go func() { ran <- tasks.Run(ctx) }()
	b.Cleanup(func() {
		cancel()
		if err := <-ran; err != nil {
			b.Error(err)
		}
	})
	p := storetest.Pipeline(b, st, w.Organization, func(p *store.Pipeline) {
		p.ClusterID = &w.Cluster.ID
		p.Configuration = "steps:\n  - { command: x, parallelism: 50, concurrency: 1, concurrency_group: g }\n"
	})
	for range (b.N + behind + 49) / 50 {
		if _, err := service.Create(ctx, w.AdminActor(), p.Slug, builds.NewBuild{Branch: "main", Commit: "HEAD", Source: "api"}); err != nil {
			b.Fatal(err)
		}
	}
	agent := storetest.Agent(b, st, w.Queue)
	stream := service.Wait(ctx, agent)
	defer stream.Close()
	var slots time.Duration
	ended := time.Now()
	b.ResetTimer()
	for range b.N {
		id := <-stream.Jobs()
		slots += time.Since(ended)
		got, err := service.Accept(ctx, agent, id)
		if err == nil {
			err = service.Start(ctx, got.Job, time.Now())
		}
		if err == nil {
			err = service.Finish(ctx, got.Job, builds.Finish{FinishedAt: time.Now()})
		}
		if err != nil {
			b.Fatal(err)
		}
		ended = time.Now()
	}
	b.ReportMetric(float64(slots.Microseconds())/float64(b.N)/1000, "ms/slot")
}
