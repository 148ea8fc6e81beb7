package compat

import (
	"errors"
	"net/http"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/buildkite/go-buildkite/v4"
)

// tellLimits asks for more than a user may: what changes something is refused with an error that tells how long to wait,
// and what reads is asked again by the client itself.
func tellLimits(t *testing.T, s *server) {
	s.pipeline("Limited", "https://example.org/app.git", "steps:\n  - command: make\n")
	s.restart(slices.Concat(without(s.args, "--dev"), []string{"--rest-user-rate-limit", "5"})...)
	c, ctx := s.client(), t.Context()
	limits, _, err := c.RateLimit.Get(ctx, organization)
	must(t, err)
	if rest := limits.Scopes.REST; !rest.Enforced || rest.Limit != 200 || rest.Current < 1 || rest.Reset < 1 {
		t.Errorf("limits of REST %+v", rest)
	}
	var refused *buildkite.ErrorResponse
	for range 20 { // a window may end on the way, two do not
		if _, _, err = c.Pipelines.Update(ctx, organization, "limited", buildkite.UpdatePipeline{Description: "More"}); errors.As(err, &refused) {
			break
		}
	}
	if refused == nil {
		t.Fatalf("20 requests, and the last one was answered with %v", err)
	}
	wantStatus(t, err, http.StatusTooManyRequests, "exceeded your API rate limit")
	header := refused.Response.Header
	if wait := header.Get("Retry-After"); wait == "" || wait != header.Get("RateLimit-Reset") || header.Get("RateLimit-User-Limit") != "5" {
		t.Errorf("headers of the refusal: %v", header)
	}

	again := &patient{through: s.http().Transport, refused: make(chan struct{}), release: make(chan struct{})}
	c, err = buildkite.NewClient(buildkite.WithTokenAuth(apiToken), buildkite.WithBaseURL(s.url), buildkite.WithHTTPClient(&http.Client{Transport: again}))
	must(t, err)
	answered := make(chan error, 1)
	go func() {
		for {
			_, _, err := c.Pipelines.Get(ctx, organization, "limited")
			if err != nil || again.held.Load() {
				answered <- err
				return
			}
		}
	}()
	<-again.refused
	s.restart(append(without(s.args, "--rest-user-rate-limit", "5"), "--no-rate-limits")...)
	close(again.release)
	must(t, <-answered)
}

// patient is a transport that holds back what is sent after a refusal until it is released.
type patient struct {
	through          http.RoundTripper
	refused, release chan struct{}
	held             atomic.Bool
}

// RoundTrip implements http.RoundTripper.
func (p *patient) RoundTrip(request *http.Request) (*http.Response, error) {
	if p.held.Load() {
		<-p.release
	}
	response, err := p.through.RoundTrip(request)
	if err == nil && response.StatusCode == http.StatusTooManyRequests && p.held.CompareAndSwap(false, true) {
		close(p.refused)
	}
	return response, err
}

// restart ends the server and starts it with other arguments.
func (s *server) restart(args ...string) {
	s.t.Helper()
	s.stop(syscall.SIGTERM)
	s.args = args
	s.start()
}

// without returns arguments without some of them.
func without(args []string, some ...string) []string {
	return slices.DeleteFunc(slices.Clone(args), func(arg string) bool { return slices.Contains(some, arg) })
}
