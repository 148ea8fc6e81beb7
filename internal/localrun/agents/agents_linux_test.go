package agents_test

import (
	"bufio"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/bridle-ci/bridle/internal/localrun/agents"
)

// start runs a shell script in place of the agent. It must write a line to the file "ready" in its folder, which is
// returned once it is there.
func start(t *testing.T, script string, environment ...string) (*agents.Agents, string, string) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "bin", "buildkite-agent")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("#!/usr/bin/env bash\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	run := filepath.Join(dir, "run")
	if err := os.Mkdir(run, 0o755); err != nil {
		t.Fatal(err)
	}
	ready := filepath.Join(run, "ready")
	if err := syscall.Mkfifo(ready, 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := agents.Start(agents.Options{
		Path: path, Endpoint: "http://127.0.0.1:1/v3", Token: "bkct_secret", Count: 3, Dir: run,
		PluginsPath: filepath.Join(dir, "plugins"), Environment: append(os.Environ(), environment...),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Kill(); err != nil {
			t.Error(err)
		}
	})
	f, err := os.Open(ready)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	line, err := bufio.NewReader(f).ReadString('\n')
	if err != nil {
		t.Fatalf("the agent said nothing: %v\n%s", err, a.Log())
	}
	return a, run, strings.TrimSpace(line)
}

func TestStart(t *testing.T) {
	t.Parallel()
	_, run, said := start(t, `echo "$*|$(cat token)|$(env | tr '\n' ' ')" > ready; exec sleep 60`,
		"BUILDKITE_AGENT_TOKEN=other", "GIT_DIR=/elsewhere/.git", "MINE=yes")
	for _, want := range []string{
		"start --config " + run + "/agent.cfg --token file://" + run + "/token --endpoint http://127.0.0.1:1/v3",
		"--spawn 3", "--sockets-path " + run + "/s", "|bkct_secret|", "MINE=yes", "BRIDLE_RUN_DIR=" + run, "PATH=" + filepath.Dir(run) + "/bin:",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not in %q", want, said)
		}
	}
	for _, unwanted := range []string{"BUILDKITE_AGENT_TOKEN", "GIT_DIR", "bkct_secret --"} {
		if strings.Contains(said, unwanted) {
			t.Errorf("%q is in %q", unwanted, said)
		}
	}
}

func TestStopLetsThemFinish(t *testing.T) {
	t.Parallel()
	a, run, _ := start(t, `trap 'echo finished > result; exit 0' TERM; echo > ready; sleep 60 & wait`)
	if err := a.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	result, err := os.ReadFile(filepath.Join(run, "result"))
	if err != nil || string(result) != "finished\n" {
		t.Errorf("result %q, %v", result, err)
	}
}

// A job's processes are in sessions of their own and may outlive their parents.
func TestStopLeavesNothingRunning(t *testing.T) {
	t.Parallel()
	a, _, said := start(t, `
		trap '' TERM
		setsid bash -c 'trap "" TERM; sleep 600 & echo $!; wait' > child &
		( setsid sleep 600 & echo $! > orphan )
		until [ -s child ] && [ -s orphan ]; do :; done
		echo "$$ $(cat child orphan | tr '\n' ' ')" > ready
		while :; do sleep 600; done`)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := a.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	pids := strings.Fields(said)
	if len(pids) != 3 {
		t.Fatalf("the agent said %q", said)
	}
	for _, pid := range pids {
		if running(t, pid) {
			t.Errorf("process %s is still running", pid)
		}
	}
	select {
	case <-a.Done():
	default:
		t.Error("not done after Stop")
	}
}

// running reports whether a process is there and no zombie.
func running(t *testing.T, pid string) bool {
	t.Helper()
	status, err := os.ReadFile(filepath.Join("/proc", pid, "stat"))
	if err != nil {
		return false
	}
	_, after, _ := strings.Cut(string(status), ") ")
	return !slices.Contains([]string{"Z", "X"}, after[:1])
}

func TestLogAndErr(t *testing.T) {
	t.Parallel()
	a, _, _ := start(t, `echo "fatal: no such token" >&2; echo > ready; exit 3`)
	<-a.Done()
	if err := a.Err(); err == nil || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("error %v", err)
	}
	if got := a.Log(); got != "fatal: no such token" {
		t.Errorf("log %q", got)
	}
	if err := a.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestStartFails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, err := agents.Start(agents.Options{Path: filepath.Join(dir, "missing"), Dir: dir, PluginsPath: dir})
	if err == nil || !strings.Contains(err.Error(), "start the agents: ") {
		t.Errorf("error %v", err)
	}
}
