package agentapi_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/go-cmp/cmp"

	"github.com/bridle-ci/bridle/internal/server/agentapi"
	"github.com/bridle-ci/bridle/internal/server/agentapi/agentedge"
	"github.com/bridle-ci/bridle/internal/server/agentapi/agenttest"
)

const streamPath = agentedge.AgentEdgeServiceStreamPingsProcedure

// noMessage is a message without fields in its envelope: an agent that says neither its id nor its version.
const noMessage = "\x00\x00\x00\x00\x00"

// ends returns what an API says of streams that have ended, and a setting for it.
func ends() (statuses <-chan int, observe func(*agentapi.Config)) {
	ended := make(chan int, 100)
	return ended, func(c *agentapi.Config) {
		c.Observe = func(route string, status int, _ time.Duration) {
			if route == streamPath {
				ended <- status
			}
		}
	}
}

// askForStream sends a request for a stream, as an agent does over HTTP/1.1 but for what edit changes.
func askForStream(t *testing.T, w *world, a *agenttest.Agent, body string, edit func(http.Header)) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.server.URL+streamPath, strings.NewReader(body))
	must(t, err)
	r.Header.Set("Content-Type", "application/grpc")
	r.Header.Set("Authorization", "Token "+a.Session)
	edit(r.Header)
	response, err := w.server.HTTP.Do(r)
	must(t, err)
	t.Cleanup(func() { _ = response.Body.Close() })
	return response
}

func TestHeldStreamBytes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.agent()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(w.server.URL, "http://"))
	must(t, err)
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/grpc\r\nAuthorization: Token %s\r\n"+
		"Content-Length: %d\r\n\r\n%s", streamPath, a.Session, len(noMessage), noMessage)
	must(t, err)
	const resume = "7\r\n\x00\x00\x00\x00\x02\x12\x00\r\n"
	got := make([]byte, 0, 1<<10)
	for !bytes.HasSuffix(got, []byte(resume)) {
		n, err := conn.Read(got[len(got):cap(got)])
		got = got[:len(got)+n]
		if err != nil {
			t.Fatalf("after %q: %v", got, err)
		}
	}
	w.api.Shutdown(t.Context())
	rest, err := io.ReadAll(conn)
	must(t, err)
	text := regexp.MustCompile(`(?m)^Date: .* GMT\r$`).ReplaceAllString(string(got)+string(rest), "Date: today\r")
	want := "HTTP/1.1 200 OK\r\nContent-Type: application/grpc\r\nDate: today\r\nTrailer: Grpc-Status, Grpc-Message\r\n" +
		"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n" + resume +
		"0\r\nGrpc-Status: 14\r\nGrpc-Message: the server is shutting down\r\n\r\n"
	if diff := cmp.Diff(want, text); diff != "" {
		t.Errorf("the stream's bytes (-want +got):\n%s", diff)
	}
}

func TestHeldStreamRefusesWhatIsNoRequest(t *testing.T) {
	t.Parallel()
	ended, observe := ends()
	w := newWorld(t, observe)
	a := w.agent()
	for name, tt := range map[string]struct {
		body   string
		want   string
		status int
	}{
		"no body":              {"", "3", http.StatusBadRequest},
		"half a prefix":        {"\x00\x00", "3", http.StatusBadRequest},
		"half a message":       {"\x00\x00\x00\x00\x09\x0a", "3", http.StatusBadRequest},
		"two messages":         {noMessage + noMessage, "3", http.StatusBadRequest},
		"a compressed message": {"\x01\x00\x00\x00\x00", "3", http.StatusBadRequest},
		"no protobuf":          {"\x00\x00\x00\x00\x01\x0a", "3", http.StatusBadRequest},
		"too much": {
			"\x00\x00\x02\x00\x00" + strings.Repeat("x", 128<<10), "8", http.StatusRequestEntityTooLarge,
		},
	} {
		t.Run(name, func(t *testing.T) { // one by one, for what is observed
			response := askForStream(t, w, a, tt.body, func(http.Header) {})
			body, err := io.ReadAll(response.Body)
			must(t, err)
			if len(body) != 0 || response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != "application/grpc" {
				t.Errorf("status %d with %q, header %v", response.StatusCode, body, response.Header)
			}
			if got := response.Trailer.Get("Grpc-Status"); got != tt.want || response.Trailer.Get("Grpc-Message") == "" {
				t.Errorf("trailer %v, want status %s and a message", response.Trailer, tt.want)
			}
			if got := <-ended; got != tt.status {
				t.Errorf("observed as %d, want %d", got, tt.status)
			}
		})
	}
}

// Requests that are served by connect have to be served as well.
func TestStreamOfOtherRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, edit := range map[string]func(http.Header){
		"what agents send":             func(http.Header) {},
		"with the codec's name":        func(h http.Header) { h.Set("Content-Type", "application/grpc+proto") },
		"with a timeout":               func(h http.Header) { h.Set("Grpc-Timeout", "1H") },
		"without compression":          func(h http.Header) { h.Set("Grpc-Encoding", "identity") },
		"compressed, but this one not": func(h http.Header) { h.Set("Grpc-Encoding", "gzip") },
		"for the web":                  func(h http.Header) { h.Set("Content-Type", "application/grpc-web+proto") },
		"without end":                  func(h http.Header) { h.Set("Grpc-Timeout", "99999999H") },
		"that accept compression":      func(h http.Header) { h.Set("Grpc-Accept-Encoding", "gzip") },
		"with a token in any case": func(h http.Header) {
			h.Set("Authorization", strings.ToLower(h.Get("Authorization")[:5])+h.Get("Authorization")[5:])
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			response := askForStream(t, w, w.agent(), noMessage, edit)
			first := make([]byte, 7)
			if _, err := io.ReadFull(response.Body, first); err != nil || string(first) != "\x00\x00\x00\x00\x02\x12\x00" {
				t.Errorf("status %d, trailer %v, %q and %v, want a resume", response.StatusCode, response.Trailer, first, err)
			}
		})
	}
}

func TestHeldStreamEndsWhenTheAgentWantsIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	response := askForStream(t, w, w.agent(), "\x00\x00\x00\x00\x03\x12\x01x", func(h http.Header) { h.Set("Grpc-Timeout", "50m") })
	_, err := io.ReadAll(response.Body)
	must(t, err)
	if got := response.Trailer.Get("Grpc-Status"); got != "4" {
		t.Errorf("trailer %v, want status 4", response.Trailer)
	}
}

// An agent that has hung up is given no more jobs.
func TestHeldStreamEndsWithTheConnection(t *testing.T) {
	t.Parallel()
	ended, observe := ends()
	w := newWorld(t, observe)
	gone, other := w.agent(), w.agent()
	s := open(t, gone, "3.138.3")
	wantNext(t, s, "resume")
	s.Close()
	if got := <-ended; got != http.StatusOK {
		t.Errorf("observed as %d", got)
	}
	id := w.jobs(w.build("steps:\n  - command: one\n"))[0].ID
	s = open(t, other, "3.138.3")
	wantNext(t, s, "resume")
	wantNext(t, s, "job "+id)
}

// The process may end when Shutdown returns, so agents have been told by then.
func TestShutdownWaitsForHeldStreams(t *testing.T) {
	t.Parallel()
	ended, observe := ends()
	w := newWorld(t, observe)
	var streams []*agenttest.Stream
	for range 20 {
		s := open(t, w.agent(), "3.138.3")
		wantNext(t, s, "resume")
		streams = append(streams, s)
	}
	w.api.Shutdown(t.Context())
	if len(ended) != len(streams) {
		t.Errorf("%d of %d streams had ended", len(ended), len(streams))
	}
	for _, s := range streams {
		wantEnd(t, s, connect.CodeUnavailable)
	}
}
