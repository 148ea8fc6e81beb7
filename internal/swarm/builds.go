package swarm

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/bridle-ci/bridle/internal/swarm/agentclient"
	"github.com/bridle-ci/bridle/internal/swarm/restclient"
	"github.com/bridle-ci/bridle/internal/swarm/stats"
)

// Work is what builds and jobs look like. The tags are flags.
type Work struct {
	JobsPerBuild int   `default:"10" help:"How many jobs a build has."`
	LogBytes     int64 `default:"0" help:"How much log a job writes, in bytes."`
	ChunkBytes   int   `default:"65536" help:"How much of a log agents send at a time, in bytes."`
	Creators     int   `default:"8" help:"How many connections create builds."`
}

// Bounds of work.
const (
	maxLogBytes   = 1 << 30
	maxChunkBytes = 16 << 20
	maxCreators   = 1000
)

func (k Work) validate(o Options) error {
	switch {
	case o.Agents < 1:
		return fmt.Errorf("jobs need --agents to run them")
	case k.JobsPerBuild < 1 || k.JobsPerBuild > restclient.MaxSteps:
		return fmt.Errorf("--jobs-per-build must be between 1 and %d", restclient.MaxSteps)
	case k.LogBytes < 0 || k.LogBytes > maxLogBytes:
		return fmt.Errorf("--log-bytes must be between 0 and %d", maxLogBytes)
	case k.ChunkBytes < 1 || k.ChunkBytes > maxChunkBytes:
		return fmt.Errorf("--chunk-bytes must be between 1 and %d", maxChunkBytes)
	case k.Creators < 1 || k.Creators > maxCreators:
		return fmt.Errorf("--creators must be between 1 and %d", maxCreators)
	}
	return nil
}

// batch is builds being made and run, and what became of their jobs.
type batch struct {
	world    *world
	work     Work
	pipeline string
	ledger   *ledger
	answers  stats.Samples // of requests to create a build

	mu     sync.Mutex
	builds []int64 // numbers
	failed int
}

func (w *world) newBatch(ctx context.Context, work Work) (*batch, error) {
	slug, err := w.preparePipeline(ctx, work.JobsPerBuild)
	if err != nil {
		return nil, fmt.Errorf("prepare: %w", err)
	}
	return &batch{world: w, work: work, pipeline: slug, ledger: newLedger()}, nil
}

// doJobs makes the agents do jobs for the batch.
func (b *batch) doJobs(f *fleet) {
	log := agentclient.NewLog(b.work.LogBytes, b.work.ChunkBytes)
	f.job = func(ctx context.Context, a *agent, jobID string, at time.Time) {
		b.ledger.hand(jobID, a.index, at)
		done := a.run(ctx, jobID, func(job agentclient.Job) (failedChunks int) { return a.uploadLog(ctx, job, log) })
		if done {
			b.ledger.finish(jobID, time.Now())
		}
	}
}

// create makes builds: all of them as fast as the creators can, or so many per second, whether or not earlier ones have
// been answered, as long as a creator is free. It returns when the last one is answered.
func (b *batch) create(ctx context.Context, count int, perSecond float64) error {
	var (
		turns    = make(chan struct{})
		creators sync.WaitGroup
	)
	for range min(b.work.Creators, count) {
		creators.Go(func() {
			rest := restclient.New(b.world.server, b.world.APIToken, b.world.Organization)
			defer rest.Close()
			for range turns {
				b.createOne(ctx, rest)
			}
		})
	}
	err := b.giveTurns(ctx, turns, count, perSecond)
	creators.Wait()
	return err
}

// giveTurns says when the next build is to be made.
func (b *batch) giveTurns(ctx context.Context, turns chan<- struct{}, count int, perSecond float64) error {
	defer close(turns)
	began := time.Now()
	for i := range count {
		if perSecond > 0 {
			due := began.Add(time.Duration(float64(i) / perSecond * float64(time.Second)))
			if err := agentclient.Sleep(ctx, time.Until(due)); err != nil {
				return err
			}
		}
		select {
		case turns <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (b *batch) createOne(ctx context.Context, rest *restclient.Client) {
	requested := time.Now()
	made, err := rest.CreateBuild(ctx, b.pipeline, "bridle-swarm")
	if err != nil {
		if ctx.Err() == nil {
			b.refused(err)
		}
		return
	}
	b.answers.Add(time.Since(requested))
	ids := made.JobIDs()
	if len(ids) != b.work.JobsPerBuild {
		b.world.problem("build %d of pipeline %s has %d jobs, not %d; give the pipeline such steps or choose --jobs-per-build accordingly",
			made.Number, b.pipeline, len(ids), b.work.JobsPerBuild)
	}
	b.ledger.create(ids, requested)
	b.mu.Lock()
	b.builds = append(b.builds, made.Number)
	b.mu.Unlock()
}

// refused notes a build that could not be created. Without a crash that must not happen.
func (b *batch) refused(err error) {
	b.world.errors.Add("create build: " + kind(err))
	b.mu.Lock()
	b.failed++
	b.mu.Unlock()
}

// waitFinished waits until all jobs created are finished.
func (b *batch) waitFinished(ctx context.Context) error {
	created, _, _ := b.ledger.totals()
	err := b.world.wait(ctx, "jobs finished", created, func() int {
		_, finished, _ := b.ledger.totals()
		return finished
	})
	if err != nil && ctx.Err() == nil {
		b.world.problem("%s", err)
		return nil // what was measured until then is worth having, with its problem
	}
	return err
}

// verify looks whether the server, too, takes every build for passed, and cancels those that are not.
func (b *batch) verify(ctx context.Context) error {
	b.world.say("verifying %d builds", len(b.builds))
	passed := 0
	for _, number := range b.builds {
		build, err := b.world.rest.GetBuild(ctx, b.pipeline, number)
		if err != nil {
			return fmt.Errorf("verify: %w", err)
		}
		if build.State == "passed" {
			passed++
			continue
		}
		b.world.problem("build %d of pipeline %s is %s", number, b.pipeline, build.State)
		if err := b.world.rest.CancelBuild(ctx, b.pipeline, number); err != nil {
			b.world.problem("build %d stays behind: %s", number, err)
		}
	}
	created, finished, twice := b.ledger.totals()
	if created != finished {
		b.world.problem("%d of %d jobs were not finished", created-finished, created)
	}
	if twice > 0 {
		b.world.problem("%d jobs ran twice", twice)
	}
	m := b.world.measures
	m["builds_created"], m["builds_refused"], m["builds_passed"] = float64(len(b.builds)), float64(b.failed), float64(passed)
	m["jobs_created"], m["jobs_finished"], m["jobs_twice"] = float64(created), float64(finished), float64(twice)
	m["jobs_of_others"], m["jobs_given_again"] = float64(b.ledger.strangers()), float64(b.ledger.repeats())
	return nil
}
