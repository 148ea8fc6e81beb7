package host

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

const (
	// readyTimeout is how long a server may take to be ready, pollEvery how often it is asked.
	readyTimeout = time.Minute
	pollEvery    = 2 * time.Millisecond
	// stopTimeout is how long a server may take to stop before it is killed.
	stopTimeout = 40 * time.Second
	// shownOutput is how many bytes of a server's last words an error shows.
	shownOutput = 2000
)

// DataPlaceholder stands for the temporary data folder in a server's command.
const DataPlaceholder = "{data}"

// Server is a server that this process started.
type Server struct {
	// StartedIn is how long the server took from its start to its readiness.
	StartedIn time.Duration

	command string
	address *url.URL
	dir     string

	mu      sync.Mutex // guards process, which a crash replaces
	process *exec.Cmd  // nil before the first start
	exited  chan struct{}
}

// Start runs a command of the shell that serves at an address, in a new temporary folder, and waits until it is ready.
// The text {data} in the command is the path of a folder for its data.
func Start(ctx context.Context, command string, address *url.URL) (*Server, error) {
	dir, err := os.MkdirTemp("", "bridle-swarm-")
	if err != nil {
		return nil, fmt.Errorf("make folder for the server: %w", err)
	}
	s := &Server{command: command, address: address, dir: dir}
	if s.ready(ctx) {
		s.Stop()
		return nil, fmt.Errorf("another server is ready at %s already; stop it or choose another --url", address)
	}
	if err := s.start(ctx); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

// PID is the server's process id. It may be asked for during a crash.
func (s *Server) PID() int { return s.running().Pid }

func (s *Server) running() *os.Process {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.process.Process
}

func (s *Server) start(ctx context.Context) error {
	output, err := os.OpenFile(filepath.Join(s.dir, "output"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("start server: %w", err)
	}
	defer output.Close()
	command := strings.ReplaceAll(s.command, DataPlaceholder, filepath.Join(s.dir, "data"))
	// exec makes the shell become the server, so that its process id is the server's.
	process := exec.Command("sh", "-c", "exec "+command)
	process.Stdout, process.Stderr = output, output
	isolate(process)
	began := time.Now()
	if err := process.Start(); err != nil {
		return fmt.Errorf("start server: %w", err)
	}
	exited := make(chan struct{})
	go func() {
		_ = process.Wait() // why it ended shows in its output
		close(exited)
	}()
	s.mu.Lock()
	s.process = process
	s.mu.Unlock()
	s.exited = exited
	if err := s.waitReady(ctx); err != nil {
		return err
	}
	s.StartedIn = time.Since(began)
	return nil
}

func (s *Server) waitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	for {
		if s.ready(ctx) {
			return nil
		}
		select {
		case <-s.exited:
			return fmt.Errorf("the server ended before it was ready; its last words: %s", s.lastWords())
		case <-ctx.Done():
			return fmt.Errorf("the server is not ready at %s: %w; its last words: %s", s.address, ctx.Err(), s.lastWords())
		case <-ticker.C:
		}
	}
}

func (s *Server) ready(ctx context.Context) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.address.JoinPath("readyz").String(), http.NoBody)
	if err != nil {
		return false
	}
	req.Close = true
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	return res.StatusCode == http.StatusOK
}

func (s *Server) lastWords() string {
	text, err := os.ReadFile(filepath.Join(s.dir, "output"))
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-shownOutput):])
}

// Crash kills the server as a power cut would, starts it again on the same data, and waits until it is ready.
func (s *Server) Crash(ctx context.Context) error {
	kill(s.running())
	<-s.exited
	return s.start(ctx)
}

// Terminate asks the server to stop and does not wait.
func (s *Server) Terminate() { Terminate(s.running()) }

// Stop ends the server and removes its folder.
func (s *Server) Stop() {
	if s.exited != nil {
		s.Terminate()
		timer := time.NewTimer(stopTimeout)
		defer timer.Stop()
		select {
		case <-s.exited:
		case <-timer.C:
			kill(s.running())
			<-s.exited
		}
	}
	_ = os.RemoveAll(s.dir) // a folder that stays behind in the temporary folder is no failure of the run
}
