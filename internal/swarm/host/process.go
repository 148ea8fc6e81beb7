// Package host looks at the machine a load run happens on, and at the server's process.
package host

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// clockTicks is the unit of CPU times in /proc: USER_HZ, which Linux shows as 100 on every architecture.
const clockTicks = 100

// Usage is what a process has used.
type Usage struct {
	// Resident is its memory in bytes, Peak the most there has been.
	Resident, Peak int64
	// CPU is the time it has computed.
	CPU time.Duration
}

// Process is a running process of this machine.
type Process struct {
	PID int
	// proc is /proc; tests have their own.
	proc string
}

// NewProcess returns a process by its id.
func NewProcess(pid int) Process { return Process{PID: pid, proc: "/proc"} }

// Usage reads what the process has used from /proc.
func (p Process) Usage() (Usage, error) {
	dir := filepath.Join(p.proc, strconv.Itoa(p.PID))
	stat, err := os.ReadFile(filepath.Join(dir, "stat"))
	if err != nil {
		return Usage{}, fmt.Errorf("read usage of process %d: %w", p.PID, err)
	}
	status, err := os.ReadFile(filepath.Join(dir, "status"))
	if err != nil {
		return Usage{}, fmt.Errorf("read usage of process %d: %w", p.PID, err)
	}
	cpu, err := cpuTime(stat)
	if err != nil {
		return Usage{}, fmt.Errorf("read usage of process %d: %w", p.PID, err)
	}
	return Usage{Resident: kibibytes(status, "VmRSS:"), Peak: kibibytes(status, "VmHWM:"), CPU: cpu}, nil
}

// cpuTime reads user and system time, fields 14 and 15 of /proc/PID/stat. The second field is the program's name in
// parentheses, and may itself hold spaces and parentheses.
func cpuTime(stat []byte) (time.Duration, error) {
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	const user, system = 14 - 3, 15 - 3 // the first field after the name is the third
	if len(fields) <= system {
		return 0, errors.New("too few fields in stat")
	}
	ticks := int64(0)
	for _, field := range [][]byte{fields[user], fields[system]} {
		n, err := strconv.ParseInt(string(field), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("parse stat: %w", err)
		}
		ticks += n
	}
	return time.Duration(ticks) * (time.Second / clockTicks), nil
}

// kibibytes reads a line such as "VmRSS:     1234 kB" in bytes; 0 when there is none, as for a process that has ended.
func kibibytes(status []byte, name string) int64 {
	for line := range bytes.Lines(status) {
		rest, found := bytes.CutPrefix(line, []byte(name))
		if fields := bytes.Fields(rest); found && len(fields) > 0 {
			n, _ := strconv.ParseInt(string(fields[0]), 10, 64)
			return n << 10
		}
	}
	return 0
}
