package httpconn_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/bridle-ci/bridle/internal/swarm/httpconn"
)

// serve starts a server of a handler; opened counts its connections.
func serve(t *testing.T, handler http.HandlerFunc) (server *httptest.Server, opened *atomic.Int32) {
	t.Helper()
	opened = &atomic.Int32{}
	server = httptest.NewUnstartedServer(handler)
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	return server, opened
}

func connect(t *testing.T, server *httptest.Server) *httpconn.Conn {
	t.Helper()
	address, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	c := httpconn.New(address)
	t.Cleanup(c.Close)
	return c
}

func post(t *testing.T, c httpconn.Doer, address, body string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	res, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func echo(w http.ResponseWriter, r *http.Request) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	_, _ = w.Write(text)
}

func TestOneConnectionForAllRequests(t *testing.T) {
	t.Parallel()
	server, opened := serve(t, echo)
	c := connect(t, server)
	for i := range 10 {
		want := strings.Repeat(fmt.Sprint(i), 5000*i)
		if got := post(t, c, server.URL, want); got != want {
			t.Fatalf("request %d came back with %d bytes, want %d", i, len(got), len(want))
		}
	}
	if n := opened.Load(); n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
}

func TestRequestGoesAgainWhenAnIdleConnectionWasClosed(t *testing.T) {
	t.Parallel()
	server, opened := serve(t, echo)
	c := connect(t, server)
	post(t, c, server.URL, "one")
	server.CloseClientConnections()
	if got := post(t, c, server.URL, "two"); got != "two" {
		t.Errorf("got %q, want %q", got, "two")
	}
	if n := opened.Load(); n != 2 {
		t.Errorf("%d connections, want 2", n)
	}
}

func TestTrailersAfterAStream(t *testing.T) {
	t.Parallel()
	server, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Trailer", "Grpc-Status")
		_, _ = io.WriteString(w, "first")
		_ = http.NewResponseController(w).Flush()
		_, _ = io.WriteString(w, "second")
		w.Header().Set("Grpc-Status", "4")
	})
	c := connect(t, server)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	res, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || string(text) != "firstsecond" || res.Trailer.Get("Grpc-Status") != "4" {
		t.Errorf("got %q with trailers %v, %v", text, res.Trailer, err)
	}
}

func TestCanceledContextEndsAStream(t *testing.T) {
	t.Parallel()
	server, opened := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "x")
		_ = http.NewResponseController(w).Flush()
		if r.URL.Path == "/stream" {
			<-r.Context().Done()
		}
	})
	c := connect(t, server)
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/stream", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	res, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(res.Body, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := res.Body.Read(make([]byte, 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("read after cancel: %v, want %v", err, context.Canceled)
	}
	_ = res.Body.Close()
	if got := post(t, c, server.URL, ""); got != "x" || opened.Load() != 2 {
		t.Errorf("next request got %q over %d connections, want %q over 2", got, opened.Load(), "x")
	}
}

func TestUnreadBodyTakesItsConnectionWithIt(t *testing.T) {
	t.Parallel()
	server, opened := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "unread")
	})
	c := connect(t, server)
	for range 2 {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		res, err := c.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
	}
	if n := opened.Load(); n != 2 {
		t.Errorf("%d connections, want 2", n)
	}
}

func TestRefusedConnection(t *testing.T) {
	t.Parallel()
	server, _ := serve(t, echo)
	c := connect(t, server)
	server.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second finds the connection free again
		if res, err := c.Do(req); err == nil {
			_ = res.Body.Close()
			t.Fatal("no error")
		}
	}
}

func TestHTTP2InCleartext(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Proto)
	}))
	server.Config.Protocols = &http.Protocols{}
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	t.Cleanup(server.Close)
	c := httpconn.NewHTTP2()
	t.Cleanup(c.Close)
	if got := post(t, c, server.URL, ""); got != "HTTP/2.0" {
		t.Errorf("answered over %s, want HTTP/2.0", got)
	}
}
