package swarm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bridle-ci/bridle/internal/swarm/agentclient"
	"github.com/bridle-ci/bridle/internal/swarm/host"
	"github.com/bridle-ci/bridle/internal/swarm/restclient"
	"github.com/bridle-ci/bridle/internal/swarm/stats"
)

// The changes of Broadcast.
const (
	changeRelease  = "release"
	changeAgents   = "agents"
	changeShutdown = "shutdown"
)

// Broadcast measures how soon a change reaches all open streams.
type Broadcast struct {
	Change   string `enum:"release,agents,shutdown" default:"release" help:"release: the queue is paused, a job per agent waits in it, and the queue is resumed: until each agent has its job. agents: every agent is paused over REST and resumed: from each request to its stream. shutdown: the server is told to stop: until each stream has ended."`
	Creators int    `default:"8" help:"How many connections create builds or pause agents."`
}

// Validate implements Measurement.
func (b Broadcast) Validate(o Options) error {
	switch {
	case o.Mode != "stream":
		return errors.New("only streams hear of changes: --mode must be stream")
	case o.Agents < 1:
		return errors.New("--agents must be at least 1")
	case b.Creators < 1 || b.Creators > maxCreators:
		return fmt.Errorf("--creators must be between 1 and %d", maxCreators)
	case b.Change != changeShutdown:
		return nil
	case o.Start == "" && o.ServerPID == 0:
		return errors.New("--change shutdown needs the server's process: give --start or --server-pid")
	case o.Start == "" && o.Repeat > 1:
		return errors.New("--change shutdown stops the server; to repeat it, let it be started with --start")
	}
	return nil
}

func (b Broadcast) measure(ctx context.Context, w *world) error {
	f, err := w.gather(ctx, w.Agents)
	if err != nil {
		return err
	}
	heard := newHearing(len(f.agents))
	switch b.Change {
	case changeAgents:
		defer f.leave()
		return b.pauseAgents(ctx, f, heard)
	case changeShutdown:
		defer f.close() // there is nobody left to say goodbye to
		return b.shutdown(ctx, f, heard)
	default:
		defer f.leave()
		return b.release(ctx, f, heard)
	}
}

// hearing is when each agent heard of a change for the first time.
type hearing struct {
	at    []atomic.Int64 // nanoseconds since the epoch, 0 for not yet
	count atomic.Int64
}

func newHearing(agents int) *hearing { return &hearing{at: make([]atomic.Int64, agents)} }

func (h *hearing) hear(agent int, at time.Time) {
	if h.at[agent].CompareAndSwap(0, at.UnixNano()) {
		h.count.Add(1)
	}
}

func (h *hearing) heard() int { return int(h.count.Load()) }

// since adds the times between a moment and the hearing of those who heard to samples.
func (h *hearing) since(began time.Time, agent int, samples *stats.Samples) {
	if at := h.at[agent].Load(); at != 0 {
		samples.Add(time.Duration(at - began.UnixNano()))
	}
}

func (h *hearing) allSince(began time.Time) []time.Duration {
	var samples stats.Samples
	for agent := range h.at {
		h.since(began, agent, &samples)
	}
	return samples.Sorted()
}

// waitHeard waits until all have heard. Those that never do are a problem.
func (b Broadcast) waitHeard(ctx context.Context, w *world, h *hearing) error {
	err := w.wait(ctx, "agents heard of the change", len(h.at), h.heard)
	if err != nil && ctx.Err() == nil {
		w.problem("%s", err)
		return nil
	}
	return err
}

// release lets a job per agent go at once. The agents begin their jobs when all have one.
func (b Broadcast) release(ctx context.Context, f *fleet, h *hearing) (err error) {
	w := f.world
	jobs := min(len(f.agents), restclient.MaxSteps)
	batch, err := w.newBatch(ctx, Work{JobsPerBuild: jobs, Creators: b.Creators})
	if err != nil {
		return err
	}
	all := make(chan struct{})
	f.job = func(ctx context.Context, a *agent, jobID string, at time.Time) {
		h.hear(a.index, at)
		batch.ledger.hand(jobID, a.index, at)
		select {
		case <-all:
		case <-ctx.Done():
			return
		}
		if a.run(ctx, jobID, nil) {
			batch.ledger.finish(jobID, time.Now())
		}
	}
	f.release(ctx)
	if err := f.waitOpen(ctx); err != nil {
		return err
	}
	if err := w.rest.PauseQueue(ctx, w.queue); err != nil {
		return fmt.Errorf("pause queue: %w", err)
	}
	resumed := false
	defer func() {
		if !resumed { // or nobody's jobs would ever run again
			err = errors.Join(err, w.rest.ResumeQueue(context.WithoutCancel(ctx), w.queue))
		}
	}()
	if err := batch.create(ctx, (len(f.agents)+jobs-1)/jobs, 0); err != nil {
		return err
	}
	if n := h.heard(); n > 0 {
		w.problem("%d agents were given jobs although the queue was paused", n)
	}
	x := w.open()
	if err := w.rest.ResumeQueue(ctx, w.queue); err != nil {
		return fmt.Errorf("resume queue: %w", err)
	}
	resumed = true
	if err := b.waitHeard(ctx, w, h); err != nil {
		return err
	}
	x.close(0)
	w.measures.AddDurations("heard", h.allSince(x.began))
	close(all)
	if err := batch.waitFinished(ctx); err != nil {
		return err
	}
	f.halt()
	return batch.verify(ctx)
}

// pauseAgents pauses each agent, then resumes each.
func (b Broadcast) pauseAgents(ctx context.Context, f *fleet, paused *hearing) error {
	w, resumed := f.world, newHearing(len(f.agents))
	f.heard = func(a *agent, order agentclient.Order, at time.Time) {
		switch {
		case order.Action == agentclient.PauseAgent:
			paused.hear(a.index, at)
		case order.Action == agentclient.Idle && paused.at[a.index].Load() != 0:
			resumed.hear(a.index, at)
		}
	}
	f.release(ctx)
	if err := f.waitOpen(ctx); err != nil {
		return err
	}
	x := w.open()
	w.say("pausing %d agents", len(f.agents))
	if err := b.tellAgents(ctx, f, "pause", paused, (*restclient.Client).PauseAgent); err != nil {
		return err
	}
	w.say("resuming %d agents", len(f.agents))
	if err := b.tellAgents(ctx, f, "resume", resumed, (*restclient.Client).ResumeAgent); err != nil {
		return err
	}
	x.close(0)
	return nil
}

// tellAgents sends a request about each agent and measures until the agent hears.
func (b Broadcast) tellAgents(ctx context.Context, f *fleet, name string, h *hearing, tell func(*restclient.Client, context.Context, string) error) error {
	w := f.world
	var (
		sent    = make([]time.Time, len(f.agents))
		next    atomic.Int64
		running sync.WaitGroup
	)
	for range min(b.Creators, len(f.agents)) {
		running.Go(func() {
			rest := restclient.New(w.server, w.APIToken, w.Organization)
			defer rest.Close()
			for i := next.Add(1) - 1; i < int64(len(f.agents)) && ctx.Err() == nil; i = next.Add(1) - 1 {
				sent[i] = time.Now()
				if err := tell(rest, ctx, f.agents[i].client.Agent.ID); err != nil && ctx.Err() == nil {
					w.errors.Add(name + " agent: " + kind(err))
				}
			}
		})
	}
	running.Wait()
	if err := b.waitHeard(ctx, w, h); err != nil {
		return err
	}
	var samples stats.Samples
	for i, at := range sent {
		h.since(at, i, &samples)
	}
	w.measures.AddDurations("heard_"+name, samples.Sorted())
	return nil
}

// shutdown tells the server to stop.
func (b Broadcast) shutdown(ctx context.Context, f *fleet, h *hearing) error {
	w := f.world
	var stopping atomic.Bool
	f.ended = func(a *agent, at time.Time) bool {
		if !stopping.Load() {
			return true
		}
		h.hear(a.index, at)
		return false
	}
	f.release(ctx)
	if err := f.waitOpen(ctx); err != nil {
		return err
	}
	process, err := os.FindProcess(w.serverPID())
	if err != nil {
		return fmt.Errorf("find server: %w", err)
	}
	stopping.Store(true)
	began := time.Now()
	host.Terminate(process)
	if err := b.waitHeard(ctx, w, h); err != nil {
		return err
	}
	w.measures.AddDurations("heard", h.allSince(began))
	return nil
}
