//go:build unix

package host

import (
	"os"
	"os/exec"
	"syscall"
)

// isolate gives a command a process group of its own: a Ctrl-C is for this process, which then stops the command.
func isolate(command *exec.Cmd) { command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// Terminate asks a process to end.
func Terminate(p *os.Process) { _ = p.Signal(syscall.SIGTERM) } // one that has ended needs no asking

// kill ends a process and all that it started.
func kill(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGKILL) }
