package agentbin

import (
	"context"
	"fmt"
	"os"
	"time"
)

// lockRetry is how often a lock held by another process is tried again; the
// system calls that wait cannot be ended by a context.
const lockRetry = 200 * time.Millisecond

// lock takes the lock file at path. If another process has it, lock calls
// waiting once and waits. The file stays: removing it would let two processes
// lock two different files.
func lock(ctx context.Context, path string, waiting func()) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("lock the folder of the agent: %w; %s", err, hintPath)
	}
	// The system releases the lock with the last descriptor, also when the
	// process dies.
	unlock = func() { _ = file.Close() }

	var retry *time.Ticker
	for ctx.Err() == nil {
		locked, err := tryLock(file)
		if err != nil {
			unlock()
			return nil, fmt.Errorf("lock %s: %w; %s", path, err, hintPath)
		}
		if locked {
			return unlock, nil
		}
		if retry == nil {
			waiting()
			retry = time.NewTicker(lockRetry)
			defer retry.Stop()
		}
		select {
		case <-ctx.Done():
		case <-retry.C:
		}
	}
	unlock()
	return nil, ctx.Err()
}
