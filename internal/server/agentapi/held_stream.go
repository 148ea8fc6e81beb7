package agentapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"connectrpc.com/connect"

	"github.com/bridle-ci/bridle/internal/server/agentapi/agentedge"
)

// heldWriteTimeout is how long a message may take to leave. An agent that reads none is as good as gone.
const heldWriteTimeout = 10 * time.Second

var errHungUp = connect.NewError(connect.CodeCanceled, errors.New("the agent has hung up"))

// holdable reports whether a request is what agents send over HTTP/1.1: plain gRPC.
func holdable(r *http.Request) bool {
	if r.Method != http.MethodPost || r.ProtoMajor != 1 || r.ProtoMinor == 0 {
		return false
	}
	switch r.Header.Get("Content-Type") {
	case "application/grpc", "application/grpc+proto":
	default:
		return false
	}
	encoding := r.Header.Get("Grpc-Encoding")
	_, known := grpcTimeout(r.Header.Get("Grpc-Timeout"))
	return known && (encoding == "" || encoding == "identity")
}

// holdStream serves a stream that is waiting for nearly all of its life, and there are thousands of them. So the
// connection is taken from net/http, whose buffers, request and goroutines would wait with it: they take several times
// what the stream does. It is closed when the stream has ended.
func (a *API) holdStream(w http.ResponseWriter, r *http.Request) {
	began := a.Now()
	// Not the request's context: that one ends with this function.
	ctx := context.Background()
	ctx, s, err := a.openHeld(ctx, w, r)
	if err != nil {
		refuseStream(w, r, a.streamEnded(r.Context(), began, err))
		return
	}
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		s.close()
		refuseStream(w, r, a.streamEnded(r.Context(), began, fmt.Errorf("take connection: %w", err)))
		return
	}
	if buffered.Reader.Buffered() > 0 { // nothing may follow the request
		s.own.end(errHungUp)
	}
	out := &heldStream{conn: conn, contentType: contentType(r)}
	s.out = out
	go out.watch(s.own)
	go a.hold(ctx, s, out, began)
}

// openHeld reads the request, and opens the stream it asks for.
func (a *API) openHeld(ctx context.Context, w http.ResponseWriter, r *http.Request) (context.Context, *pingStream, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, grpcPrefix+maxStreamRequest))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return nil, nil, connect.NewError(connect.CodeResourceExhausted, fmt.Errorf("the request is larger than %d bytes", maxStreamRequest))
	}
	if err != nil {
		return nil, nil, errHungUp
	}
	in := &agentedge.StreamPingsRequest{}
	if err := readEnvelope(body, in); err != nil {
		return nil, nil, connect.NewError(connect.CodeInvalidArgument, err)
	}
	ctx, s, err := a.open(ctx, r.Header, in)
	if err != nil {
		return nil, nil, err
	}
	s.atMost, _ = grpcTimeout(r.Header.Get("Grpc-Timeout"))
	return ctx, s, nil
}

// contentType is that of the request, as a text that does not keep the request in memory.
func contentType(r *http.Request) string {
	if r.Header.Get("Content-Type") == "application/grpc" {
		return "application/grpc"
	}
	return "application/grpc+proto"
}

// refuseStream answers a request whose stream did not come to be.
func refuseStream(w http.ResponseWriter, r *http.Request, err error) {
	w.Header().Set("Content-Type", contentType(r))
	w.WriteHeader(http.StatusOK)
	code, message := grpcStatus(err)
	w.Header().Set(http.TrailerPrefix+grpcStatusKey, code)
	w.Header().Set(http.TrailerPrefix+grpcMessageKey, message)
	_ = http.NewResponseController(w).Flush() // a client that went away is nobody's error
}

// hold is the life of a stream from its first message on.
func (a *API) hold(ctx context.Context, s *pingStream, out *heldStream, began time.Time) {
	defer s.close() // last, so that nobody ends the process before the agent has heard of the end
	defer out.conn.Close()
	out.end(a.streamEnded(ctx, began, a.runHeld(ctx, s)))
}

func (a *API) runHeld(ctx context.Context, s *pingStream) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = a.streamPanicked(ctx, p)
		}
	}()
	return s.run(ctx)
}

// heldStream is a gRPC answer on a connection of HTTP/1.1 that is ours alone.
type heldStream struct {
	conn        net.Conn
	contentType string
	begun       bool
}

// watch waits for the agent to hang up. It has nothing more to say, so whatever it says counts as that.
func (h *heldStream) watch(own *openStream) {
	var one [1]byte
	_, _ = h.conn.Read(one[:])
	own.end(errHungUp)
}

// Send implements sender.
func (h *heldStream) Send(message *agentedge.StreamPingsResponse) error {
	envelope, err := appendEnvelope(make([]byte, 0, 64), message)
	if err != nil {
		return err
	}
	return h.write(fmt.Appendf(h.head(), "%x\r\n%s\r\n", len(envelope), envelope))
}

// end says how the stream ended: nil is well.
func (h *heldStream) end(err error) {
	code, message := grpcStatus(err)
	text := fmt.Appendf(h.head(), "0\r\n%s: %s\r\n", grpcStatusKey, code)
	if message != "" {
		text = fmt.Appendf(text, "%s: %s\r\n", grpcMessageKey, message)
	}
	_ = h.write(append(text, "\r\n"...)) // who has hung up need not be told
}

// head is what comes before the first message.
func (h *heldStream) head() []byte {
	if h.begun {
		return nil
	}
	h.begun = true
	return fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nDate: %s\r\nTrailer: %s, %s\r\n"+
		"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
		h.contentType, time.Now().UTC().Format(http.TimeFormat), grpcStatusKey, grpcMessageKey)
}

func (h *heldStream) write(text []byte) error {
	if err := h.conn.SetWriteDeadline(time.Now().Add(heldWriteTimeout)); err != nil {
		return err
	}
	_, err := h.conn.Write(text)
	return err
}
