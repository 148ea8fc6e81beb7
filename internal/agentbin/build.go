package agentbin

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// build puts a new agent into dir. The caller holds the lock of dir.
func (f Finder) build(ctx context.Context, dir string) (err error) {
	goTool, err := exec.LookPath("go")
	if err != nil {
		return fmt.Errorf("no %s %s or newer was found, nor Go to build one: %s", name, MinimumVersion, hintInstall)
	}

	// Everything temporary is in one folder: the go command leaves its own
	// behind when it is killed. The fixed name lets the next build remove what
	// a process left that was killed itself.
	temp := filepath.Join(dir, "building")
	if err := os.RemoveAll(temp); err != nil {
		return fmt.Errorf("make room for building the agent: %w; %s", err, hintPath)
	}
	defer func() {
		if removeErr := os.RemoveAll(temp); err == nil && removeErr != nil {
			err = fmt.Errorf("clean up after building the agent: %w", removeErr)
		}
	}()
	module := filepath.Join(temp, "module")
	if err := unpackModule(module); err != nil {
		return fmt.Errorf("unpack the agent's module: %w; %s", err, hintPath)
	}

	f.say("Building the official agent %s with %s; this takes about two minutes and is done once", moduleVersion(), goTool)
	g := goCommand{path: goTool, dir: module, temp: temp}
	p := progress{say: f.say}
	stale, err := g.run(ctx, p.downloading, "list", "-deps", "-f", "{{if .Stale}}{{.ImportPath}}{{end}}")
	if err != nil {
		return fmt.Errorf("download the agent's modules: %w\n%s", err, hintPath)
	}
	p.compile(len(strings.Fields(stale)))

	built := filepath.Join(temp, executableName())
	if _, err := g.run(ctx, p.compiling, "build", "-v", "-o", built); err != nil {
		return fmt.Errorf("compile the agent: %w\n%s", err, hintPath)
	}
	if err := os.Rename(built, filepath.Join(dir, executableName())); err != nil {
		return fmt.Errorf("put the built agent in its place: %w; %s", err, hintPath)
	}
	return nil
}

// goCommand runs the Go tool on the agent's main package.
type goCommand struct {
	path, dir, temp string
}

// run returns what the command printed and passes each line of its messages to
// message. An error shows the last of these that message does not account for.
// The flags of a build go to every command, since go list needs them too to
// tell what a build has still to compile.
func (g goCommand) run(ctx context.Context, message func(line string) bool, args ...string) (string, error) {
	var out bytes.Buffer
	messages := lineWriter{line: message}
	cmd := exec.CommandContext(ctx, g.path, append(args, "-trimpath", "-buildvcs=false", "-ldflags=-s -w", agentPackage)...)
	cmd.Dir = g.dir
	cmd.Env = append(cmd.Environ(),
		"CGO_ENABLED=0",
		"GO111MODULE=on",
		// Not empty: that would let a value stored by "go env -w" through.
		"GOFLAGS=-mod=readonly",
		"GOWORK=off",
		"GOOS="+runtime.GOOS,
		"GOARCH="+runtime.GOARCH,
		"GOTMPDIR="+g.temp,
	)
	cmd.Stdout = &out
	cmd.Stderr = &messages
	cmd.WaitDelay = 5 * time.Second
	killTogether(cmd)
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("go %s: %w\n%s", args[0], err, messages.unaccounted())
	}
	return out.String(), nil
}
