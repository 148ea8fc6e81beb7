// Package agentbin finds the official buildkite-agent on this machine, or
// builds it from its published source when there is none. It is for commands
// that run an agent beside the server; it knows nothing of the server, nor of
// how the agent is started.
package agentbin

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// MinimumVersion is the oldest agent taken without being asked for by its
// path. From it on agents hold a stream open on which they are told of jobs at
// once; older ones only poll, which delays each job by seconds.
const MinimumVersion = "3.120.0"

// name is what the executable must be called: job scripts run the agent by it.
const name = "buildkite-agent"

const (
	hintPath    = "give the path of an official agent with --agent PATH"
	hintInstall = "install Go from https://go.dev/dl so that one can be built, or " + hintPath
)

// Finder says where to look for an official buildkite-agent and how to build
// one.
type Finder struct {
	// Explicit is the path given with --agent. When set, nothing else is tried.
	Explicit string

	// CacheDir is the folder for agents built here, each in a folder of its
	// own. Empty means bridle/agent in os.UserCacheDir.
	CacheDir string

	// Progress receives one line at a time for a person to read: why an agent
	// was passed over, and how a build advances. It may be nil.
	Progress func(line string)

	// executable replaces os.Executable in tests.
	executable func() (string, error)
}

// Agent is an executable official agent.
type Agent struct {
	// Path is absolute and its last element is buildkite-agent. Who starts it
	// puts its folder on the agent's PATH: when Path is a link, the agent would
	// offer to jobs only the folder of the real file.
	Path string

	// Version is for example 3.138.1.
	Version string

	// Origin says how it was found: "--agent", "beside bridle", "PATH",
	// "cache" or "built".
	Origin string
}

// Find returns the first agent of these: the explicit one, one beside the
// running executable, one on PATH, the one built earlier, one built now, which
// takes minutes. Of several processes only one builds and the others wait.
// Errors say what the user can do, save for the context's own.
func (f Finder) Find(ctx context.Context) (Agent, error) {
	agent, err := f.find(ctx)
	if err != nil && ctx.Err() != nil {
		// What failed did so because its process was killed.
		return Agent{}, ctx.Err()
	}
	return agent, err
}

func (f Finder) find(ctx context.Context) (Agent, error) {
	if f.Explicit != "" {
		return f.explicit(ctx)
	}
	for _, installed := range f.installed() {
		agent, err := inspect(ctx, installed.Path)
		if ctx.Err() != nil {
			return Agent{}, ctx.Err()
		}
		switch {
		case err != nil:
			f.say("Passing over %s: %v", installed.Path, err)
		case !recent(agent.Version):
			f.say("Passing over %s: version %s is older than %s", installed.Path, agent.Version, MinimumVersion)
		default:
			agent.Origin = installed.Origin
			return agent, nil
		}
	}
	return f.cachedOrBuilt(ctx)
}

func (f Finder) explicit(ctx context.Context) (Agent, error) {
	path, err := filepath.Abs(f.Explicit)
	if err != nil {
		return Agent{}, fmt.Errorf("--agent %s: %w", f.Explicit, err)
	}
	if filepath.Base(path) != executableName() {
		return Agent{}, fmt.Errorf("--agent %s: the file must be called %s, since job scripts run the agent by that name; rename it or give a link of that name", f.Explicit, executableName())
	}
	agent, err := inspect(ctx, path)
	if err != nil {
		return Agent{}, fmt.Errorf("--agent %s is not an official agent that runs here: %w; without --agent one is looked for and built if need be", f.Explicit, err)
	}
	if !recent(agent.Version) {
		f.say("The agent given with --agent is version %s; jobs start sooner with %s or newer", agent.Version, MinimumVersion)
	}
	agent.Origin = "--agent"
	return agent, nil
}

// installed lists the places of agents that others put there, whether or not
// they run.
func (f Finder) installed() []Agent {
	var found []Agent
	executable := f.executable
	if executable == nil {
		executable = os.Executable
	}
	if self, err := executable(); err == nil {
		if resolved, err := filepath.EvalSymlinks(self); err == nil {
			self = resolved
		}
		path := filepath.Join(filepath.Dir(self), executableName())
		if _, err := os.Stat(path); err == nil {
			found = append(found, Agent{Path: path, Origin: "beside bridle"})
		}
	}
	// LookPath refuses what it finds through a relative entry of PATH, which
	// is as good a reason to pass it over here.
	if path, err := exec.LookPath(name); err == nil && (len(found) == 0 || found[0].Path != path) {
		found = append(found, Agent{Path: path, Origin: "PATH"})
	}
	return found
}

func (f Finder) cachedOrBuilt(ctx context.Context) (Agent, error) {
	root, err := f.cacheRoot()
	if err != nil {
		return Agent{}, err
	}
	// The cached agent is run, not only looked for: if it does not, building
	// it again is the repair.
	dir := filepath.Join(root, moduleKey())
	path := filepath.Join(dir, executableName())
	if agent, err := inspect(ctx, path); err == nil {
		agent.Origin = "cache"
		return agent, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return Agent{}, fmt.Errorf("make the folder for the agent: %w; %s", err, hintPath)
	}

	unlock, err := lock(ctx, filepath.Join(dir, "lock"), func() {
		f.say("Waiting for another process that is building the agent")
	})
	if err != nil {
		return Agent{}, err
	}
	defer unlock()

	if agent, err := inspect(ctx, path); err == nil {
		agent.Origin = "cache"
		return agent, nil
	}
	if err := f.build(ctx, dir); err != nil {
		return Agent{}, err
	}
	agent, err := inspect(ctx, path)
	if err != nil {
		return Agent{}, fmt.Errorf("the agent built at %s does not run: %w; %s", path, err, hintPath)
	}
	agent.Origin = "built"
	return agent, nil
}

func (f Finder) cacheRoot() (string, error) {
	if f.CacheDir != "" {
		return filepath.Abs(f.CacheDir)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find a folder to build the agent in: %w; set that, or %s", err, hintPath)
	}
	return filepath.Join(dir, "bridle", "agent"), nil
}

func (f Finder) say(format string, args ...any) {
	if f.Progress != nil {
		f.Progress(fmt.Sprintf(format, args...))
	}
}

func executableName() string {
	if runtime.GOOS == "windows" {
		return name + ".exe"
	}
	return name
}
