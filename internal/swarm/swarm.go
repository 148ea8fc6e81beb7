// Package swarm loads a server with simulated agents over the public agent API and measures how it does. The agents are
// those of docs/contract/agent-api.md in all that the server sees; what they run is nothing. It knows no more of the
// server than its clients do, except that it may look at its process.
package swarm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"time"

	"github.com/bridle-ci/bridle/internal/swarm/host"
	"github.com/bridle-ci/bridle/internal/swarm/stats"
)

// Options are what all measurements share. The tags are the flags of cmd/bridle-swarm.
type Options struct {
	URL          string        `name:"url" default:"http://127.0.0.1:8080" help:"Address of the server."`
	AgentToken   string        `secret:"true" default:"bkct_dev0000000000000000000000000000000000" help:"Token that agents register with. The default is that of bridle server --dev."`
	APIToken     string        `name:"api-token" secret:"true" default:"bkua_dev0000000000000000000000000000000000" help:"Token for REST. The default is that of bridle server --dev."`
	Organization string        `default:"dev" help:"Organization to work in."`
	Cluster      string        `help:"Name of the cluster of the queue and the pipeline. Without it, the first that has the queue."`
	Queue        string        `default:"default" help:"Queue of the agents and jobs."`
	Pipeline     string        `help:"Slug of the pipeline to build. One that does not exist is created, with as many steps as builds have jobs; without this flag its name is swarm- and that number."`
	Agents       int           `default:"100" help:"How many agents to simulate."`
	Mode         string        `enum:"stream,poll" default:"stream" help:"How agents hear of jobs: over an open stream, or by asking again and again."`
	Protocol     string        `enum:"http1,http2" default:"http1" help:"http1: what agents speak without TLS; an agent with a stream has a second connection for its calls. http2: one connection for all, also in cleartext."`
	PingInterval time.Duration `help:"How often polling agents ask. Without it, as often as the server says."`
	Repeat       int           `default:"1" help:"How often to measure. The summary has the median and the range of every figure."`
	ServerPID    int           `name:"server-pid" help:"Process of the server on this machine: its memory and CPU are measured too."`
	Start        string        `placeholder:"COMMAND" help:"Start the server with this command of the shell, anew for each repetition, and stop it afterwards. {data} stands for a temporary folder. The time until /readyz is measured."`
	Patience     time.Duration `default:"1m" help:"How long nothing may happen before a measurement is given up."`
}

// Limits of what one process simulates.
const (
	maxAgents = 100_000
	maxRepeat = 1000
)

// Validate says what is wrong with the options.
func (o Options) Validate() error {
	switch {
	case o.Agents < 0 || o.Agents > maxAgents:
		return fmt.Errorf("--agents must be between 0 and %d", maxAgents)
	case o.Repeat < 1 || o.Repeat > maxRepeat:
		return fmt.Errorf("--repeat must be between 1 and %d", maxRepeat)
	case o.PingInterval < 0 || o.Patience <= 0:
		return errors.New("--ping-interval and --patience cannot be negative, and patience not 0")
	case o.ServerPID != 0 && o.Start != "":
		return errors.New("--server-pid is for a server that runs already; the process of one started with --start is known")
	case o.ServerPID < 0:
		return errors.New("--server-pid must be a process id")
	}
	_, err := o.server()
	return err
}

func (o Options) server() (*url.URL, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("--url must be an address such as http://127.0.0.1:8080, not %q", o.URL)
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host}, nil
}

// connections is how many connections the agents hold open.
func (o Options) connections() int {
	if o.Mode == "stream" && o.Protocol == "http1" {
		return 2 * o.Agents
	}
	return o.Agents
}

// Measurement is one of the things to measure.
type Measurement interface {
	// Validate says what is wrong with the measurement's own options.
	Validate(o Options) error
	// measure carries out one repetition and leaves its figures in the world. An error means that there are none worth
	// having; what merely went wrong on the way is a problem of the world.
	measure(ctx context.Context, w *world) error
}

// Run repeats a measurement and reports. Progress is told in lines. When it fails or ctx ends, the report has the
// repetitions before.
func Run(ctx context.Context, o Options, m Measurement, progress io.Writer) (Report, error) {
	report := Report{Host: host.Describe(), StartedAt: time.Now().UTC()}
	if err := errors.Join(o.Validate(), m.Validate(o)); err != nil {
		return report, err
	}
	if err := host.CheckFiles(o.connections()); err != nil {
		return report, err
	}
	var err error
	for n := 1; n <= o.Repeat && err == nil; n++ {
		if o.Repeat > 1 {
			_, _ = fmt.Fprintf(progress, "repetition %d of %d\n", n, o.Repeat)
		}
		var r Repetition
		if r, err = repetition(ctx, o, m, progress); err == nil {
			report.Repetitions = append(report.Repetitions, r)
		}
	}
	report.summarize()
	return report, err
}

func repetition(ctx context.Context, o Options, m Measurement, progress io.Writer) (Repetition, error) {
	r := Repetition{LoadBefore: host.LoadAverage()}
	w, err := newWorld(ctx, o, progress)
	if err != nil {
		return r, err
	}
	defer w.close()
	err = m.measure(ctx, w)
	if interrupted := ctx.Err(); interrupted != nil {
		return r, fmt.Errorf("interrupted: %w", interrupted)
	}
	if err != nil {
		return r, err
	}
	r.LoadAfter, r.Measures, r.Errors = host.LoadAverage(), w.measures, w.errors.All()
	r.Problems, r.Series = w.problems, w.series
	return r, nil
}

// Report is the outcome of a run, as JSON.
type Report struct {
	// Command and Parameters are filled in by the program.
	Command     string                  `json:"command"`
	Parameters  map[string]string       `json:"parameters"`
	StartedAt   time.Time               `json:"started_at"`
	Host        host.Host               `json:"host"`
	Summary     map[string]stats.Spread `json:"summary"`
	Repetitions []Repetition            `json:"repetitions"`
}

// Repetition is what one repetition measured.
type Repetition struct {
	LoadBefore []float64      `json:"load_average_before"`
	LoadAfter  []float64      `json:"load_average_after"`
	Measures   stats.Measures `json:"measures"`
	// Errors counts calls that failed, by call and kind, those that were tried again included.
	Errors map[string]int `json:"errors"`
	// Problems say what must not happen: lost jobs, jobs that ran twice, agents that gave up.
	Problems []string `json:"problems"`
	// Series are the figures over time, for measurements that last.
	Series []stats.Measures `json:"series,omitempty"`
}

func (r *Report) summarize() {
	all := make([]stats.Measures, len(r.Repetitions))
	for i, one := range r.Repetitions {
		all[i] = one.Measures
	}
	r.Summary = stats.Spreads(all)
}

// Problems are those of all repetitions.
func (r *Report) Problems() []string {
	var all []string
	for _, one := range r.Repetitions {
		all = append(all, one.Problems...)
	}
	return all
}
