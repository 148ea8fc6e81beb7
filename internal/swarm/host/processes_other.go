//go:build !unix

package host

import (
	"os"
	"os/exec"
)

// isolate does nothing: there are no process groups.
func isolate(*exec.Cmd) {}

// Terminate ends a process: there is no asking.
func Terminate(p *os.Process) { _ = p.Kill() }

func kill(p *os.Process) { _ = p.Kill() }

// CheckFiles finds no limit.
func CheckFiles(int) error { return nil }
