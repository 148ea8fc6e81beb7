package server

import (
	"net/http"
	"strings"
	"time"
)

// How long and how much a connection may take before it has sent a request. There is no limit on a whole request or
// answer: logs, artifacts and streams take as long as they take, and faces limit the bodies they read.
const (
	readHeaderTimeout = 20 * time.Second
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 128 << 10
)

// Face is one of the product's APIs, or its web pages.
type Face struct {
	// Paths are what the face answers. `/v2/` stands for all below it and for `/v2` itself; a path without a trailing
	// slash stands for itself alone. The longest path wins, so that `/` is everything else.
	Paths   []string
	Handler http.Handler
}

// NewHandler returns the handler of everything: the faces by path, and the checks of the process.
//
// It is no http.ServeMux: that one answers an unclean path with a redirect, which turns a client's POST into a GET.
func NewHandler(faces []Face, checks []Check) http.Handler {
	faces = append(faces, Face{Paths: []string{"/healthz"}, Handler: http.HandlerFunc(healthy)},
		Face{Paths: []string{"/readyz"}, Handler: ready(checks)})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if handler := pick(faces, r.URL.Path); handler != nil {
			handler.ServeHTTP(w, r)
			return
		}
		http.NotFound(w, r)
	})
}

func pick(faces []Face, path string) http.Handler {
	path = "/" + strings.TrimLeft(path, "/")
	var (
		best   http.Handler
		length = -1
	)
	for _, f := range faces {
		for _, p := range f.Paths {
			if len(p) > length && covers(p, path) {
				best, length = f.Handler, len(p)
			}
		}
	}
	return best
}

func covers(p, path string) bool {
	if below, isPrefix := strings.CutSuffix(p, "/"); isPrefix {
		return strings.HasPrefix(path, p) || path == below
	}
	return path == p
}

// NewHTTPServer returns a server for a handler. It speaks HTTP/1 and HTTP/2, the latter without TLS too: agents stream
// their pings over it.
func NewHTTPServer(handler http.Handler) *http.Server {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: readHeaderTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		Protocols:         &protocols,
	}
}
