package swarm

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bridle-ci/bridle/internal/swarm/agentclient"
	"github.com/bridle-ci/bridle/internal/swarm/restclient"
	"github.com/bridle-ci/bridle/internal/swarm/stats"
)

// Logs measures how fast the server takes logs: every agent has one job and sends chunk after chunk of its log.
type Logs struct {
	Duration   time.Duration `default:"10s" help:"How long to send."`
	ChunkBytes int           `default:"65536" help:"Size of a chunk in bytes, before compression."`
}

// Validate implements Measurement.
func (l Logs) Validate(o Options) error {
	switch {
	case o.Agents < 1 || o.Agents > restclient.MaxSteps:
		return fmt.Errorf("--agents must be between 1 and %d: every agent has one job of a build", restclient.MaxSteps)
	case l.Duration <= 0:
		return errors.New("--duration must be positive")
	case l.ChunkBytes < 1 || l.ChunkBytes > maxChunkBytes:
		return fmt.Errorf("--chunk-bytes must be between 1 and %d", maxChunkBytes)
	}
	return nil
}

// logRun is a measurement of logs under way.
type logRun struct {
	*batch
	text *agentclient.Text
	// started counts jobs that wait for send to be closed, with the others.
	started atomic.Int64
	send    chan struct{}
	stop    atomic.Bool // nothing more is sent
	full    atomic.Int64
	bytes   atomic.Int64
	chunks  stats.Samples

	mu    sync.Mutex
	sizes map[string]int64 // of the logs, by job
}

func (l Logs) measure(ctx context.Context, w *world) error {
	b, err := w.newBatch(ctx, Work{JobsPerBuild: w.Agents, Creators: 1})
	if err != nil {
		return err
	}
	f, err := w.gather(ctx, w.Agents)
	if err != nil {
		return err
	}
	defer f.leave()
	r := &logRun{batch: b, text: agentclient.NewText(l.ChunkBytes), send: make(chan struct{}), sizes: map[string]int64{}}
	f.job = r.job
	if err := b.create(ctx, 1, 0); err != nil {
		return err
	}
	f.release(ctx)
	started := func() int { return int(r.started.Load()) }
	if err := w.wait(ctx, "jobs started", w.Agents, started); err != nil {
		return err
	}
	if err := r.during(ctx, l.Duration); err != nil {
		return err
	}
	if err := b.waitFinished(ctx); err != nil {
		return err
	}
	f.halt()
	if err := r.compareSizes(ctx); err != nil {
		return err
	}
	return b.verify(ctx)
}

// during lets the jobs send for a while and notes how much arrived.
func (r *logRun) during(ctx context.Context, d time.Duration) error {
	w := r.world
	w.say("sending logs for %s", d)
	x := w.open()
	close(r.send)
	err := agentclient.Sleep(ctx, d)
	sent := r.bytes.Load()
	took := x.close(0)
	r.stop.Store(true)
	if err != nil {
		return err
	}
	w.measures["mb_per_second"] = float64(sent) / 1e6 / took.Seconds()
	w.measures["logs_full"] = float64(r.full.Load())
	w.measures.AddDurations("chunk", r.chunks.Sorted())
	return nil
}

// job waits for the others, then sends chunks until it is told to stop or the log may not grow.
func (r *logRun) job(ctx context.Context, a *agent, jobID string, at time.Time) {
	r.ledger.hand(jobID, a.index, at)
	done := a.run(ctx, jobID, func(job agentclient.Job) (failed int) {
		if r.text.Size() > job.ChunksMaxSizeBytes {
			r.world.problem("the server takes chunks of %d bytes, choose --chunk-bytes accordingly", job.ChunksMaxSizeBytes)
		}
		r.started.Add(1)
		select {
		case <-r.send:
		case <-ctx.Done():
			return 0
		}
		return r.write(ctx, a, job)
	})
	if done {
		r.ledger.finish(jobID, time.Now())
	}
}

// write sends a job's log.
func (r *logRun) write(ctx context.Context, a *agent, job agentclient.Job) (failed int) {
	size := int64(0)
	for n := 1; !r.stop.Load() && ctx.Err() == nil; n++ {
		chunk := r.text.Chunk(n)
		if chunk.Offset+int64(chunk.Size) > job.LogMaxSizeBytes {
			r.full.Add(1)
			break
		}
		began := time.Now()
		if a.client.Upload(ctx, job, chunk) != nil {
			failed++
			break // what follows would leave a hole
		}
		r.chunks.Add(time.Since(began))
		r.bytes.Add(int64(chunk.Size))
		size += int64(chunk.Size)
	}
	r.mu.Lock()
	r.sizes[job.ID] = size
	r.mu.Unlock()
	return failed
}

// compareSizes looks whether the server has all that it acknowledged.
func (r *logRun) compareSizes(ctx context.Context) error {
	r.world.say("comparing the sizes of %d logs", len(r.sizes))
	for id, want := range r.sizes {
		got, err := r.world.rest.LogSize(ctx, id)
		if err != nil {
			return fmt.Errorf("compare sizes of logs: %w", err)
		}
		if got != want {
			r.world.problem("log of job %s has %d bytes of %d that were acknowledged", id, got, want)
		}
	}
	return nil
}
