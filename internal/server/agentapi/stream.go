package agentapi

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"connectrpc.com/connect"

	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/server/agentapi/agentedge"
	"github.com/bridle-ci/bridle/internal/service/agents"
	"github.com/bridle-ci/bridle/internal/service/builds"
	"github.com/bridle-ci/bridle/internal/store"
)

// maxStreamRequest is in bytes.
const maxStreamRequest = 64 << 10

// minCompressed is the size in bytes from which a message is compressed. Nearly all are smaller than what compressing them
// would add, and it costs more than anything else that a message takes.
const minCompressed = 1 << 10

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
func (a *API) streamHandler() http.Handler {
	_, handler := agentedge.NewAgentEdgeServiceHandler(pingStreams{a},
		connect.WithReadMaxBytes(maxStreamRequest),
		connect.WithCompressMinBytes(minCompressed),
		connect.WithRecover(func(ctx context.Context, _ connect.Spec, _ http.Header, p any) error {
			a.Log.ErrorContext(ctx, "stream panicked", "panic", p)
			return connect.NewError(connect.CodeInternal, errInternal)
		}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		// A stream lasts as long as it lasts, whatever limits the server has for calls. Not every writer has deadlines.
		_ = control.SetReadDeadline(time.Time{})
		_ = control.SetWriteDeadline(time.Time{})
		handler.ServeHTTP(w, r)
	})
}

// pingStreams implements agentedge.AgentEdgeServiceHandler.
type pingStreams struct{ api *API }

// StreamPings implements agentedge.AgentEdgeServiceHandler.
func (p pingStreams) StreamPings(ctx context.Context, request *connect.Request[agentedge.StreamPingsRequest], out *connect.ServerStream[agentedge.StreamPingsResponse]) error {
	a := p.api
	began := a.Now()
	err := a.streamPings(ctx, request, out)
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

func (a *API) streamPings(ctx context.Context, request *connect.Request[agentedge.StreamPingsRequest], out *connect.ServerStream[agentedge.StreamPingsResponse]) error {
	token := agentToken(&http.Request{Header: request.Header()})
	who, err := a.Agents.Session(ctx, token)
	if err != nil {
		return err
	}
	if id := request.Msg.GetAgentId(); id != "" && !strings.EqualFold(id, who.ID) {
		return fault.New(fault.Forbidden, "This session belongs to another agent")
	}
	ctx, own, err := a.streams.enter(ctx, who.ID)
	if err != nil {
		return err
	}
	defer a.streams.leave(who.ID, own)
	changes, unwatch := a.Agents.Watch(who.ID)
	defer unwatch()
	// The row may have changed between the look at it and the subscription.
	if who, err = a.Agents.Refresh(ctx, token); err != nil {
		return err
	}
	s := &pingStream{api: a, own: own, token: token, out: out, agent: who, versioned: request.Msg.GetAgentVersion() != ""}
	defer s.stopWaiting()
	return s.run(ctx, changes)
}

// pingStream is one agent's open stream.
type pingStream struct {
	api   *API
	own   *openStream
	token string
	out   *connect.ServerStream[agentedge.StreamPingsResponse]
	agent store.Agent
	// versioned agents know keepalives, and keep a stream for as long as it is open.
	versioned bool
	directive agents.Directive
	waiter    builds.Waiter
}

func (s *pingStream) run(ctx context.Context, changes <-chan string) error {
	if err := s.direct(ctx); err != nil {
		return err
	}
	keepalive, recycle := s.timers()
	defer keepalive.Stop()
	defer recycle.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-recycle.C:
			return errRecycled
		case jobID := <-s.jobs():
			err = s.send(jobAssigned(jobID))
		case hint := <-changes:
			err = s.changed(ctx, hint)
		case <-keepalive.C:
			err = s.send(&agentedge.StreamPingsResponse{
				Action: &agentedge.StreamPingsResponse_Keepalive{Keepalive: &agentedge.KeepaliveAction{}},
			})
		}
		if err != nil {
			return err
		}
	}
}

// timers returns the ticks of keepalives and the end of the stream; an agent gets one or the other. Ends are spread out
// by a fifth, so that agents which came at once do not go on doing so.
func (s *pingStream) timers() (keepalive *time.Ticker, recycle *time.Timer) {
	times := s.api.Stream
	keepalive = time.NewTicker(times.Keepalive)
	recycle = time.NewTimer(times.Recycle + rand.N(times.Recycle/5+1))
	if s.versioned {
		recycle.Stop()
	} else {
		keepalive.Stop()
	}
	return keepalive, recycle
}

// changed looks at the agent's row again, unless the hint says all. An agent that has ended a job is told what to do next
// even if that is what it was told before: some wait for it in order to leave.
func (s *pingStream) changed(ctx context.Context, hint string) error {
	if at, finished := agents.FinishedAt(hint); finished {
		s.agent.LastJobFinishedAt = &at
		return s.direct(ctx)
	}
	before := s.agent
	now, err := s.api.Agents.Refresh(ctx, s.token)
	if err != nil {
		return err
	}
	s.agent = now
	if agents.DirectiveFor(now) == s.directive && equalTimes(before.LastJobFinishedAt, now.LastJobFinishedAt) {
		return nil
	}
	return s.direct(ctx)
}

func equalTimes(a, b *time.Time) bool {
	return a == b || a != nil && b != nil && a.Equal(*b)
}

// direct tells the agent what its row says, and waits for jobs in its name while it may have any.
func (s *pingStream) direct(ctx context.Context) error {
	s.directive = agents.DirectiveFor(s.agent)
	if s.directive != agents.Work {
		s.stopWaiting()
	}
	if err := s.send(directiveMessage(s.directive, s.agent)); err != nil {
		return err
	}
	if s.directive != agents.Work || s.waiter != nil {
		return nil
	}
	return s.api.streams.whileCurrent(s.agent.ID, s.own, func() { s.waiter = s.api.Jobs.Wait(ctx, s.agent) })
}

func (s *pingStream) stopWaiting() {
	if s.waiter != nil {
		s.waiter.Close()
		s.waiter = nil
	}
}

func (s *pingStream) jobs() <-chan string {
	if s.waiter == nil {
		return nil
	}
	return s.waiter.Jobs()
}

func (s *pingStream) send(message *agentedge.StreamPingsResponse) error {
	if err := s.out.Send(message); err != nil {
		return fmt.Errorf("send to agent %s: %w", s.agent.ID, err)
	}
	return nil
}

func directiveMessage(d agents.Directive, a store.Agent) *agentedge.StreamPingsResponse {
	switch d {
	case agents.Disconnect:
		return &agentedge.StreamPingsResponse{Action: &agentedge.StreamPingsResponse_Disconnect{
			Disconnect: &agentedge.DisconnectAction{Reason: stoppedMessage},
		}}
	case agents.Pause:
		return &agentedge.StreamPingsResponse{Action: &agentedge.StreamPingsResponse_Pause{
			Pause: &agentedge.PauseAction{Reason: pausedMessage(a)},
		}}
	}
	return &agentedge.StreamPingsResponse{
		Action: &agentedge.StreamPingsResponse_Resume{Resume: &agentedge.ResumeAction{}},
	}
}

func jobAssigned(id string) *agentedge.StreamPingsResponse {
	return &agentedge.StreamPingsResponse{Action: &agentedge.StreamPingsResponse_JobAssigned{
		JobAssigned: &agentedge.JobAssignedAction{Job: &agentedge.Job{Id: id}},
	}}
}
