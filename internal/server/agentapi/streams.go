package agentapi

import (
	"context"
	"errors"
	"net/http"
	"sync"

	"connectrpc.com/connect"

	"github.com/bridle-ci/bridle/internal/core/fault"
)

// Why streams end. Agents open the next one at once after errRecycled; after the others they poll until one is open
// again (docs/contract/agent-api.md, section 7).
var (
	errRecycled   = connect.NewError(connect.CodeDeadlineExceeded, errors.New("open the next stream"))
	errShutdown   = connect.NewError(connect.CodeUnavailable, errors.New("the server is shutting down"))
	errSuperseded = connect.NewError(connect.CodeAborted, errors.New("the agent has opened another stream"))
	errLeft       = connect.NewError(connect.CodeAborted, errors.New("the agent has disconnected"))
)

// streams are the open streams of this node. An agent has one: a second one means that the first is dead, whether or
// not the server has noticed.
type streams struct {
	mu      sync.Mutex
	closed  bool
	byAgent map[string]*openStream
	// open counts those that were entered and not left.
	open sync.WaitGroup
}

type openStream struct{ end context.CancelCauseFunc }

func newStreams() *streams { return &streams{byAgent: map[string]*openStream{}} }

// enter registers an agent's stream; the context ends with a cause when the stream has to. leave must be called.
func (s *streams) enter(ctx context.Context, agentID string) (context.Context, *openStream, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, nil, errShutdown
	}
	if old := s.byAgent[agentID]; old != nil {
		old.end(errSuperseded)
	}
	ctx, end := context.WithCancelCause(ctx)
	own := &openStream{end}
	s.byAgent[agentID] = own
	s.open.Add(1)
	return ctx, own, nil
}

func (s *streams) leave(agentID string, own *openStream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	own.end(nil)
	if s.byAgent[agentID] == own {
		delete(s.byAgent, agentID)
	}
	s.open.Done()
}

// whileCurrent runs fn, which must be short, unless another stream has taken the place of this one: what a stream does
// in its agent's name must not undo what the next one did.
func (s *streams) whileCurrent(agentID string, own *openStream, fn func()) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byAgent[agentID] != own {
		return errSuperseded
	}
	fn()
	return nil
}

// end ends the stream of an agent that said good-bye.
func (s *streams) end(agentID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if open := s.byAgent[agentID]; open != nil {
		open.end(errLeft)
	}
}

// shutdown ends all streams, and waits until they have or ctx ends.
func (s *streams) shutdown(ctx context.Context) {
	s.refuse()
	left := make(chan struct{})
	go func() {
		s.open.Wait()
		close(left)
	}()
	select {
	case <-left:
	case <-ctx.Done():
	}
}

// refuse ends all streams and lets none begin.
func (s *streams) refuse() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for _, open := range s.byAgent {
		open.end(errShutdown)
	}
}

// codeOf is the one table from kinds of errors to the codes of a stream. Unauthenticated and PermissionDenied make an
// agent poll for good, and Unavailable for now.
var codeOf = map[fault.Kind]connect.Code{
	fault.Unauthenticated: connect.CodeUnauthenticated,
	fault.Forbidden:       connect.CodePermissionDenied,
	fault.Unavailable:     connect.CodeUnavailable,
	fault.Limited:         connect.CodeUnavailable,
}

// streamStatus is what a code counts as in metrics.
var streamStatus = map[connect.Code]int{
	connect.CodeDeadlineExceeded: http.StatusOK,
	connect.CodeCanceled:         http.StatusOK,
	connect.CodeAborted:          http.StatusOK,
	connect.CodeUnauthenticated:  http.StatusUnauthorized,
	connect.CodePermissionDenied: http.StatusForbidden,
	connect.CodeUnavailable:      http.StatusServiceUnavailable,
	connect.CodeInternal:         http.StatusInternalServerError,
	// Requests that are none.
	connect.CodeInvalidArgument:   http.StatusBadRequest,
	connect.CodeResourceExhausted: http.StatusRequestEntityTooLarge,
}

// streamError turns an error into one with a code. What is the server's own is logged here, once.
func (a *API) streamError(ctx context.Context, err error) error {
	var coded *connect.Error
	if errors.As(err, &coded) {
		return coded
	}
	if ctx.Err() != nil {
		return connect.NewError(connect.CodeCanceled, ctx.Err())
	}
	var f *fault.Error
	if errors.As(err, &f) {
		if code, known := codeOf[f.Kind]; known {
			return connect.NewError(code, errors.New(f.Message))
		}
	}
	a.Log.ErrorContext(ctx, "stream of pings failed", "error", err)
	return connect.NewError(connect.CodeInternal, errInternal)
}
