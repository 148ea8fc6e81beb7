package server

import (
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Lot is where connections of HTTP/1.1 wait whose next request is a while off. net/http lets a connection wait with two
// buffers of 4 KiB and a stack that has grown with the requests before; here it waits with a small goroutine. A request
// on a parked connection is served as if the connection were new, so a Lot is a net.Listener that the same http.Server
// has to serve as well; closing it closes what is parked.
type Lot struct {
	idle   time.Duration
	woken  chan net.Conn
	closed chan struct{}

	mu     sync.Mutex
	parked map[net.Conn]struct{} // nil once it is closed
}

var _ net.Listener = (*Lot)(nil)

// NewLot returns an empty lot. Connections are closed that wait for longer than those of NewHTTPServer may.
func NewLot() *Lot { return newLot(idleTimeout) }

func newLot(idle time.Duration) *Lot {
	return &Lot{idle: idle, woken: make(chan net.Conn), closed: make(chan struct{}), parked: map[net.Conn]struct{}{}}
}

// Park sends an answer on its way, which must be whole and have its length in its header, and lets the connection wait
// for the next request. The handler must be done with w and r. What cannot be parked goes on to wait where it is.
func (l *Lot) Park(w http.ResponseWriter, r *http.Request) {
	if r.ProtoMajor != 1 || r.ProtoMinor == 0 || r.Close || r.Header.Get("Expect") != "" ||
		w.Header().Get("Content-Length") == "" || !atEnd(r.Body) {
		return
	}
	control := http.NewResponseController(w)
	if control.Flush() != nil {
		return
	}
	conn, buffered, err := control.Hijack()
	if err != nil {
		return
	}
	c, returned := conn.(*parkedConn)
	if !returned {
		c = &parkedConn{Conn: conn}
	}
	if n := buffered.Reader.Buffered(); n > 0 { // the next request has come with this one
		early, _ := buffered.Reader.Peek(n)
		c.unread = append(slices.Clone(early), c.unread...)
	}
	if !l.enter(c) {
		_ = c.Close()
		return
	}
	go l.wait(c)
}

// atEnd reports whether a body has been read: what is left of it must not be taken for the next request.
func atEnd(body io.Reader) bool {
	n, err := body.Read(make([]byte, 1))
	return n == 0 && errors.Is(err, io.EOF)
}

// wait keeps a connection until there is something to read from it.
func (l *Lot) wait(c *parkedConn) {
	err := c.awaken(l.idle)
	if !l.leave(c) || err != nil {
		_ = c.Close()
		return
	}
	select {
	case l.woken <- c:
	case <-l.closed:
		_ = c.Close()
	}
}

func (l *Lot) enter(c net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.parked == nil {
		return false
	}
	l.parked[c] = struct{}{}
	return true
}

// leave reports whether the lot is still open.
func (l *Lot) leave(c net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.parked, c)
	return l.parked != nil
}

// Accept implements net.Listener: it returns connections that have something to say.
func (l *Lot) Accept() (net.Conn, error) {
	select {
	case c := <-l.woken:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (l *Lot) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.parked == nil {
		return nil
	}
	close(l.closed)
	for c := range l.parked {
		_ = c.Close() // its goroutine wakes up and finds the lot closed
	}
	l.parked = nil
	return nil
}

// Addr implements net.Listener.
func (l *Lot) Addr() net.Addr { return lotAddr{} }

type lotAddr struct{}

func (lotAddr) Network() string { return "lot" }
func (lotAddr) String() string  { return "parked connections" }

// parkedConn is a connection of which something has been read already.
type parkedConn struct {
	net.Conn
	unread []byte
}

// awaken waits for something to read.
func (c *parkedConn) awaken(atMost time.Duration) error {
	if len(c.unread) > 0 {
		return nil
	}
	if err := c.Conn.SetReadDeadline(time.Now().Add(atMost)); err != nil {
		return err
	}
	var first [1]byte
	n, err := c.Conn.Read(first[:])
	if n == 0 {
		return err
	}
	c.unread = append(c.unread[:0], first[0])
	return c.Conn.SetReadDeadline(time.Time{})
}

// Read implements net.Conn.
func (c *parkedConn) Read(p []byte) (int, error) {
	if len(c.unread) == 0 {
		return c.Conn.Read(p)
	}
	n := copy(p, c.unread)
	c.unread = c.unread[n:]
	return n, nil
}
