package swarm

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// fakeAddress is the environment variable that makes this program a fake server at an address.
const fakeAddress = "SWARM_FAKE_ADDRESS"

// TestMain lets this program be the server that a test starts.
func TestMain(m *testing.M) {
	address := os.Getenv(fakeAddress)
	if address == "" {
		os.Exit(m.Run())
	}
	f := newFake()
	server := &http.Server{Addr: address, Handler: f.handler()}
	ctx, _ := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	context.AfterFunc(ctx, func() { close(f.done) })
	context.AfterFunc(ctx, func() { _ = server.Shutdown(context.Background()) })
	fmt.Println(server.ListenAndServe())
}

// options are those for a fake at an address.
func options(address string) Options {
	return Options{
		URL: address, AgentToken: fakeAgentToken, APIToken: fakeAPIToken, Organization: "fake", Queue: "default",
		Agents: 8, Mode: "stream", Protocol: "http1", PingInterval: time.Millisecond, Repeat: 1, Patience: 10 * time.Second,
	}
}

// measured runs a measurement once and returns the repetition.
func measured(t *testing.T, o Options, m Measurement) Repetition {
	t.Helper()
	report, err := Run(t.Context(), o, m, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Repetitions) != 1 {
		t.Fatalf("%d repetitions, want 1", len(report.Repetitions))
	}
	return report.Repetitions[0]
}

// wantClean fails when there were problems or errors.
func wantClean(t *testing.T, r Repetition) {
	t.Helper()
	if diff := cmp.Diff([]string{}, r.Problems); diff != "" {
		t.Errorf("problems: -want +got:\n%s", diff)
	}
	if diff := cmp.Diff(map[string]int{}, r.Errors); diff != "" {
		t.Errorf("errors: -want +got:\n%s", diff)
	}
}

// wantMeasures compares some of the figures.
func wantMeasures(t *testing.T, r Repetition, want map[string]float64) {
	t.Helper()
	got := map[string]float64{}
	for name := range want {
		if value, measured := r.Measures[name]; measured {
			got[name] = value
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("measures: -want +got:\n%s", diff)
	}
}

// wantNames fails when a figure is missing.
func wantNames(t *testing.T, r Repetition, names ...string) {
	t.Helper()
	for _, name := range names {
		if r.Measures[name] <= 0 {
			t.Errorf("%s is %v, want more than 0; there are %v", name, r.Measures[name], slices.Sorted(maps.Keys(r.Measures)))
		}
	}
}

func (f *fake) wantCalls(t *testing.T, want map[string]int) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	for name, n := range want {
		if f.calls[name] != n {
			t.Errorf("%d calls of %s, want %d", f.calls[name], name, n)
		}
	}
}

func TestJobsUpFront(t *testing.T) {
	t.Parallel()
	tests := map[string]func(*Options){
		"streams over HTTP/1.1": func(*Options) {},
		"streams over HTTP/2":   func(o *Options) { o.Protocol = "http2" },
		"polling":               func(o *Options) { o.Mode = "poll" },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake()
			o := options(f.serve(t))
			change(&o)
			r := measured(t, o, Jobs{Work: Work{JobsPerBuild: 7, LogBytes: 150_000, ChunkBytes: 64 << 10, Creators: 3}, Builds: 6})
			wantClean(t, r)
			wantMeasures(t, r, map[string]float64{
				"builds_created": 6, "builds_passed": 6, "builds_refused": 0, "create_build_count": 6,
				"jobs_created": 42, "jobs_finished": 42, "jobs_twice": 0, "jobs_of_others": 0, "jobs_given_again": 0,
			})
			wantNames(t, r, "jobs_per_second", "jobs_per_second_with_creation", "builds_created_per_second", "agents_connected_per_second")
			f.wantCalls(t, map[string]int{
				"register": 8, "connect": 8, "disconnect": 8, "create pipeline": 1, "create build": 6,
				"accept": 42, "start": 42, "chunk": 3 * 42, "finish": 42,
			})
			for id, j := range f.jobs {
				if j.log != 150_000 {
					t.Errorf("log of %s has %d bytes, want 150000", id, j.log)
				}
			}
		})
	}
}

func TestJobsAtRate(t *testing.T) {
	t.Parallel()
	f := newFake()
	r := measured(t, options(f.serve(t)), Jobs{Work: Work{JobsPerBuild: 2, ChunkBytes: 1, Creators: 2}, Rate: 500, Duration: 40 * time.Millisecond})
	wantClean(t, r)
	wantMeasures(t, r, map[string]float64{"builds_created": 20, "builds_passed": 20, "dispatch_count": 40})
	wantNames(t, r, "dispatch_p50_ms", "dispatch_p99_ms")
	f.wantCalls(t, map[string]int{"stream": 8, "disconnect": 8})
}

func TestPipelineThatExistsStaysAsItIs(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.pipelines["mine"] = 3
	o := options(f.serve(t))
	o.Pipeline = "mine"
	jobs := Jobs{Work: Work{JobsPerBuild: 3, ChunkBytes: 1, Creators: 1}, Builds: 1}
	wantClean(t, measured(t, o, jobs))
	f.wantCalls(t, map[string]int{"create pipeline": 0})
	jobs.JobsPerBuild = 4
	r := measured(t, o, jobs)
	if len(r.Problems) != 1 || !strings.Contains(r.Problems[0], "has 3 jobs, not 4") {
		t.Errorf("problems are %q, want that there are 3 jobs", r.Problems)
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		prepare func(*fake)
		errors  map[string]int
		problem string
	}{
		"a build never passes": {
			func(f *fake) { f.stuck = true }, map[string]int{}, "is running",
		},
		"a job is refused": {
			func(f *fake) { f.refuse["accept"] = &refusal{422, 1} }, map[string]int{"accept: 422": 1}, "1 of 4 jobs were not finished",
		},
		"an agent's stream is refused for good": {
			func(f *fake) { f.refuse["stream"] = &refusal{16, 1} }, map[string]int{"stream: unauthenticated": 1}, "gave up",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake()
			test.prepare(f)
			o := options(f.serve(t))
			o.Agents, o.Patience = 4, 200*time.Millisecond
			r := measured(t, o, Jobs{Work: Work{JobsPerBuild: 4, ChunkBytes: 1, Creators: 1}, Builds: 1})
			if all := strings.Join(r.Problems, "\n"); !strings.Contains(all, test.problem) {
				t.Errorf("problems are %q, want one with %q", all, test.problem)
			}
			if diff := cmp.Diff(test.errors, r.Errors); diff != "" {
				t.Errorf("errors: -want +got:\n%s", diff)
			}
		})
	}
}

func TestRefusedBuildsAreCounted(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.refuse["create build"] = &refusal{503, 2}
	r := measured(t, options(f.serve(t)), Jobs{Work: Work{JobsPerBuild: 1, ChunkBytes: 1, Creators: 1}, Builds: 5})
	wantMeasures(t, r, map[string]float64{"builds_created": 3, "builds_refused": 2, "jobs_finished": 3})
	if diff := cmp.Diff(map[string]int{"create build: 503": 2}, r.Errors); diff != "" {
		t.Errorf("errors: -want +got:\n%s", diff)
	}
}

func TestRunFails(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*Options)
		want   string
	}{
		"agents' token is unknown": {func(o *Options) { o.AgentToken = "x" }, "no such token"},
		"API token is unknown":     {func(o *Options) { o.APIToken = "x" }, "Authentication required"},
		"no such queue":            {func(o *Options) { o.Queue = "gpu" }, `no cluster has a queue "gpu"`},
		"queue of another cluster": {func(o *Options) { o.Cluster = "Empty" }, `cluster "Empty" has no queue "default"`},
		"options are wrong":        {func(o *Options) { o.Repeat = 0 }, "--repeat"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := options(newFake().serve(t))
			test.change(&o)
			report, err := Run(t.Context(), o, Jobs{Work: Work{JobsPerBuild: 1, ChunkBytes: 1, Creators: 1}, Builds: 1}, io.Discard)
			if err == nil || !strings.Contains(err.Error(), test.want) || len(report.Repetitions) != 0 {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}

func TestRepetitionsAreSummedUp(t *testing.T) {
	t.Parallel()
	f := newFake()
	o := options(f.serve(t))
	o.Repeat = 3
	report, err := Run(t.Context(), o, Jobs{Work: Work{JobsPerBuild: 2, ChunkBytes: 1, Creators: 1}, Builds: 2}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if s := report.Summary["jobs_finished"]; len(report.Repetitions) != 3 || s.Min != 4 || s.Median != 4 || s.Max != 4 {
		t.Errorf("%d repetitions with %+v jobs finished, want 3 with 4", len(report.Repetitions), s)
	}
	f.wantCalls(t, map[string]int{"create pipeline": 1, "create build": 6, "disconnect": 24})
}

func TestIdle(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"stream", "poll"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			f := newFake()
			o := options(f.serve(t))
			o.Mode, o.ServerPID = mode, os.Getpid()
			r := measured(t, o, Idle{Duration: 200 * time.Millisecond, Probes: 1000})
			wantClean(t, r)
			wantNames(t, r, "ping_count", "ping_p99_ms", "pings_per_second", "server_resident_mib", "server_empty_mib", "client_cpu_cores")
		})
	}
}

func TestBroadcastRelease(t *testing.T) {
	t.Parallel()
	f := newFake()
	r := measured(t, options(f.serve(t)), Broadcast{Change: "release", Creators: 2})
	wantClean(t, r)
	wantMeasures(t, r, map[string]float64{"heard_count": 8, "jobs_finished": 8, "builds_passed": 1})
	f.wantCalls(t, map[string]int{"pause queue": 1, "resume queue": 1})
}

func TestBroadcastReleaseResumesTheQueueWhenItFails(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.refuse["resume queue"] = &refusal{503, 1}
	_, err := Run(t.Context(), options(f.serve(t)), Broadcast{Change: "release", Creators: 2}, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "resume queue") {
		t.Errorf("got %v, want that the queue was not resumed", err)
	}
	f.wantCalls(t, map[string]int{"resume queue": 2})
}

func TestBroadcastToAgents(t *testing.T) {
	t.Parallel()
	f := newFake()
	r := measured(t, options(f.serve(t)), Broadcast{Change: "agents", Creators: 3})
	wantClean(t, r)
	wantMeasures(t, r, map[string]float64{"heard_pause_count": 8, "heard_resume_count": 8})
	f.wantCalls(t, map[string]int{"pause agent": 8, "resume agent": 8})
}

func TestBroadcastOfAShutdown(t *testing.T) {
	t.Parallel()
	port, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := port.Addr().String()
	_ = port.Close() // now it is free for the server
	o := options("http://" + address)
	o.Start = "env " + fakeAddress + "=" + address + " " + os.Args[0]
	r := measured(t, o, Broadcast{Change: "shutdown", Creators: 1})
	wantMeasures(t, r, map[string]float64{"heard_count": 8})
	wantNames(t, r, "ready_ms", "heard_p99_ms")
	if len(r.Problems) > 0 {
		t.Errorf("problems: %q", r.Problems)
	}
}

func TestLogs(t *testing.T) {
	t.Parallel()
	f := newFake()
	r := measured(t, options(f.serve(t)), Logs{Duration: 100 * time.Millisecond, ChunkBytes: 10_000})
	wantClean(t, r)
	wantMeasures(t, r, map[string]float64{"jobs_finished": 8, "builds_passed": 1, "logs_full": 0})
	wantNames(t, r, "mb_per_second", "chunk_count", "chunk_p99_ms")
	f.wantCalls(t, map[string]int{"log size": 8})
}

func TestSoak(t *testing.T) {
	t.Parallel()
	f := newFake()
	r := measured(t, options(f.serve(t)), Soak{
		Work: Work{JobsPerBuild: 2, ChunkBytes: 1, Creators: 2}, Rate: 100, Duration: 200 * time.Millisecond, SampleEvery: 20 * time.Millisecond,
	})
	wantClean(t, r)
	wantMeasures(t, r, map[string]float64{"builds_created": 20, "builds_passed": 20, "jobs_finished": 40, "dispatch_count": 40})
	if len(r.Series) == 0 || r.Series[0]["at_seconds"] <= 0 {
		t.Errorf("series is %v", r.Series)
	}
}

func TestInterruptedRunLeavesNobodyConnected(t *testing.T) {
	t.Parallel()
	f := newFake()
	o := options(f.serve(t))
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Run(ctx, o, Idle{Duration: time.Hour, Probes: 1}, writerFunc(func(line string) {
		if strings.HasPrefix(line, "watching") {
			cancel()
		}
	}))
	if err == nil || !strings.Contains(err.Error(), "interrupted") {
		t.Errorf("got %v, want that the run was interrupted", err)
	}
	for session, a := range f.agents {
		if a.connected && !a.disconnected {
			t.Errorf("%s is still connected", session)
		}
	}
}

// writerFunc is told every line that is written.
type writerFunc func(line string)

func (w writerFunc) Write(p []byte) (int, error) {
	w(string(p))
	return len(p), nil
}
