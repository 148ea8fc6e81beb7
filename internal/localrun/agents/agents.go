// Package agents runs official agents as child processes and sees to it that nothing of them stays behind. It knows
// nothing of the server they talk to but its address.
package agents

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/bridle-ci/bridle/internal/localrun/snapshot"
)

// marker is the variable that the processes of agents and their jobs have in their environment, so that they can be
// found again wherever they went. Its value is Options.Dir.
const marker = "BRIDLE_RUN_DIR"

// Options say which agents to run and for whom.
type Options struct {
	// Path is the official agent's.
	Path string
	// Endpoint and Token are of the server.
	Endpoint string
	Token    string
	// Count is how many agents to run.
	Count int
	// Dir is a folder for checkouts and whatever else is temporary. Its path must be short: sockets are in it.
	Dir string
	// PluginsPath keeps plugins for the next time.
	PluginsPath string
	// Environment is what jobs inherit, as KEY=value.
	Environment []string
}

// Agents are running agents: one process with its workers.
type Agents struct {
	dir     string
	process *os.Process
	done    chan struct{}
	err     error
}

// Start starts agents. They register on their own; one that cannot ends, see Done.
func Start(o Options) (*Agents, error) {
	logFile, err := o.prepare()
	if err != nil {
		return nil, fmt.Errorf("prepare the agents: %w", err)
	}
	defer logFile.Close()
	cmd := exec.Command(o.Path, o.arguments()...)
	cmd.Dir = o.Dir
	cmd.Env = o.environment()
	cmd.Stdout, cmd.Stderr = logFile, logFile
	apart(cmd)
	a := &Agents{dir: o.Dir, done: make(chan struct{})}
	started := make(chan error)
	go a.run(cmd, started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start the agents: %w", err)
	}
	return a, nil
}

// run starts the process and waits for it. Linux ends it together with the thread it was started from, so that stays
// the same.
func (a *Agents) run(cmd *exec.Cmd, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := cmd.Start()
	a.process = cmd.Process
	started <- err
	if err != nil {
		return
	}
	a.err = cmd.Wait()
	close(a.done)
}

// prepare makes the files and folders that the arguments name and opens the agents' log.
func (o Options) prepare() (*os.File, error) {
	for _, dir := range []string{o.in("builds"), o.in("hooks"), o.in("s"), o.PluginsPath} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
	}
	// A configuration file of our own keeps the agent from reading the user's.
	if err := os.WriteFile(o.in("agent.cfg"), nil, 0o600); err != nil {
		return nil, err
	}
	if err := os.WriteFile(o.in("token"), []byte(o.Token), 0o600); err != nil {
		return nil, err
	}
	return os.OpenFile(o.in(logName), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
}

// logName is the file of what the agents themselves have to say.
const logName = "agent.log"

func (o Options) in(name string) string { return filepath.Join(o.Dir, name) }

// arguments are the agent's flags (docs/contract/agent-api.md, section 18).
func (o Options) arguments() []string {
	return []string{
		"start",
		"--config", o.in("agent.cfg"),
		"--token", "file://" + o.in("token"),
		"--endpoint", o.Endpoint,
		"--name", "local-%spawn",
		"--spawn", strconv.Itoa(o.Count),
		"--build-path", o.in("builds"),
		"--hooks-path", o.in("hooks"),
		"--sockets-path", o.in("s"),
		"--plugins-path", o.PluginsPath,
		"--log-level", "error",
		"--no-color",
		// The user's own ssh configuration knows the hosts.
		"--no-ssh-keyscan",
	}
}

// environment is what the agent and its jobs start from: without settings of another agent that may be around this
// process, and without what binds git to the user's repository.
func (o Options) environment() []string {
	path := filepath.Dir(o.Path)
	var environment []string
	for _, entry := range snapshot.CleanEnvironment(o.Environment) {
		name, value, _ := strings.Cut(entry, "=")
		switch {
		case strings.HasPrefix(name, "BUILDKITE"):
		case name == "PATH":
			path += string(os.PathListSeparator) + value
		default:
			environment = append(environment, entry)
		}
	}
	return append(environment, "PATH="+path, marker+"="+o.Dir)
}

// Done is closed when the process has ended.
func (a *Agents) Done() <-chan struct{} { return a.done }

// Err says how the process ended; call it after Done.
func (a *Agents) Err() error {
	if a.err == nil {
		return errors.New("the agents stopped")
	}
	return fmt.Errorf("the agents stopped: %w", a.err)
}

// maxLog is how much of the agents' own log is shown, in bytes.
const maxLog = 8 << 10

// Log returns the end of what the agents themselves had to say.
func (a *Agents) Log() string {
	f, err := os.Open(filepath.Join(a.dir, logName))
	if err != nil {
		return ""
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() > maxLog {
		if _, err := f.Seek(-maxLog, io.SeekEnd); err != nil {
			return ""
		}
	}
	text, err := io.ReadAll(io.LimitReader(f, maxLog))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// Stop asks the agents to end once their jobs have, waits until they did or ctx is over, and then ends whatever is left.
func (a *Agents) Stop(ctx context.Context) error {
	select {
	case <-a.done:
	default:
		if err := interrupt(a.process); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return errors.Join(fmt.Errorf("stop the agents: %w", err), a.Kill())
		}
	}
	select {
	case <-a.done:
	case <-ctx.Done():
	}
	return a.Kill()
}

const (
	// killRounds bounds how often what is left is looked for: a process may start another meanwhile.
	killRounds = 20
	killPause  = 50 * time.Millisecond
)

// Kill ends the agents, their jobs, and what those left running.
func (a *Agents) Kill() error {
	for range killRounds {
		left, err := leftOver(a.dir, a.process.Pid, a.ended())
		if err != nil {
			return fmt.Errorf("end what the agents left running: %w", err)
		}
		if len(left) == 0 {
			<-a.done
			return nil
		}
		for _, pid := range left {
			kill(pid)
		}
		time.Sleep(killPause)
	}
	return errors.New("end what the agents left running: some of it does not end")
}

func (a *Agents) ended() bool {
	select {
	case <-a.done:
		return true
	default:
		return false
	}
}
