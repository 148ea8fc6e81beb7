//go:build unix && !linux

package agents

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// apart keeps the signals of the terminal from the process.
func apart(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}

func interrupt(p *os.Process) error { return p.Signal(unix.SIGTERM) }

func kill(pid int) { _ = unix.Kill(pid, unix.SIGKILL) } // it may have ended by itself

// leftOver returns the agents' process and all that descend from it, the youngest first.
func leftOver(_ string, root int, ended bool) ([]int, error) {
	if ended {
		return nil, nil
	}
	listed, err := exec.Command("ps", "-A", "-o", "pid=,ppid=").Output()
	if err != nil {
		return nil, fmt.Errorf("ps: %w", err)
	}
	children := map[int][]int{}
	for line := range strings.Lines(string(listed)) {
		fields := strings.Fields(line)
		if len(fields) != 2 {
			continue
		}
		pid, pidErr := strconv.Atoi(fields[0])
		parent, parentErr := strconv.Atoi(fields[1])
		if pidErr == nil && parentErr == nil {
			children[parent] = append(children[parent], pid)
		}
	}
	var found []int
	var walk func(pid int)
	walk = func(pid int) {
		for _, child := range children[pid] {
			walk(child)
		}
		found = append(found, pid)
	}
	walk(root)
	return found, nil
}
