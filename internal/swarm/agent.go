package swarm

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/bridle-ci/bridle/internal/swarm/agentclient"
)

// errLeft ends the stream of an agent that was told to disconnect.
var errLeft = errors.New("told to disconnect")

// pingInterval is how often the agent polls.
func (a *agent) pingInterval() time.Duration {
	if d := a.fleet.world.PingInterval; d > 0 {
		return d
	}
	return time.Duration(a.client.Agent.PingInterval) * time.Second
}

// poll asks for work until ctx ends or the server sends the agent away. Asking is jittered within each interval, and goes
// on at once, but for the jitter, after a job (docs/contract/agent-api.md, section 4).
func (a *agent) poll(ctx context.Context) {
	interval := a.pingInterval()
	timer := time.NewTimer(jitter(interval))
	defer timer.Stop()
	for tick := time.Now(); ; {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		ran, goOn := a.ping(ctx)
		if !goOn {
			return
		}
		now := time.Now()
		tick = tick.Add(interval)
		if ran || tick.Before(now) {
			tick = now
		}
		timer.Reset(tick.Sub(now) + jitter(interval))
	}
}

// ping asks once and does what it is told.
func (a *agent) ping(ctx context.Context) (ran, goOn bool) {
	began := time.Now()
	order, err := a.client.Ping(ctx)
	at := time.Now()
	if err != nil {
		if ctx.Err() == nil && !agentclient.Retryable(err) {
			a.lost(err)
			return false, false
		}
		return false, true
	}
	a.fleet.world.pings.Add(at.Sub(began))
	switch order.Action {
	case agentclient.Leave:
		return false, false
	case agentclient.Run:
		a.fleet.job(ctx, a, order.JobID, at)
		return true, true
	}
	return false, true
}

// stream keeps a stream open until ctx ends or the server sends the agent away (docs/contract/agent-api.md, section 7).
func (a *agent) stream(ctx context.Context) {
	for failures, first := 0, true; ; first = false {
		if !first && agentclient.Sleep(ctx, jitter(streamWindow(failures))) != nil {
			return
		}
		messages, err := a.client.Stream(ctx, func(order agentclient.Order) error { return a.obey(ctx, order) })
		at := time.Now()
		if ctx.Err() != nil || errors.Is(err, errLeft) {
			return
		}
		if ended := a.fleet.ended; ended != nil && !ended(a, at) {
			return
		}
		switch {
		case agentclient.StreamOver(err):
			a.lost(err)
			return
		case agentclient.StreamExpired(err) && messages > 0:
			failures = 0
		default:
			failures++
		}
	}
}

// obey does what a message of the stream says. What comes while a job runs waits in the connection.
func (a *agent) obey(ctx context.Context, order agentclient.Order) error {
	at := time.Now()
	if !a.open {
		a.open = true
		a.fleet.opened.Add(1)
	}
	if heard := a.fleet.heard; heard != nil {
		heard(a, order, at)
	}
	switch order.Action {
	case agentclient.Leave:
		return errLeft
	case agentclient.Run:
		a.fleet.job(ctx, a, order.JobID, at)
	}
	return nil
}

// streamWindow is the time within which a stream is opened again.
func streamWindow(failures int) time.Duration { return time.Second << min(failures, 6) }

func jitter(window time.Duration) time.Duration {
	return time.Duration(rand.Float64() * float64(window))
}

// lost notes that the agent gave up, as the official one would.
func (a *agent) lost(err error) {
	a.fleet.world.problem("agent %s gave up: %s", a.client.Agent.Name, err)
}

// run does a job: accept, start, log, finish. It reports whether the server took it for done. started, when set, is
// between start and finish, and returns how many chunks of the log were given up.
func (a *agent) run(ctx context.Context, jobID string, started func(agentclient.Job) (failedChunks int)) bool {
	job, err := a.client.Accept(ctx, jobID)
	if err != nil {
		return false
	}
	if a.client.Start(ctx, job, time.Now()) != nil {
		return false
	}
	failed := 0
	if started != nil {
		failed = started(job)
	}
	err = a.client.Finish(ctx, job, failed, time.Now())
	// A refused finish is counted, and final: it may well be the answer to a repeated one that had arrived.
	status := (*agentclient.StatusError)(nil)
	return err == nil || errors.As(err, &status)
}

// uploadLog sends a job's log and returns how many chunks were given up, as all are that are left when ctx ends.
func (a *agent) uploadLog(ctx context.Context, job agentclient.Job, log *agentclient.Log) (failed int) {
	for chunk := range log.Chunks {
		if chunk.Size > job.ChunksMaxSizeBytes {
			a.fleet.world.problem("the server takes chunks of %d bytes, choose --chunk-bytes accordingly", job.ChunksMaxSizeBytes)
			return failed + 1
		}
		if ctx.Err() != nil || a.client.Upload(ctx, job, chunk) != nil {
			failed++
		}
	}
	return failed
}
