//go:build unix

package host

import (
	"fmt"
	"syscall"
)

// CheckFiles reports whether this process may have so many connections open.
func CheckFiles(connections int) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("read the limit of open files: %w", err)
	}
	return enough(connections, uint64(limit.Cur))
}

// spareFiles are those that are not agents' connections.
const spareFiles = 200

func enough(connections int, limit uint64) error {
	if need := uint64(connections) + spareFiles; need > limit {
		return fmt.Errorf("%d connections need %d open files and the limit is %d; raise it with ulimit -n, for the server too, "+
			"or let agents use one connection each with --protocol http2", connections, need, limit)
	}
	return nil
}
