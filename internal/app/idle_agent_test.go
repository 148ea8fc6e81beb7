package app_test

import (
	"context"
	"net"
	"net/http"
	"sync/atomic"
	"testing"

	"connectrpc.com/connect"

	"github.com/bridle-ci/bridle/internal/server/agentapi/agenttest"
)

// An agent without work has two connections, and keeps them until the server stops. The server stops for all of them.
func TestIdleAgentKeepsItsConnections(t *testing.T) {
	t.Parallel()
	a := start(t, settings(t.TempDir()))
	var dialed atomic.Int64
	transport := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		dialed.Add(1)
		return new(net.Dialer).DialContext(ctx, network, address)
	}}
	defer transport.CloseIdleConnections()
	s := agenttest.Server{URL: a.BaseURL, HTTP: &http.Client{Transport: transport}}
	agent, err := s.Start(t.Context(), a.Bootstrapped.AgentToken, agenttest.Registration{Version: "3.138.3", Features: []string{}})
	if err != nil {
		t.Fatal(err)
	}
	stream, err := agent.Stream(t.Context(), "3.138.3")
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	if got, err := stream.Next(); got != "resume" {
		t.Fatalf("the stream says %q and %v", got, err)
	}
	for range 20 {
		if err := agent.Heartbeat(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := dialed.Load(); n != 2 {
		t.Errorf("the agent has made %d connections, want 2", n)
	}
	stop(t, a)
	if got, err := stream.Next(); connect.CodeOf(err) != connect.CodeUnavailable {
		t.Errorf("the stream of a stopped server says %q and %v", got, err)
	}
}
