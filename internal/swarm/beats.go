package swarm

import (
	"context"
	"sync"
	"time"

	"github.com/bridle-ci/bridle/internal/swarm/agentclient"
)

const (
	// beatWorkers send heartbeats at the same time.
	beatWorkers = 8
	// minBeatTick is the least time between looks at who is due.
	minBeatTick = 20 * time.Millisecond
)

// beat sends the heartbeats of all agents, spread evenly over their interval, until ctx ends: a timer and a handful of
// goroutines in place of one each per agent.
func (f *fleet) beat(ctx context.Context) {
	var (
		interval = time.Duration(f.agents[0].client.Agent.HeartbeatInterval) * time.Second
		due      = make(chan *agent)
		workers  sync.WaitGroup
	)
	for range min(beatWorkers, len(f.agents)) {
		workers.Go(func() {
			for a := range due {
				a.heartbeat(ctx)
			}
		})
	}
	defer workers.Wait()
	defer close(due)
	ticker := time.NewTicker(max(interval/time.Duration(len(f.agents)), minBeatTick))
	defer ticker.Stop()
	began := time.Now()
	for sent := 0; ; {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			for until := beatsDue(len(f.agents), interval, now.Sub(began)); sent < until; sent++ {
				select {
				case due <- f.agents[sent%len(f.agents)]:
				case <-ctx.Done():
					return
				}
			}
		}
	}
}

// beatsDue is how many heartbeats of all the agents together are due after a time: one each per interval, in turn.
func beatsDue(agents int, interval, after time.Duration) int {
	return int(float64(agents) * (float64(after) / float64(interval)))
}

func (a *agent) heartbeat(ctx context.Context) {
	began := time.Now()
	err := a.client.Heartbeat(ctx, began)
	switch {
	case err == nil:
		a.fleet.world.beats.Add(time.Since(began))
	case ctx.Err() == nil && !agentclient.Retryable(err):
		a.lost(err)
	}
}
