package httpconn

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"
)

// readBuffer is in bytes. Answers' headers are smaller; bodies need no buffer.
const readBuffer = 2 << 10

// Conn is an HTTP/1.1 connection that is made when it is needed. Requests wait for each other: the next one is sent when
// the body of the answer before is closed.
type Conn struct {
	dialer dialer

	mu   sync.Mutex // held from a request until its answer's body is closed
	conn net.Conn   // nil when there is none
	in   *bufio.Reader
}

// New returns a connection to the server of a URL.
func New(server *url.URL) *Conn { return &Conn{dialer: newDialer(server)} }

// errStale is a connection that the server had closed before it saw the request.
var errStale = errors.New("connection was closed while idle")

// Do implements Doer. A request on a connection that turns out to be closed is sent again on a new one, as every HTTP
// client does.
func (c *Conn) Do(req *http.Request) (*http.Response, error) {
	c.mu.Lock()
	reused := c.conn != nil
	res, err := c.roundTrip(req)
	if err != nil && reused && errors.Is(err, errStale) && rewind(req) {
		res, err = c.roundTrip(req)
	}
	if err != nil {
		c.mu.Unlock()
		return nil, err
	}
	return res, nil
}

// rewind makes a request's body ready to be sent again.
func rewind(req *http.Request) bool {
	if req.Body == nil || req.Body == http.NoBody {
		return true
	}
	if req.GetBody == nil {
		return false
	}
	body, err := req.GetBody()
	req.Body = body
	return err == nil
}

// roundTrip sends a request and reads the head of its answer. The connection is dropped after an error.
func (c *Conn) roundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	if err := c.connect(ctx); err != nil {
		return nil, err
	}
	conn := c.conn
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	res, err := c.exchange(req)
	if err != nil {
		stop()
		c.drop()
		return nil, contextError(ctx, err)
	}
	res.Body = &body{ReadCloser: res.Body, conn: c, ctx: ctx, stop: stop, drop: res.Close, end: res.Body == http.NoBody}
	return res, nil
}

func (c *Conn) connect(ctx context.Context) error {
	if c.conn != nil {
		return nil
	}
	conn, err := c.dialer.dial(ctx)
	if err != nil {
		return err
	}
	c.conn = conn
	if c.in == nil {
		c.in = bufio.NewReaderSize(conn, readBuffer)
	} else {
		c.in.Reset(conn)
	}
	return nil
}

// buffers hold whole requests, so that each is a single write.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func (c *Conn) exchange(req *http.Request) (*http.Response, error) {
	buffer := buffers.Get().(*bytes.Buffer)
	buffer.Reset()
	defer buffers.Put(buffer)
	if err := req.Write(buffer); err != nil {
		return nil, fmt.Errorf("write request: %w", err)
	}
	if _, err := c.conn.Write(buffer.Bytes()); err != nil {
		return nil, stale(err)
	}
	if _, err := c.in.Peek(1); err != nil {
		return nil, stale(err)
	}
	for {
		res, err := http.ReadResponse(c.in, req)
		if err != nil {
			return nil, fmt.Errorf("read answer: %w", err)
		}
		if res.StatusCode >= 200 || res.StatusCode == http.StatusSwitchingProtocols {
			return res, nil
		}
	}
}

// stale says of an error before the first byte of an answer that the request may be sent again.
func stale(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	return fmt.Errorf("%w: %w", errStale, err)
}

// contextError is why the connection's deadline was moved, if it was.
func contextError(ctx context.Context, err error) error {
	if cause := ctx.Err(); cause != nil && errors.Is(err, os.ErrDeadlineExceeded) {
		return cause
	}
	return err
}

// drop ends the connection. The caller holds mu.
func (c *Conn) drop() {
	if c.conn != nil {
		_ = c.conn.Close()
		c.conn = nil
	}
}

// Close implements Doer. It waits for a request that is under way.
func (c *Conn) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop()
}

// body is an answer's body, which frees the connection when it is closed.
type body struct {
	io.ReadCloser
	conn *Conn
	ctx  context.Context
	stop func() bool
	// drop: the connection cannot be used again. end: everything was read.
	drop, end bool
	closed    bool
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		b.end = true
	} else if err != nil {
		err = contextError(b.ctx, err)
	}
	return n, err
}

// Close frees the connection. A body that was not read to its end takes the connection with it: it may be a stream.
func (b *body) Close() error {
	if b.closed {
		return nil
	}
	b.closed = true
	if !b.stop() || b.drop || !b.end {
		b.conn.drop()
	}
	b.conn.mu.Unlock()
	return nil
}
