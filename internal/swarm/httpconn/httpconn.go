// Package httpconn is the least HTTP client there is: one connection, one request at a time, no goroutine. Thousands of
// simulated agents share a machine with the server they load, so what a client costs spoils what is measured.
package httpconn

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"
)

// dialTimeout bounds the making of a connection.
const dialTimeout = 30 * time.Second

// Doer sends requests. An answer's body must be closed, as with an http.Client. Redirects are answers.
type Doer interface {
	Do(*http.Request) (*http.Response, error)
	// Close ends the connection; the next request makes a new one.
	Close()
}

// dialer makes connections to one server.
type dialer struct {
	address string
	tls     *tls.Config // nil for cleartext
}

func newDialer(server *url.URL) dialer {
	port := server.Port()
	d := dialer{}
	if server.Scheme == "https" {
		d.tls = &tls.Config{ServerName: server.Hostname(), NextProtos: []string{"http/1.1"}}
	}
	switch {
	case port != "":
	case d.tls != nil:
		port = "443"
	default:
		port = "80"
	}
	d.address = net.JoinHostPort(server.Hostname(), port)
	return d
}

func (d dialer) dial(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	plain, err := (&net.Dialer{}).DialContext(ctx, "tcp", d.address)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", d.address, err)
	}
	if d.tls == nil {
		return plain, nil
	}
	secure := tls.Client(plain, d.tls)
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = plain.Close()
		return nil, fmt.Errorf("connect to %s: %w", d.address, err)
	}
	return secure, nil
}

// NewHTTP2 returns a client of one HTTP/2 connection, which carries any number of requests at a time. Cleartext
// connections are HTTP/2 from the first byte.
func NewHTTP2() Doer {
	protocols := &http.Protocols{}
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	return http2{&http.Transport{Protocols: protocols, DisableCompression: true}}
}

type http2 struct{ transport *http.Transport }

func (c http2) Do(req *http.Request) (*http.Response, error) { return c.transport.RoundTrip(req) }

func (c http2) Close() { c.transport.CloseIdleConnections() }
