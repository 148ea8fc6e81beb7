package agents

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// apart keeps the signals of the terminal from the process, and ends it when this program is killed.
func apart(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}

func interrupt(p *os.Process) error { return p.Signal(unix.SIGTERM) }

func kill(pid int) { _ = unix.Kill(pid, unix.SIGKILL) } // it may have ended by itself

// leftOver returns the processes that have the marker of a run in their environment. Jobs are in sessions of their own
// and may leave processes to the init process, so neither groups nor parents find them all.
func leftOver(dir string, _ int, _ bool) ([]int, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	var found []int
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		environment, err := os.ReadFile(filepath.Join("/proc", entry.Name(), "environ"))
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) || errors.Is(err, unix.ESRCH) {
				continue // it ended, or belongs to somebody else
			}
			return nil, err
		}
		if slices.ContainsFunc(bytes.Split(environment, []byte{0}), func(entry []byte) bool {
			return string(entry) == marker+"="+dir
		}) {
			found = append(found, pid)
		}
	}
	return found, nil
}
