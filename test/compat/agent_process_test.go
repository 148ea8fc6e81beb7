package compat

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// agentProcess is an official agent.
type agentProcess struct {
	command *exec.Cmd
	exited  chan struct{}
	output  *syncBuffer
}

// startAgent starts an official agent for a server; it is stopped with the test.
func startAgent(t *testing.T, s *server, name string, extra ...string) *agentProcess {
	t.Helper()
	folder := t.TempDir()
	sockets, err := os.MkdirTemp("", "bk") // paths of sockets have to be short
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(sockets) })
	args := append([]string{
		"start", "--token", clusterToken, "--endpoint", s.url + "/v3", "--name", name,
		"--build-path", filepath.Join(folder, "builds"), "--hooks-path", filepath.Join(folder, "hooks"),
		"--plugins-path", filepath.Join(folder, "plugins"), "--sockets-path", sockets, "--no-color", "--no-ssh-keyscan",
	}, extra...)
	a := &agentProcess{command: exec.Command(agentBinary, args...), exited: make(chan struct{}), output: &syncBuffer{}}
	a.command.Stdout, a.command.Stderr = a.output, a.output
	a.command.Env = []string{
		"PATH=" + filepath.Dir(agentBinary) + string(os.PathListSeparator) + os.Getenv("PATH"), "HOME=" + folder,
		"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*",
	}
	a.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	must(t, a.command.Start())
	go func() {
		_ = a.command.Wait() // how it ended is told by its output
		close(a.exited)
	}()
	t.Cleanup(func() {
		_ = a.command.Process.Signal(syscall.SIGQUIT)
		<-a.exited
		_ = syscall.Kill(-a.command.Process.Pid, syscall.SIGKILL) // whatever a job left behind
		if t.Failed() {
			t.Logf("agent %s said:\n%s", name, a.output)
		}
	})
	return a
}

// repository makes a git repository on main that holds files.
func repository(t *testing.T, files map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for name, content := range files {
		path := filepath.Join(folder, name)
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(t, os.WriteFile(path, []byte(content), 0o755))
	}
	for _, args := range [][]string{
		{"init", "-q", "-b", "main"},
		{"add", "-A"},
		{"-c", "user.name=Ann Otter", "-c", "user.email=ann@example.org", "commit", "-q", "-m", "First\n\nWith a body"},
	} {
		git := exec.Command("git", args...)
		git.Dir = folder
		if output, err := git.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, output)
		}
	}
	return folder
}
