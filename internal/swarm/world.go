package swarm

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/bridle-ci/bridle/internal/swarm/host"
	"github.com/bridle-ci/bridle/internal/swarm/restclient"
	"github.com/bridle-ci/bridle/internal/swarm/stats"
)

// world is what one repetition has to do with: the server, the REST client, and what was found out so far.
type world struct {
	Options
	server   *url.URL
	rest     *restclient.Client
	started  *host.Server // nil when the server ran before
	queue    restclient.Queue
	progress io.Writer

	measures stats.Measures
	errors   *stats.Counts
	series   []stats.Measures
	pings    stats.Samples
	beats    stats.Samples

	mu       sync.Mutex
	problems []string
}

func newWorld(ctx context.Context, o Options, progress io.Writer) (*world, error) {
	server, err := o.server()
	if err != nil {
		return nil, err
	}
	w := &world{
		Options: o, server: server, rest: restclient.New(server, o.APIToken, o.Organization), progress: progress,
		measures: stats.Measures{}, errors: &stats.Counts{}, problems: []string{},
	}
	if o.Start != "" {
		w.say("starting the server")
		if w.started, err = host.Start(ctx, o.Start, server); err != nil {
			return nil, err
		}
		w.measures["ready_ms"] = stats.Milliseconds(w.started.StartedIn)
	}
	return w, nil
}

func (w *world) close() {
	w.rest.Close()
	if w.started != nil {
		w.started.Stop()
	}
}

// say tells of progress.
func (w *world) say(format string, args ...any) {
	_, _ = fmt.Fprintf(w.progress, format+"\n", args...) // progress nobody can read is no reason to stop
}

// problem notes what must not happen.
func (w *world) problem(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if text := fmt.Sprintf(format, args...); len(w.problems) < maxProblems {
		w.problems = append(w.problems, text)
	}
}

// maxProblems bounds a report in which every agent has the same to say.
const maxProblems = 100

// preparePipeline makes sure of a pipeline of builds with so many jobs and returns its slug.
func (w *world) preparePipeline(ctx context.Context, jobs int) (string, error) {
	if err := w.findQueue(ctx); err != nil {
		return "", err
	}
	slug := w.Pipeline
	if slug == "" {
		slug = fmt.Sprintf("swarm-%d", jobs)
	}
	return slug, w.rest.EnsurePipeline(ctx, slug, w.queue.ClusterID, w.Queue, jobs)
}

func (w *world) findQueue(ctx context.Context) (err error) {
	w.queue, err = w.rest.FindQueue(ctx, w.Cluster, w.Queue)
	return err
}

// serverPID is the server's process, or 0 when it is not known.
func (w *world) serverPID() int {
	if w.started != nil {
		return w.started.PID()
	}
	return w.ServerPID
}

// serverUsage is what the server has used, if its process is known and alive.
func (w *world) serverUsage() (host.Usage, bool) {
	pid := w.serverPID()
	if pid == 0 {
		return host.Usage{}, false
	}
	usage, err := host.NewProcess(pid).Usage()
	return usage, err == nil
}

// window is a stretch of time whose use of CPU is measured.
type window struct {
	world  *world
	began  time.Time
	server host.Usage
	known  bool
	self   host.Usage
}

func (w *world) open() window {
	x := window{world: w}
	if x.server, x.known = w.serverUsage(); !x.known && w.serverPID() != 0 {
		w.problem("process %d of the server cannot be looked at", w.serverPID())
	}
	x.self, _ = host.NewProcess(os.Getpid()).Usage() // zero where there is no /proc
	x.began = time.Now()
	return x
}

// close notes how the time was used and returns how long it was. jobs is how many were done in it.
func (x window) close(jobs int) time.Duration {
	took := time.Since(x.began)
	m := x.world.measures
	m["seconds"] = took.Seconds()
	if self, err := host.NewProcess(os.Getpid()).Usage(); err == nil {
		m["client_cpu_cores"] = (self.CPU - x.self.CPU).Seconds() / took.Seconds()
	}
	server, known := x.world.serverUsage()
	if !known || !x.known {
		return took
	}
	cpu := server.CPU - x.server.CPU
	m["server_cpu_cores"] = cpu.Seconds() / took.Seconds()
	m["server_resident_mib"] = mebibytes(server.Resident)
	m["server_peak_mib"] = mebibytes(server.Peak)
	if jobs > 0 {
		m["server_cpu_ms_per_job"] = stats.Milliseconds(cpu) / float64(jobs)
	}
	return took
}

func mebibytes(n int64) float64 { return float64(n) / (1 << 20) }
