// Package pgtest gives tests PostgreSQL databases of their own.
//
// They live on the server that BRIDLE_TEST_POSTGRES names, a postgres:// URL of a role that may create databases, or
// else on a private server started once per test process from installed binaries. The private one listens only on a
// socket in a temporary folder and ends with the test process, however that ends. It knows no schema.
package pgtest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"sync"
	"testing"
	"time"
)

// serverVariable names the environment variable with the server to use.
const serverVariable = "BRIDLE_TEST_POSTGRES"

// timeout bounds each thing asked of the server.
const timeout = time.Minute

var process struct {
	mu        sync.Mutex // also keeps one database creation from disturbing the template of another
	server    *server
	err       error // what made starting fail; it would fail again
	templates map[string]string
}

// URL returns the URL of a fresh, empty database that is dropped when the test ends.
func URL(tb testing.TB) string {
	tb.Helper()
	return create(tb, func(*server) (string, error) { return "template1", nil })
}

// URLFrom is URL for a copy of a database that prepare has filled, for instance with a schema. prepare runs once per key
// in a test process and must leave no connection open.
func URLFrom(tb testing.TB, key string, prepare func(databaseURL string) error) string {
	tb.Helper()
	return create(tb, func(s *server) (string, error) {
		if name, ok := process.templates[key]; ok {
			return name, nil
		}
		name, err := s.createDatabase("template1")
		if err != nil {
			return "", err
		}
		if process.templates == nil {
			process.templates = map[string]string{}
		}
		if err := prepare(s.databaseURL(name)); err != nil {
			return "", fmt.Errorf("prepare template %s: %w", key, err)
		}
		process.templates[key] = name
		return name, nil
	})
}

func create(tb testing.TB, template func(*server) (string, error)) string {
	tb.Helper()
	process.mu.Lock()
	defer process.mu.Unlock()
	s, err := runningServer()
	if err != nil {
		tb.Fatalf("test database: %v", err)
	}
	from, err := template(s)
	if err != nil {
		tb.Fatalf("test database: %v", err)
	}
	name, err := s.createDatabase(from)
	if err != nil {
		tb.Fatalf("test database: %v", err)
	}
	tb.Cleanup(func() {
		process.mu.Lock()
		defer process.mu.Unlock()
		if err := s.dropDatabase(name); err != nil {
			tb.Errorf("test database: %v", err)
		}
	})
	return s.databaseURL(name)
}

// Main runs the tests of a package and cleans up behind URLFrom on a server that stays. TestMain may call it.
func Main(m *testing.M) {
	code := m.Run()
	process.mu.Lock()
	defer process.mu.Unlock()
	if process.server != nil {
		for _, name := range process.templates {
			if err := process.server.dropDatabase(name); err != nil {
				fmt.Fprintln(os.Stderr, "test database:", err)
				code = max(code, 1)
			}
		}
		process.server.stop()
	}
	os.Exit(code)
}

// runningServer needs process.mu.
func runningServer() (*server, error) {
	if process.server == nil && process.err == nil {
		process.server, process.err = connect()
	}
	return process.server, process.err
}

func connect() (*server, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	named := os.Getenv(serverVariable)
	if named == "" {
		return startServer(ctx)
	}
	u, err := url.Parse(named)
	if err != nil {
		return nil, fmt.Errorf("%s is no URL", serverVariable) // the parser's error would print the password
	}
	s := &server{url: *u}
	if err := s.connect(ctx); err != nil {
		return nil, fmt.Errorf("%s: %w", serverVariable, err)
	}
	return s, nil
}
