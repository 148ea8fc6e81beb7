package agents

import (
	"os"
	"os/exec"
	"strconv"
	"syscall"
)

// apart keeps the Ctrl-C of the console from the process.
func apart(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

// interrupt ends the process with its children: Windows has no milder way across groups.
func interrupt(p *os.Process) error {
	kill(p.Pid)
	return nil
}

func kill(pid int) {
	_ = exec.Command("taskkill", "/T", "/F", "/PID", strconv.Itoa(pid)).Run() // it may have ended by itself
}

// leftOver returns the agents' process, which is killed together with its children.
func leftOver(_ string, root int, ended bool) ([]int, error) {
	if ended {
		return nil, nil
	}
	return []int{root}, nil
}
