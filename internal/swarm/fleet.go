package swarm

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bridle-ci/bridle/internal/swarm/agentclient"
	"github.com/bridle-ci/bridle/internal/swarm/httpconn"
)

const (
	// arrivals is how many agents register at a time, and leave at a time.
	arrivals = 32
	// leaveTimeout bounds how long agents may take to say that they leave.
	leaveTimeout = time.Minute
)

// fleet is the agents of a repetition.
type fleet struct {
	world *world
	// job does a job that an agent was given at a time. heard and ended, when set, are told of every order of a stream
	// and of every end of one; ended returns whether the agent opens another.
	job   func(ctx context.Context, a *agent, jobID string, at time.Time)
	heard func(a *agent, order agentclient.Order, at time.Time)
	ended func(a *agent, at time.Time) (again bool)

	agents  []*agent
	opened  atomic.Int64 // agents whose stream has brought a message
	working sync.WaitGroup
	stop    context.CancelFunc
}

// agent is one simulated agent.
type agent struct {
	fleet  *fleet
	index  int
	client *agentclient.Client
	open   bool // its stream has brought a message
}

// gather registers and connects agents. They do nothing until they are released.
func (w *world) gather(ctx context.Context, count int) (*fleet, error) {
	w.say("connecting %d agents", count)
	f := &fleet{world: w, agents: make([]*agent, count), stop: func() {}}
	f.job = func(ctx context.Context, a *agent, jobID string, _ time.Time) { a.run(ctx, jobID, nil) }
	for i := range f.agents {
		f.agents[i] = &agent{fleet: f, index: i, client: w.newClient()}
	}
	began := time.Now()
	err := each(ctx, f.agents, func(ctx context.Context, a *agent) error {
		if err := a.client.Register(ctx, w.AgentToken, fmt.Sprintf("swarm-%d", a.index+1), w.Queue); err != nil {
			return err
		}
		return a.client.Connect(ctx)
	})
	if err != nil {
		f.leave()
		return nil, fmt.Errorf("connect agents: %w", err)
	}
	if count > 0 {
		w.measures["agents_connected_per_second"] = float64(count) / time.Since(began).Seconds()
	}
	return f, nil
}

func (w *world) newClient() *agentclient.Client {
	c := agentclient.Config{Server: w.server, Errors: w.errors, Pause: agentclient.Sleep, Random: rand.Float64}
	if w.Protocol == "http2" {
		c.Calls = httpconn.NewHTTP2()
		c.Streams = c.Calls
	} else {
		c.Calls, c.Streams = httpconn.New(w.server), httpconn.New(w.server)
	}
	return agentclient.New(c)
}

// each does something for all agents, a few at a time, until the first error.
func each(ctx context.Context, agents []*agent, do func(context.Context, *agent) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var (
		next    atomic.Int64
		running sync.WaitGroup
	)
	for range min(arrivals, len(agents)) {
		running.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= len(agents) {
					return
				}
				if err := do(ctx, agents[i]); err != nil {
					cancel(err)
				}
			}
		})
	}
	running.Wait()
	return context.Cause(ctx)
}

// release lets the agents look for work.
func (f *fleet) release(ctx context.Context) {
	ctx, f.stop = context.WithCancel(ctx)
	for _, a := range f.agents {
		f.working.Go(func() {
			if f.world.Mode == "poll" {
				a.poll(ctx)
			} else {
				a.stream(ctx)
			}
		})
	}
	if len(f.agents) > 0 {
		f.working.Go(func() { f.beat(ctx) })
	}
}

// halt stops the agents where they are and waits for them.
func (f *fleet) halt() {
	f.stop()
	f.working.Wait()
}

// leave stops the agents and lets them say that they leave, whatever has become of the run.
func (f *fleet) leave() {
	f.halt()
	ctx, cancel := context.WithTimeout(context.Background(), leaveTimeout)
	defer cancel()
	f.world.say("disconnecting %d agents", len(f.agents))
	_ = each(ctx, f.agents, func(ctx context.Context, a *agent) error {
		if a.client.Agent.AccessToken != "" {
			_ = a.client.Disconnect(ctx) // counted; an agent that cannot say it leaves is found lost by the server
		}
		return nil
	})
	f.close()
}

// close ends the agents' connections without a word.
func (f *fleet) close() {
	f.halt()
	for _, a := range f.agents {
		a.client.Calls.Close()
		a.client.Streams.Close()
	}
}

// waitOpen waits until every agent's stream has brought a message.
func (f *fleet) waitOpen(ctx context.Context) error {
	opened := func() int { return int(f.opened.Load()) }
	return f.world.wait(ctx, "streams are open", len(f.agents), opened)
}

// waitEvery is how often what is waited for is looked at.
const waitEvery = 5 * time.Millisecond

// wait waits until count has come up to a number. It gives up when the count has not changed for as long as patience
// lasts.
func (w *world) wait(ctx context.Context, what string, number int, count func() int) error {
	ticker := time.NewTicker(waitEvery)
	defer ticker.Stop()
	last, moved, said := -1, time.Now(), time.Now()
	for {
		now, n := time.Now(), count()
		switch {
		case n >= number:
			return nil
		case n != last:
			last, moved = n, now
		case now.Sub(moved) > w.Patience:
			return fmt.Errorf("gave up: %d of %d %s, and none more for %s", n, number, what, w.Patience)
		}
		if now.Sub(said) >= sayEvery {
			said = now
			w.say("%d of %d %s, %d errors", n, number, what, w.errors.Total())
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}

// sayEvery is how often waiting tells how far it is.
const sayEvery = 2 * time.Second
