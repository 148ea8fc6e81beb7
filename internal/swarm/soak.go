package swarm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/bridle-ci/bridle/internal/swarm/agentclient"
	"github.com/bridle-ci/bridle/internal/swarm/stats"
)

// Soak keeps a steady load up for long, looks at the server all the while, and may kill it again and again.
type Soak struct {
	Work
	Rate        float64       `default:"5" help:"Builds per second to create."`
	Duration    time.Duration `default:"10m" help:"How long to create builds."`
	SampleEvery time.Duration `default:"10s" help:"How often to note how it goes; the notes are the report's series."`
	KillEvery   time.Duration `help:"Kill the server so often, as a power cut would, and start it again on its data. Needs --start with {data} in the command."`
}

// Validate implements Measurement.
func (s Soak) Validate(o Options) error {
	switch {
	case !(s.Rate > 0) || s.Rate*s.Duration.Seconds() > maxBuilds:
		return fmt.Errorf("--rate must be positive, and at most %d builds in all", maxBuilds)
	case s.Duration <= 0 || s.SampleEvery <= 0 || s.KillEvery < 0:
		return errors.New("--duration and --sample-every must be positive and --kill-every not negative")
	case s.KillEvery > 0 && o.Start == "":
		return errors.New("--kill-every needs --start, to start the server again")
	}
	return s.Work.validate(o)
}

func (s Soak) measure(ctx context.Context, w *world) error {
	b, err := w.newBatch(ctx, s.Work)
	if err != nil {
		return err
	}
	f, err := w.gather(ctx, w.Agents)
	if err != nil {
		return err
	}
	defer f.leave()
	b.doJobs(f)
	f.release(ctx)
	if w.Mode == "stream" {
		if err := f.waitOpen(ctx); err != nil {
			return err
		}
	}
	if err := s.load(ctx, b); err != nil {
		return err
	}
	f.halt()
	w.measures.AddDurations("dispatch", b.ledger.dispatch.Sorted())
	w.measures.AddDurations("create_build", b.answers.Sorted())
	w.measures.AddDurations("ping", w.pings.Sorted())
	w.measures.AddDurations("heartbeat", w.beats.Sorted())
	return b.verify(ctx)
}

// load creates builds, with samples and crashes beside it, and waits for the last job.
func (s Soak) load(ctx context.Context, b *batch) error {
	w := b.world
	w.say("soaking for %s", s.Duration)
	x := w.open()
	aside, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var beside sync.WaitGroup
	beside.Go(func() { s.sample(aside, b) })
	if s.KillEvery > 0 {
		x.known = false // the process will be another
		beside.Go(func() {
			if err := s.crash(aside, w); err != nil {
				stop(err)
			}
		})
	}
	err := b.create(aside, int(math.Ceil(s.Rate*s.Duration.Seconds())), s.Rate)
	gone := context.Cause(aside) // that the server did not come back, if it did not
	stop(nil)
	beside.Wait()
	if err := cmp.Or(gone, err); err != nil {
		return err
	}
	if err := b.waitFinished(ctx); err != nil {
		return err
	}
	_, finished, _ := b.ledger.totals()
	took := x.close(finished)
	w.measures["jobs_per_second"] = float64(finished) / took.Seconds()
	return nil
}

// sample notes how it goes until ctx ends.
func (s Soak) sample(ctx context.Context, b *batch) {
	ticker := time.NewTicker(s.SampleEvery)
	defer ticker.Stop()
	began, before, seen := time.Now(), 0, 0
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		created, finished, _ := b.ledger.totals()
		m := stats.Measures{
			"at_seconds": time.Since(began).Seconds(), "jobs_created": float64(created), "jobs_finished": float64(finished),
			"jobs_per_second": float64(finished-before) / s.SampleEvery.Seconds(), "errors": float64(b.world.errors.Total()),
		}
		before = finished
		var latencies []time.Duration
		latencies, seen = b.ledger.dispatch.Since(seen)
		m.AddDurations("dispatch", latencies)
		if usage, known := b.world.serverUsage(); known {
			m["server_resident_mib"], m["server_cpu_seconds"] = mebibytes(usage.Resident), usage.CPU.Seconds()
		}
		b.world.series = append(b.world.series, m)
		b.world.say("%.0f s: %d of %d jobs finished, %d errors", m["at_seconds"], finished, created, b.world.errors.Total())
	}
}

// crash kills the server again and again until ctx ends. An error means that it did not come back.
func (s Soak) crash(ctx context.Context, w *world) error {
	var ready stats.Samples
	for {
		if agentclient.Sleep(ctx, s.KillEvery) != nil {
			w.measures.AddDurations("ready_after_kill", ready.Sorted())
			return nil
		}
		w.say("killing the server")
		// A crash is carried through to its end, so that what follows finds a server.
		if err := w.started.Crash(context.WithoutCancel(ctx)); err != nil {
			return fmt.Errorf("restart after a kill: %w", err)
		}
		ready.Add(w.started.StartedIn)
	}
}
