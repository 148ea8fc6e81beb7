package compat

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/buildkite/go-buildkite/v4"

	"github.com/bridle-ci/bridle/internal/store/sqldb/pgtest"
)

// What --dev makes.
const (
	organization = "dev"
	apiToken     = "bkua_dev0000000000000000000000000000000000"
	readToken    = "bkua_devread000000000000000000000000000000"
	clusterToken = "bkct_dev0000000000000000000000000000000000"
)

// server is a `bridle server --dev` in a process of its own.
type server struct {
	t       *testing.T
	url     string
	args    []string
	command *exec.Cmd
	exited  chan struct{}
	output  *syncBuffer
	// journal has what was asked of the server.
	journal *journal
}

// startServer starts a server on SQLite in a temporary folder.
func startServer(t *testing.T) *server { return startServerOn(t, "") }

func startServerOn(t *testing.T, database string) *server {
	t.Helper()
	address := freeAddress(t)
	s := &server{t: t, url: "http://" + address, output: &syncBuffer{}, journal: newJournal()}
	s.args = []string{"server", "--dev", "--data", t.TempDir(), "--listen", address}
	if database != "" {
		s.args = append(s.args, "--database", database)
	}
	s.start()
	t.Cleanup(func() {
		s.stop(syscall.SIGTERM)
		if t.Failed() {
			t.Logf("server said:\n%s", s.output)
		}
	})
	return s
}

// onBothEngines runs a test against a server on each engine.
func onBothEngines(t *testing.T, test func(t *testing.T, s *server)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, startServer(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, startServerOn(t, pgtest.URL(t)))
	})
}

func (s *server) start() {
	s.t.Helper()
	s.command = exec.Command(bridleBinary, s.args...)
	s.command.Stdout, s.command.Stderr = s.output, s.output
	// The package's own environment must not configure the server.
	s.command.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.t.TempDir(), "TMPDIR=" + os.TempDir()}
	if err := s.command.Start(); err != nil {
		s.t.Fatal(err)
	}
	exited := make(chan struct{})
	s.exited = exited
	go func() {
		_ = s.command.Wait() // how it ended is told by its output
		close(exited)
	}()
	eventually(s.t, "server to be ready", func() bool {
		select {
		case <-exited:
			s.t.Fatalf("server ended:\n%s", s.output)
		default:
		}
		response, err := http.Get(s.url + "/readyz")
		if err != nil {
			return false
		}
		response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
}

// stop sends a signal and waits for the end; a server that has ended already is well.
func (s *server) stop(signal os.Signal) {
	_ = s.command.Process.Signal(signal)
	<-s.exited
}

// pipeline makes a pipeline of a configuration over a repository.
func (s *server) pipeline(name, repository, configuration string) buildkite.Pipeline {
	s.t.Helper()
	p, _, err := s.client().Pipelines.Create(s.t.Context(), organization, buildkite.CreatePipeline{
		Name: name, Repository: repository, Configuration: configuration,
	})
	must(s.t, err)
	return p
}

// build makes a build of a pipeline.
func (s *server) build(pipeline string, in buildkite.CreateBuild) buildkite.Build {
	s.t.Helper()
	if in.Branch == "" {
		in.Branch = "main"
	}
	if in.Commit == "" {
		in.Commit = "HEAD"
	}
	b, _, err := s.client().Builds.Create(s.t.Context(), organization, pipeline, in)
	must(s.t, err)
	return b
}

// get reads a build again, with the jobs that were retried.
func (s *server) get(pipeline string, number int) buildkite.Build {
	s.t.Helper()
	b, _, err := s.client().Builds.Get(s.t.Context(), organization, pipeline, fmt.Sprint(number), &buildkite.BuildGetOptions{BuildsListOptions: buildkite.BuildsListOptions{IncludeRetriedJobs: true}})
	must(s.t, err)
	return b
}

// waitFor waits until a build is in a state.
func (s *server) waitFor(pipeline string, number int, what string, is func(b buildkite.Build) bool) buildkite.Build {
	s.t.Helper()
	var b buildkite.Build
	eventually(s.t, what, func() bool {
		b = s.get(pipeline, number)
		return is(b)
	})
	return b
}

func (s *server) waitForState(pipeline string, number int, state string) buildkite.Build {
	s.t.Helper()
	return s.waitFor(pipeline, number, "build to be "+state, func(b buildkite.Build) bool { return b.State == state && !b.Blocked })
}

// log returns the text of a job's log without its timestamps.
func (s *server) log(pipeline string, number int, jobID string) string {
	s.t.Helper()
	log, _, err := s.client().Jobs.GetJobLog(s.t.Context(), organization, pipeline, fmt.Sprint(number), jobID)
	must(s.t, err)
	return log.Content
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	return l.Addr().String()
}

// eventually waits for what another process does. The deadline is the test's own.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for !done() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited in vain for %s", what)
		case <-ticker.C:
		}
	}
}

// patience is when something that never happens is given up; nothing is asserted about how long things take.
const patience = 3 * time.Minute

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// syncBuffer collects what a process says.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func contains(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in:\n%s", part, text)
		}
	}
}
