package swarm

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bridle-ci/bridle/internal/swarm/agentclient"
	"github.com/bridle-ci/bridle/internal/swarm/restclient"
	"github.com/bridle-ci/bridle/internal/swarm/stats"
)

// Rest measures how soon REST answers: every kind of call by itself, on some connections that each send the next request
// when the last is answered. It needs a pipeline with builds, such as bridle admin seed writes, and no agents.
type Rest struct {
	Calls       []string      `enum:"page,page-jobs,deep-page,build,job,create" default:"page,page-jobs,deep-page,build,job" help:"Calls to measure, one after the other: page (of builds, without jobs), page-jobs (with jobs), deep-page (the last that is listed, without jobs), build, job, create (a build)."`
	Connections int           `default:"32" help:"How many connections send requests."`
	Duration    time.Duration `default:"10s" help:"How long to measure each call."`
	Warmup      time.Duration `default:"1s" help:"How long to send each call before measuring it."`
	Rate        float64       `default:"0" help:"Requests per second, all connections together; 0 is as many as are answered. With a rate a request that had to wait for a connection is late from when it was due."`
	PerPage     int           `default:"30" help:"Builds on a page."`
}

const (
	maxConnections = 1000
	// maxListed is how deep lists of builds go (contracts/rest/README.md, Pagination).
	maxListed = 10_000
	// knownBuilds is from how many builds those to get are chosen.
	knownBuilds = 500
)

// Validate implements Measurement.
func (m Rest) Validate(o Options) error {
	switch {
	case m.Connections < 1 || m.Connections > maxConnections:
		return fmt.Errorf("--connections must be between 1 and %d", maxConnections)
	case m.Duration <= 0 || m.Warmup < 0:
		return errors.New("--duration must be positive and --warmup not negative")
	case !(m.Rate >= 0 && m.Rate <= maxRate):
		return fmt.Errorf("--rate must be between 0 and %d per second", maxRate)
	case m.PerPage < 1 || m.PerPage > 100:
		return errors.New("--per-page must be between 1 and 100")
	case len(m.Calls) == 0:
		return errors.New("--calls must name a call")
	case o.Pipeline == "" && m.reads():
		return errors.New("--pipeline must name a pipeline that has builds, such as seed-1 of bridle admin seed")
	}
	return nil
}

const maxRate = 1_000_000

// reads reports whether there is a call for what must be there already.
func (m Rest) reads() bool {
	return slices.ContainsFunc(m.Calls, func(call string) bool { return call != "create" })
}

func (m Rest) measure(ctx context.Context, w *world) error {
	known := history{pipeline: w.Pipeline}
	if m.reads() {
		if err := known.learn(ctx, w.rest); err != nil {
			return fmt.Errorf("look at pipeline %s: %w", w.Pipeline, err)
		}
	}
	x := w.open()
	for _, name := range m.Calls {
		call, err := m.call(ctx, w, known, name)
		if err != nil {
			return fmt.Errorf("prepare %s: %w", name, err)
		}
		if err := m.one(ctx, w, name, call); err != nil {
			return err
		}
	}
	x.close(0)
	return nil
}

// history is what is known of a pipeline.
type history struct {
	pipeline string
	newest   int64
	jobs     []string
}

func (h *history) learn(ctx context.Context, c *restclient.Client) error {
	const perPage = 100
	for page := 1; page <= knownBuilds/perPage; page++ {
		builds, err := c.ListBuilds(ctx, h.pipeline, page, perPage)
		if err != nil {
			return err
		}
		for _, b := range builds {
			h.newest = max(h.newest, b.Number)
			h.jobs = append(h.jobs, b.JobIDs()...)
		}
		if len(builds) < perPage {
			break
		}
	}
	if h.newest == 0 || len(h.jobs) == 0 {
		return errors.New("it has no builds with jobs; bridle admin seed makes some")
	}
	return nil
}

// restCall makes one call.
type restCall func(ctx context.Context, c *restclient.Client) error

// call prepares a call by its name.
func (m Rest) call(ctx context.Context, w *world, h history, name string) (restCall, error) {
	read := func(path func() string) restCall {
		return func(ctx context.Context, c *restclient.Client) error { return c.Read(ctx, path()) }
	}
	always := func(path string) restCall { return read(func() string { return path }) }
	switch name {
	case "page":
		return always(restclient.PagePath(h.pipeline, 1, m.PerPage, "exclude_jobs=true")), nil
	case "page-jobs":
		return always(restclient.PagePath(h.pipeline, 1, m.PerPage, "")), nil
	case "deep-page":
		last := max(int(min(h.newest, maxListed))/m.PerPage, 1)
		return always(restclient.PagePath(h.pipeline, last, m.PerPage, "exclude_jobs=true")), nil
	case "build":
		return read(func() string { return restclient.BuildPath(h.pipeline, 1+rand.Int64N(h.newest)) }), nil
	case "job":
		return read(func() string { return restclient.JobPath(h.jobs[rand.IntN(len(h.jobs))]) }), nil
	case "create":
		slug, err := w.preparePipeline(ctx, 1)
		return func(ctx context.Context, c *restclient.Client) error {
			_, err := c.CreateBuild(ctx, slug, "made by bridle-swarm rest")
			return err
		}, err
	}
	return nil, fmt.Errorf("there is no call %q", name)
}

// one measures a call. Answers other than success are counted and have no part in the latency.
func (m Rest) one(ctx context.Context, w *world, name string, call restCall) error {
	w.say("%s on %d connections for %s", name, m.Connections, m.Duration)
	var (
		began   = time.Now()
		from    = began.Add(m.Warmup)
		until   = from.Add(m.Duration)
		answers stats.Samples
		refused stats.Counts
		sent    atomic.Int64
		turns   = newTurns(began, m.Rate)
		calling sync.WaitGroup
	)
	before, known := w.serverUsage()
	for range m.Connections {
		calling.Go(func() {
			c := restclient.New(w.server, w.APIToken, w.Organization)
			defer c.Close()
			for ctx.Err() == nil {
				due := turns.next()
				if due.After(until) || agentclient.Sleep(ctx, time.Until(due)) != nil {
					return
				}
				err := call(ctx, c)
				sent.Add(1)
				switch now := time.Now(); {
				case ctx.Err() != nil:
					return
				case err != nil:
					refused.Add(kind(err))
					w.errors.Add(name + " " + kind(err))
				case due.After(from) && now.Before(until):
					answers.Add(now.Sub(due))
				}
			}
		})
	}
	calling.Wait()
	if err := ctx.Err(); err != nil {
		return err
	}
	sorted := answers.Sorted()
	w.measures.AddDurations(name, sorted)
	w.measures[name+"_per_second"] = float64(len(sorted)) / m.Duration.Seconds()
	w.measures[name+"_refused"] = float64(refused.Total())
	if after, still := w.serverUsage(); known && still && sent.Load() > 0 {
		w.measures[name+"_server_cpu_ms"] = stats.Milliseconds(after.CPU-before.CPU) / float64(sent.Load())
	}
	if len(sorted) == 0 {
		return fmt.Errorf("no %s was answered: %v", name, refused.All())
	}
	return nil
}

// turns says when the next request is due.
type turns struct {
	began time.Time
	every time.Duration // 0 is at once

	mu   sync.Mutex
	sent int
}

func newTurns(began time.Time, rate float64) *turns {
	t := &turns{began: began}
	if rate > 0 {
		t.every = time.Duration(float64(time.Second) / rate)
	}
	return t
}

func (t *turns) next() time.Time {
	if t.every == 0 {
		return time.Now()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sent++
	return t.began.Add(time.Duration(t.sent) * t.every)
}
