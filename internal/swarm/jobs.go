package swarm

import (
	"context"
	"errors"
	"math"
	"time"
)

// Jobs measures how many jobs per second go through the server from end to end, or, at a given rate of builds, how soon
// a job is in an agent's hands.
type Jobs struct {
	Work
	Builds   int           `default:"100" help:"How many builds to create."`
	Rate     float64       `help:"Builds per second to create while the agents run. Without it, all builds are created first and then the agents are let loose on them."`
	Duration time.Duration `help:"With --rate: create builds for so long, whatever --builds says."`
}

// maxBuilds bounds a run.
const maxBuilds = 1_000_000

// Validate implements Measurement.
func (j Jobs) Validate(o Options) error {
	switch {
	case j.Rate < 0 || math.IsNaN(j.Rate) || math.IsInf(j.Rate, 0):
		return errors.New("--rate must be a number of builds per second")
	case j.Duration < 0 || j.Duration > 0 && j.Rate == 0:
		return errors.New("--duration needs a --rate")
	case j.count() < 1 || j.count() > maxBuilds:
		return errors.New("the number of builds must be between 1 and a million")
	}
	return j.Work.validate(o)
}

// count is how many builds there will be.
func (j Jobs) count() int {
	if j.Duration > 0 {
		return int(math.Min(j.Rate*j.Duration.Seconds(), maxBuilds+1))
	}
	return j.Builds
}

func (j Jobs) measure(ctx context.Context, w *world) error {
	b, err := w.newBatch(ctx, j.Work)
	if err != nil {
		return err
	}
	f, err := w.gather(ctx, w.Agents)
	if err != nil {
		return err
	}
	defer f.leave()
	b.doJobs(f)
	if j.Rate > 0 {
		err = j.atRate(ctx, b, f)
	} else {
		err = j.upFront(ctx, b, f)
	}
	if err != nil {
		return err
	}
	f.halt()
	w.measures.AddDurations("ping", w.pings.Sorted())
	w.measures.AddDurations("heartbeat", w.beats.Sorted())
	return b.verify(ctx)
}

// upFront creates all builds, then lets the agents loose.
func (j Jobs) upFront(ctx context.Context, b *batch, f *fleet) error {
	w := b.world
	w.say("creating %d builds of %d jobs", j.count(), j.JobsPerBuild)
	began := time.Now()
	if err := b.create(ctx, j.count(), 0); err != nil {
		return err
	}
	creating := time.Since(began)
	x := w.open()
	f.release(ctx)
	if err := b.waitFinished(ctx); err != nil {
		return err
	}
	_, finished, _ := b.ledger.totals()
	x.close(finished)
	running := b.ledger.end().Sub(x.began)
	m := w.measures
	m["builds_created_per_second"] = float64(len(b.builds)) / creating.Seconds()
	m.AddDurations("create_build", b.answers.Sorted())
	if running > 0 {
		m["jobs_per_second"] = float64(finished) / running.Seconds()
		m["jobs_per_second_with_creation"] = float64(finished) / (running + creating).Seconds()
	}
	return nil
}

// atRate creates builds while agents wait for them.
func (j Jobs) atRate(ctx context.Context, b *batch, f *fleet) error {
	w := b.world
	f.release(ctx)
	if w.Mode == "stream" {
		if err := f.waitOpen(ctx); err != nil {
			return err
		}
	}
	w.say("creating %d builds of %d jobs, %g per second", j.count(), j.JobsPerBuild, j.Rate)
	x := w.open()
	if err := b.create(ctx, j.count(), j.Rate); err != nil {
		return err
	}
	creating := time.Since(x.began)
	if err := b.waitFinished(ctx); err != nil {
		return err
	}
	_, finished, _ := b.ledger.totals()
	x.close(finished)
	m := w.measures
	m["builds_created_per_second"] = float64(len(b.builds)) / creating.Seconds()
	m.AddDurations("create_build", b.answers.Sorted())
	m.AddDurations("dispatch", b.ledger.dispatch.Sorted())
	if running := b.ledger.end().Sub(x.began); running > 0 {
		m["jobs_per_second"] = float64(finished) / running.Seconds()
	}
	return nil
}
