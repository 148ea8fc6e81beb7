//go:build !unix

package pgtest

import (
	"context"
	"fmt"
)

// startServer has no way here to tie a server to the life of the test process.
func startServer(context.Context) (*server, error) {
	return nil, fmt.Errorf("set %s: a private PostgreSQL server is only started on Unix", serverVariable)
}
