package compat

import (
	"errors"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/buildkite/go-buildkite/v4"
)

// client is the official client with every scope.
func (s *server) client() *buildkite.Client { return s.clientWith(apiToken) }

func (s *server) clientWith(token string) *buildkite.Client {
	s.t.Helper()
	c, err := buildkite.NewClient(buildkite.WithTokenAuth(token), buildkite.WithBaseURL(s.url), buildkite.WithHTTPClient(s.http()))
	must(s.t, err)
	return c
}

// serviceMethod is the name of a function that is a method of one of the client's services.
var serviceMethod = regexp.MustCompile(`^github\.com/buildkite/go-buildkite/v4\.\(\*(\w+Service)\)\.([A-Z]\w*)$`)

// clientMethods are the methods of the official client that the caller is called by. The client sends a request on the
// goroutine that called its method.
func clientMethods() []string {
	counters := make([]uintptr, 64)
	frames := runtime.CallersFrames(counters[:runtime.Callers(1, counters)])
	var methods []string
	for more := true; more; {
		var frame runtime.Frame
		frame, more = frames.Next()
		if match := serviceMethod.FindStringSubmatch(frame.Function); match != nil {
			methods = append(methods, match[1]+"."+match[2])
		}
	}
	return methods
}

// wantStatus fails the test unless an error is an answer of a status that says something.
func wantStatus(t *testing.T, err error, status int, part string) {
	t.Helper()
	var failed *buildkite.ErrorResponse
	if !errors.As(err, &failed) {
		t.Errorf("error %v, want status %d", err, status)
		return
	}
	if failed.Response.StatusCode != status || !strings.Contains(err.Error()+string(failed.RawBody), part) {
		t.Errorf("status %d and %v, want %d and %q", failed.Response.StatusCode, err, status, part)
	}
}
