package agentbin

import (
	"errors"
	"os"
	"os/exec"

	"golang.org/x/sys/windows"
)

func tryLock(file *os.File) (bool, error) {
	err := windows.LockFileEx(windows.Handle(file.Fd()),
		windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &windows.Overlapped{})
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return false, nil
	}
	return err == nil, err
}

// killTogether leaves the command as it is: Windows has no process groups to
// kill, and the compilers that go build started end by themselves.
func killTogether(*exec.Cmd) {}
