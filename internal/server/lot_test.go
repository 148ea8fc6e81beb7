package server

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"
)

// parking starts a server that parks connections after every request of /park, and answers with the address that the
// client has and the request's body.
func parking(t testing.TB, idle time.Duration) (*Lot, *httptest.Server) {
	t.Helper()
	l := newLot(idle)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body []byte
		if r.URL.Path != "/unread" {
			body, _ = io.ReadAll(r.Body)
		}
		answer := r.RemoteAddr + " " + r.Proto + " " + string(body)
		if r.URL.Path != "/chunked" {
			w.Header().Set("Content-Length", strconv.Itoa(len(answer)))
		}
		_, _ = io.WriteString(w, answer)
		if r.URL.Path != "/stay" {
			l.Park(w, r)
		}
	})
	s := httptest.NewUnstartedServer(nil)
	s.Config = NewHTTPServer(handler)
	s.Start()
	served := make(chan error, 1)
	go func() { served <- s.Config.Serve(l) }()
	t.Cleanup(func() {
		_ = s.Config.Close()
		s.Close()
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("the lot was served until %v", err)
		}
	})
	return l, s
}

func dial(t testing.TB, s *httptest.Server) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn, bufio.NewReader(conn)
}

// ask sends requests at once and returns the body of each answer.
func ask(t testing.TB, conn net.Conn, in *bufio.Reader, requests ...string) []string {
	t.Helper()
	if _, err := io.WriteString(conn, strings.Join(requests, "")); err != nil {
		t.Fatal(err)
	}
	bodies := make([]string, len(requests))
	for i := range requests {
		response, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatalf("answer %d of %d: %v", i+1, len(requests), err)
		}
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		bodies[i] = string(body)
	}
	return bodies
}

func post(path, body string) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", path, len(body), body)
}

func TestLotServesTheNextRequest(t *testing.T) {
	t.Parallel()
	_, s := parking(t, time.Minute)
	conn, in := dial(t, s)
	me := conn.LocalAddr().String()
	for i, path := range []string{"/park", "/park", "/stay", "/stay", "/park", "/stay", "/park"} {
		body := strings.Repeat("x", i)
		if got := ask(t, conn, in, post(path, body))[0]; got != me+" HTTP/1.1 "+body {
			t.Errorf("request %d is answered %q", i, got)
		}
	}
}

func TestLotLosesNoBytes(t *testing.T) {
	t.Parallel()
	_, s := parking(t, time.Minute)
	conn, in := dial(t, s)
	var requests []string
	for i := range 50 {
		path := "/park"
		if i%3 == 0 {
			path = "/stay"
		}
		requests = append(requests, post(path, strings.Repeat(strconv.Itoa(i%10), i*300)))
	}
	for i, got := range ask(t, conn, in, requests...) {
		if want := conn.LocalAddr().String() + " HTTP/1.1 " + strings.Repeat(strconv.Itoa(i%10), i*300); got != want {
			t.Fatalf("answer %d has %d bytes, want %d", i, len(got), len(want))
		}
	}
}

func TestLotLeavesOthersAlone(t *testing.T) {
	t.Parallel()
	_, s := parking(t, time.Minute)
	for name, path := range map[string]string{"an answer of unknown length": "/chunked", "a body that was not read": "/unread"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, in := dial(t, s)
			for range 3 {
				got := ask(t, conn, in, post(path, "GET /stay HTTP/1.1\r\nHost: x\r\n\r\n"))[0]
				if !strings.HasPrefix(got, conn.LocalAddr().String()) {
					t.Errorf("the answer is %q", got)
				}
			}
		})
	}
	for name, request := range map[string]string{
		"a client that wants no more":        "GET /park HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
		"a client that knows no persistence": "GET /park HTTP/1.0\r\nHost: x\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, in := dial(t, s)
			ask(t, conn, in, request)
			if _, err := in.ReadByte(); !errors.Is(err, io.EOF) {
				t.Errorf("the connection is open: %v", err)
			}
		})
	}
	t.Run("HTTP/2", func(t *testing.T) {
		t.Parallel()
		var protocols http.Protocols
		protocols.SetUnencryptedHTTP2(true)
		transport := &http.Transport{Protocols: &protocols}
		defer transport.CloseIdleConnections()
		for range 3 {
			response, err := (&http.Client{Transport: transport}).Post(s.URL+"/park", "text/plain", strings.NewReader("body"))
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(response.Body)
			if _ = response.Body.Close(); err != nil || !strings.HasSuffix(string(body), "HTTP/2.0 body") {
				t.Errorf("answer %q and %v", body, err)
			}
		}
	})
}

func TestLotClosesWhatWaitsTooLong(t *testing.T) {
	t.Parallel()
	_, s := parking(t, 10*time.Millisecond)
	conn, in := dial(t, s)
	ask(t, conn, in, post("/park", ""))
	if _, err := in.ReadByte(); !errors.Is(err, io.EOF) {
		t.Errorf("the connection is open: %v", err)
	}
}

func TestLotIsClosedByShutdown(t *testing.T) {
	t.Parallel()
	l, s := parking(t, time.Minute)
	conn, in := dial(t, s)
	ask(t, conn, in, post("/park", ""))
	if err := s.Config.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := in.ReadByte(); !errors.Is(err, io.EOF) {
		t.Errorf("the connection is open: %v", err)
	}
	here, there := net.Pipe()
	defer there.Close()
	if l.enter(&parkedConn{Conn: here}) {
		t.Error("a closed lot takes connections")
	}
}

// BenchmarkLot measures what a request costs more on a connection that is parked after each.
func BenchmarkLot(b *testing.B) {
	for _, path := range []string{"/stay", "/park"} {
		b.Run(path[1:], func(b *testing.B) {
			_, s := parking(b, time.Minute)
			conn, in := dial(b, s)
			b.ReportAllocs()
			for b.Loop() {
				ask(b, conn, in, post(path, ""))
			}
		})
	}
}
