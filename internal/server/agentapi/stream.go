package agentapi

import (
	"context"
	"net/http"
	"runtime/debug"
	"time"

	"connectrpc.com/connect"

	"github.com/bridle-ci/bridle/internal/server/agentapi/agentedge"
)

const (
	// maxStreamRequest is in bytes.
	maxStreamRequest = 64 << 10
	// minCompressed is the size in bytes from which a message is compressed. Nearly all are smaller than what compressing
	// them would add, and it costs more than anything else that a message takes.
	minCompressed = 1 << 10
)

// StreamTimes are when streams of pings show that they are alive, or end.
type StreamTimes struct {
	// Keepalive is how often an open stream carries something, so that nothing on the way thinks it dead. Only agents
	// that say their version get it: others take it for a resume.
	Keepalive time.Duration
	// Recycle is about when the stream of an agent that does not say its version ends. Those give up after a minute, so
	// it has to be less; they take the error that it ends with for a reason to open the next one, and not to poll.
	Recycle time.Duration
}

// DefaultStreamTimes suit every agent and most proxies.
var DefaultStreamTimes = StreamTimes{Keepalive: 20 * time.Second, Recycle: 45 * time.Second}

// streamHandler serves agentedge.v1.AgentEdgeService: gRPC, over HTTP/1.1 with trailers or HTTP/2 with or without TLS.
// What agents send over HTTP/1.1 is served by holdStream, for less memory, and all else by connect.
func (a *API) streamHandler() http.Handler {
	_, handler := agentedge.NewAgentEdgeServiceHandler(pingStreams{a},
		connect.WithReadMaxBytes(maxStreamRequest),
		connect.WithCompressMinBytes(minCompressed),
		connect.WithRecover(func(ctx context.Context, _ connect.Spec, _ http.Header, p any) error {
			return a.streamPanicked(ctx, p)
		}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		// A stream lasts as long as it lasts, whatever limits the server has for calls. Not every writer has deadlines.
		_ = control.SetReadDeadline(time.Time{})
		_ = control.SetWriteDeadline(time.Time{})
		if holdable(r) {
			a.holdStream(w, r)
			return
		}
		handler.ServeHTTP(w, r)
	})
}

// pingStreams implements agentedge.AgentEdgeServiceHandler.
type pingStreams struct{ api *API }

// StreamPings implements agentedge.AgentEdgeServiceHandler.
func (p pingStreams) StreamPings(ctx context.Context, request *connect.Request[agentedge.StreamPingsRequest], out *connect.ServerStream[agentedge.StreamPingsResponse]) error {
	began := p.api.Now()
	return p.api.streamEnded(ctx, began, p.api.streamPings(ctx, request, out))
}

func (a *API) streamPings(ctx context.Context, request *connect.Request[agentedge.StreamPingsRequest], out *connect.ServerStream[agentedge.StreamPingsResponse]) error {
	ctx, s, err := a.open(ctx, request.Header(), request.Msg)
	if err != nil {
		return err
	}
	defer s.close()
	s.out = out
	return s.run(ctx)
}

// streamEnded counts a stream, and returns its error with a code.
func (a *API) streamEnded(ctx context.Context, began time.Time, err error) error {
	status := http.StatusOK
	if err != nil {
		err = a.streamError(ctx, err)
		status = streamStatus[connect.CodeOf(err)]
	}
	if a.Observe != nil {
		a.Observe(agentedge.AgentEdgeServiceStreamPingsProcedure, status, a.Now().Sub(began))
	}
	return err
}

func (a *API) streamPanicked(ctx context.Context, p any) error {
	a.Log.ErrorContext(ctx, "stream panicked", "panic", p, "stack", string(debug.Stack()))
	return connect.NewError(connect.CodeInternal, errInternal)
}
