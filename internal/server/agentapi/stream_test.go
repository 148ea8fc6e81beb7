package agentapi_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/server/agentapi"
	"github.com/bridle-ci/bridle/internal/server/agentapi/agentedge"
	"github.com/bridle-ci/bridle/internal/server/agentapi/agenttest"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

func open(t *testing.T, a *agenttest.Agent, version string) *agenttest.Stream {
	t.Helper()
	s, err := a.Stream(t.Context(), version)
	must(t, err)
	t.Cleanup(s.Close)
	return s
}

func wantNext(t *testing.T, s *agenttest.Stream, prefix string) string {
	t.Helper()
	got, err := s.Next()
	must(t, err)
	if !strings.HasPrefix(got, prefix) {
		t.Fatalf("the stream says %q, want %q", got, prefix)
	}
	return got
}

func wantEnd(t *testing.T, s *agenttest.Stream, want connect.Code) {
	t.Helper()
	for {
		got, err := s.Next()
		if err == nil && got != "keepalive" {
			t.Fatalf("the stream says %q, want its end", got)
		}
		if err != nil {
			if code := connect.CodeOf(err); code != want {
				t.Fatalf("the stream ended with %s (%v), want %s", code, err, want)
			}
			return
		}
	}
}

func TestStream(t *testing.T) {
	t.Parallel()
	for name, transport := range map[string]func(agenttest.Server) agenttest.Server{
		"HTTP/1.1": func(s agenttest.Server) agenttest.Server { return s },
		"HTTP/2":   overHTTP2,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.server = transport(w.server)
			a := w.agent()
			s := open(t, a, "")
			wantNext(t, s, "resume")

			b := w.build("steps:\n  - command: one\n")
			id := w.jobs(b)[0].ID
			wantNext(t, s, "job "+id)
			s.Close()
			s = open(t, a, "") // the assigned job is told again, the accepted one is not
			wantNext(t, s, "resume")
			wantNext(t, s, "job "+id)
			j, err := a.Accept(t.Context(), id)
			must(t, err)
			must(t, j.Start(t.Context()))
			s.Close()
			s = open(t, a, "")
			wantNext(t, s, "resume")
			must(t, j.Finish(t.Context(), 0))
			wantNext(t, s, "resume")
			w.wantBuild(b, build.Passed)

			must(t, w.agents.PauseAgent(t.Context(), w.AdminActor(), a.ID, new("so it be"), nil))
			wantNext(t, s, "pause This agent is paused: so it be")
			next := w.build("steps:\n  - command: two\n")
			must(t, w.agents.ResumeAgent(t.Context(), w.AdminActor(), a.ID))
			wantNext(t, s, "resume")
			wantNext(t, s, "job "+w.jobs(next)[0].ID)

			must(t, w.agents.StopAgent(t.Context(), w.AdminActor(), a.ID, false))
			wantNext(t, s, "disconnect")
			must(t, a.Disconnect(t.Context()))
			if _, err := s.Next(); err == nil {
				t.Error("the stream of an agent that left goes on")
			}
		})
	}
}

func TestStreamFirstMessage(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		edit func(*store.Agent)
		want string
	}{
		"idle":       {func(*store.Agent) {}, "resume"},
		"paused":     {func(a *store.Agent) { a.PausedAt = a.ConnectedAt }, "pause"},
		"stopping":   {func(a *store.Agent) { a.State = store.AgentStopping }, "disconnect"},
		"never gets": {func(a *store.Agent) { a.IgnoreInDispatches = true }, "resume"},
	}
	w := newWorld(t)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			row := storetest.Agent(t, w.st, w.Queue, tt.edit)
			a := &agenttest.Agent{Server: w.server, ID: row.ID, Session: row.ID}
			wantNext(t, open(t, a, ""), tt.want)
		})
	}
}

func TestStreamRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	known := w.agent()
	gone := w.agent()
	must(t, gone.Disconnect(t.Context()))
	for name, tt := range map[string]struct {
		agent agenttest.Agent
		want  connect.Code
	}{
		"no session":              {agenttest.Agent{ID: known.ID}, connect.CodeUnauthenticated},
		"unknown session":         {agenttest.Agent{ID: known.ID, Session: "bkaa_no"}, connect.CodeUnauthenticated},
		"session that ended":      {agenttest.Agent{ID: gone.ID, Session: gone.Session}, connect.CodeUnauthenticated},
		"session of somebody":     {agenttest.Agent{ID: store.NewID(), Session: known.Session}, connect.CodePermissionDenied},
		"an agent without its id": {agenttest.Agent{Session: known.Session}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.agent.Server = w.server
			s := open(t, &tt.agent, "")
			if tt.want == 0 {
				wantNext(t, s, "resume")
				return
			}
			wantEnd(t, s, tt.want)
		})
	}
}

// Agents look for the service at the root of the host, and take 404 for a server that has none.
func TestStreamPath(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for path, want := range map[string]int{
		"/agentedge.v1.AgentEdgeService/StreamPings":    http.StatusUnsupportedMediaType,
		"/agentedge.v1.AgentEdgeService/Other":          http.StatusNotFound,
		"/v3/agentedge.v1.AgentEdgeService/StreamPings": http.StatusNotFound,
	} {
		response, err := w.server.HTTP.Post(w.server.URL+path, "text/plain", nil)
		must(t, err)
		_ = response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("%s: status %d, want %d", path, response.StatusCode, want)
		}
	}
}

// Agents accept compressed messages; the short ones that there are come as they are, on held streams (see
// TestStreamOfOtherRequests) and others.
func TestStreamLeavesShortMessagesAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.server = overHTTP2(w.server)
	row := storetest.Agent(t, w.st, w.Queue)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
		w.server.URL+agentedge.AgentEdgeServiceStreamPingsProcedure, bytes.NewReader(make([]byte, 5))) // an empty message
	must(t, err)
	request.Header = http.Header{
		"Authorization": {"Token " + row.ID}, "Content-Type": {"application/grpc+proto"}, "Grpc-Accept-Encoding": {"gzip"}, "Te": {"trailers"},
	}
	response, err := w.server.HTTP.Do(request)
	must(t, err)
	defer response.Body.Close()
	prefix := make([]byte, 5) // a flag that says whether the message is compressed, and its length
	_, err = io.ReadFull(response.Body, prefix)
	must(t, err)
	if prefix[0] != 0 {
		t.Errorf("the first message has flags %d and %d bytes, want it plain", prefix[0], prefix[4])
	}
}

func TestStreamKeepalive(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *agentapi.Config) {
		c.Stream = agentapi.StreamTimes{Keepalive: time.Millisecond, Recycle: 100 * time.Millisecond}
	})
	t.Run("to agents that know it, which keep their stream", func(t *testing.T) {
		t.Parallel()
		s := open(t, w.agent(), "3.138.3")
		wantNext(t, s, "resume")
		for range 200 {
			wantNext(t, s, "keepalive")
		}
	})
	t.Run("not to others, whose stream ends in time", func(t *testing.T) {
		t.Parallel()
		s := open(t, w.agent(), "")
		wantNext(t, s, "resume")
		if got, err := s.Next(); err == nil || connect.CodeOf(err) != connect.CodeDeadlineExceeded {
			t.Errorf("the stream says %q and %v", got, err)
		}
	})
}

// Limits that a server has for calls do not hold for streams.
func TestStreamOutlivesTimeouts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *agentapi.Config) { c.Stream.Keepalive = time.Millisecond })
	a := w.agent()
	limited := httptest.NewUnstartedServer(w.api)
	limited.Config.ReadTimeout, limited.Config.WriteTimeout = 100*time.Millisecond, 100*time.Millisecond
	limited.Start()
	t.Cleanup(func() {
		w.api.Shutdown(context.Background())
		limited.Close()
	})
	a.Server = agenttest.Server{URL: limited.URL, HTTP: limited.Client()}
	stream := open(t, a, "3.138.3")
	wantNext(t, stream, "resume")
	for range 400 { // at least a millisecond each
		wantNext(t, stream, "keepalive")
	}
}

func TestStreamIsSuperseded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.agent()
	for range 10 {
		var streams []*agenttest.Stream
		for range 5 {
			s := open(t, a, "3.138.3")
			wantNext(t, s, "resume")
			streams = append(streams, s)
		}
		last := streams[len(streams)-1]
		b := w.build("steps:\n  - command: one\n")
		id := w.jobs(b)[0].ID
		wantNext(t, last, "job "+id)
		for _, s := range streams[:len(streams)-1] {
			wantEnd(t, s, connect.CodeAborted)
		}
		j, err := a.Accept(t.Context(), id)
		must(t, err)
		must(t, j.Start(t.Context()))
		must(t, j.Finish(t.Context(), 0))
	}
}

func TestShutdownEndsStreams(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.agent()
	s := open(t, a, "3.138.3")
	wantNext(t, s, "resume")
	w.api.Shutdown(t.Context())
	wantEnd(t, s, connect.CodeUnavailable)
	wantEnd(t, open(t, a, ""), connect.CodeUnavailable)
}
