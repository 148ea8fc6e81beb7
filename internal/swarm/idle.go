package swarm

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bridle-ci/bridle/internal/swarm/agentclient"
)

// Idle measures what agents without work cost: the server's memory and CPU, and how soon it answers a ping.
type Idle struct {
	Duration time.Duration `default:"30s" help:"How long to watch once all agents are there."`
	Settle   time.Duration `default:"2s" help:"How long to let the server come to rest before watching."`
	Probes   float64       `default:"20" help:"Pings per second that one more agent sends, for the latency while the others hold streams open."`
}

const maxProbes = 1000

// Validate implements Measurement.
func (i Idle) Validate(Options) error {
	switch {
	case i.Duration <= 0 || i.Settle < 0:
		return errors.New("--duration must be positive and --settle not negative")
	case i.Probes <= 0 || i.Probes > maxProbes:
		return fmt.Errorf("--probes must be more than 0 and at most %d per second", maxProbes)
	}
	return nil
}

func (i Idle) measure(ctx context.Context, w *world) error {
	empty, known := w.serverUsage()
	f, err := w.gather(ctx, w.Agents)
	if err != nil {
		return err
	}
	defer f.leave()
	f.release(ctx)
	if w.Mode == "stream" {
		if err := f.waitOpen(ctx); err != nil {
			return err
		}
	}
	if err := agentclient.Sleep(ctx, i.Settle); err != nil {
		return err
	}
	w.say("watching %d agents for %s", w.Agents, i.Duration)
	_, pings := w.pings.Since(0)
	_, beats := w.beats.Since(0)
	x := w.open()
	if err := i.watch(ctx, w); err != nil {
		return err
	}
	took := x.close(0)
	sorted, _ := w.pings.Since(pings)
	w.measures.AddDurations("ping", sorted)
	w.measures["pings_per_second"] = float64(len(sorted)) / took.Seconds()
	sorted, _ = w.beats.Since(beats)
	w.measures.AddDurations("heartbeat", sorted)
	if full, ok := w.serverUsage(); ok && known {
		w.measures["server_empty_mib"] = mebibytes(empty.Resident)
		if w.Agents > 0 {
			w.measures["server_kib_per_agent"] = float64(full.Resident-empty.Resident) / 1024 / float64(w.Agents)
		}
	}
	return nil
}

// watch lets time pass. Agents with streams do not ping, so another agent does.
func (i Idle) watch(ctx context.Context, w *world) error {
	ctx, cancel := context.WithTimeoutCause(ctx, i.Duration, errWatched)
	defer cancel()
	if w.Mode == "stream" {
		if err := i.probe(ctx, w); err != nil {
			return err
		}
	}
	<-ctx.Done()
	if cause := context.Cause(ctx); !errors.Is(cause, errWatched) {
		return cause
	}
	return nil
}

// errWatched is the end of the time to watch.
var errWatched = errors.New("watched long enough")

// probe pings at a steady rate until ctx ends.
func (i Idle) probe(ctx context.Context, w *world) error {
	c := w.newClient()
	defer c.Calls.Close()
	if err := c.Register(ctx, w.AgentToken, "swarm-probe", w.Queue); err != nil {
		return err
	}
	if err := c.Connect(ctx); err != nil {
		return err
	}
	defer func() { _ = c.Disconnect(context.WithoutCancel(ctx)) }() // counted; the server finds it lost
	ticker := time.NewTicker(time.Duration(float64(time.Second) / i.Probes))
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		began := time.Now()
		if _, err := c.Ping(ctx); err == nil {
			w.pings.Add(time.Since(began))
		}
	}
}
