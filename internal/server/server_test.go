package server

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func named(name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(name)) })
}

func TestNewHandler(t *testing.T) {
	t.Parallel()
	h := NewHandler([]Face{
		{Paths: []string{"/"}, Handler: named("web")},
		{Paths: []string{"/v2/"}, Handler: named("rest")},
		{Paths: []string{"/v1", "/graphql"}, Handler: named("graphql")},
		{Paths: []string{"/v1/uploads"}, Handler: named("uploads")},
	}, nil)
	for path, want := range map[string]string{
		"/":                "web",
		"/acme/app":        "web",
		"/v2":              "rest",
		"/v2/":             "rest",
		"/v2/user":         "rest",
		"//v2/user":        "rest",
		"/v2//user":        "rest",
		"/v21":             "web",
		"/v1":              "graphql",
		"/v1/uploads":      "uploads",
		"/v1/elsewhere":    "web",
		"/graphql":         "graphql",
		"/graphql/console": "web",
		"/healthz":         "ok\n",
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			w := httptest.NewRecorder()
			r := httptest.NewRequest(http.MethodPost, "http://ci.example.com/", nil)
			r.URL.Path = path
			h.ServeHTTP(w, r)
			if got := w.Body.String(); got != want {
				t.Errorf("%s went to %q, want %q", path, got, want)
			}
		})
	}
}

func TestNewHandlerWithoutFace(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	NewHandler(nil, nil).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/v2/user", nil))
	if w.Code != http.StatusNotFound {
		t.Errorf("status %d, want 404", w.Code)
	}
}

func TestReady(t *testing.T) {
	t.Parallel()
	fine := func(context.Context) error { return nil }
	broken := func(context.Context) error { return errors.New("disk is gone") }
	tests := map[string]struct {
		checks []Check
		status int
		body   string
	}{
		"no checks": {nil, 200, `{"ready":true,"failed":[]}`},
		"all well":  {[]Check{{"store", fine}, {"blobs", fine}}, 200, `{"ready":true,"failed":[]}`},
		"one fails": {[]Check{{"store", fine}, {"blobs", broken}}, 503, `{"ready":false,"failed":["blobs"]}`},
		"several, kept in order": {
			[]Check{{"store", broken}, {"bus", fine}, {"blobs", broken}}, 503, `{"ready":false,"failed":["store","blobs"]}`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := httptest.NewRecorder()
			NewHandler(nil, tt.checks).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/readyz", nil))
			if w.Code != tt.status {
				t.Errorf("status %d, want %d", w.Code, tt.status)
			}
			if diff := cmp.Diff(tt.body, w.Body.String()); diff != "" {
				t.Errorf("body differs (-want +got):\n%s", diff)
			}
		})
	}
}

// TestProtocols proves that both protocols work over a plain connection.
func TestProtocols(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := NewHTTPServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte(r.Proto)) }))
	done := make(chan error, 1)
	go func() { done <- s.Serve(listener) }()
	t.Cleanup(func() {
		_ = s.Close()
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("serve: %v", err)
		}
	})
	for name, set := range map[string]func(*http.Protocols){
		"HTTP/1.1": func(p *http.Protocols) { p.SetHTTP1(true) },
		"HTTP/2.0": func(p *http.Protocols) { p.SetUnencryptedHTTP2(true) },
	} {
		t.Run(name, func(t *testing.T) {
			var p http.Protocols
			set(&p)
			transport := &http.Transport{Protocols: &p}
			defer transport.CloseIdleConnections()
			res, err := (&http.Client{Transport: transport}).Get("http://" + listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			if res.Proto != name {
				t.Errorf("spoke %s, want %s", res.Proto, name)
			}
		})
	}
}
