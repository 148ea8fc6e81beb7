package agentapi

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/server/agentapi/agentedge"
	"github.com/bridle-ci/bridle/internal/service/agents"
	"github.com/bridle-ci/bridle/internal/service/builds"
	"github.com/bridle-ci/bridle/internal/store"
)

// pingStream is one agent's open stream.
type pingStream struct {
	api   *API
	own   *openStream
	token string
	out   sender
	agent store.Agent
	// versioned agents know keepalives, and keep a stream for as long as it is open.
	versioned bool
	// atMost is how long the agent wants the stream to last; 0 is for as long as it may.
	atMost    time.Duration
	directive agents.Directive
	waiter    builds.Waiter
	changes   <-chan string
	unwatch   func()
}

// sender is the way to the agent.
type sender interface {
	Send(message *agentedge.StreamPingsResponse) error
}

// open admits an agent and prepares its stream, but for the way to it. The context that it returns ends with a cause
// when the stream has to; close must be called.
func (a *API) open(ctx context.Context, header http.Header, in *agentedge.StreamPingsRequest) (context.Context, *pingStream, error) {
	token := agentToken(&http.Request{Header: header})
	who, err := a.Agents.Session(ctx, token)
	if err != nil {
		return nil, nil, err
	}
	if id := in.GetAgentId(); id != "" && !strings.EqualFold(id, who.ID) {
		return nil, nil, fault.New(fault.Forbidden, "This session belongs to another agent")
	}
	ctx, own, err := a.streams.enter(ctx, who.ID)
	if err != nil {
		return nil, nil, err
	}
	s := &pingStream{api: a, own: own, token: strings.Clone(token), versioned: in.GetAgentVersion() != ""}
	s.changes, s.unwatch = a.Agents.Watch(who.ID)
	// The row may have changed between the look at it and the subscription.
	if s.agent, err = a.Agents.Refresh(ctx, token); err != nil {
		s.agent = who
		s.close()
		return nil, nil, err
	}
	return ctx, s, nil
}

// close lets everything go that the stream holds.
func (s *pingStream) close() {
	s.unwatch()
	s.api.streams.leave(s.agent.ID, s.own)
}

// run tells the agent what to do until the stream has to end.
func (s *pingStream) run(ctx context.Context) error {
	defer s.stopWaiting() // before the agent is told of the end, which may take a while
	if err := s.direct(ctx); err != nil {
		return err
	}
	keepalive, end := s.times()
	for {
		var err error
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-end:
			return errRecycled
		case jobID := <-s.jobs():
			err = s.send(jobAssigned(jobID))
		case hint := <-s.changes:
			err = s.changed(ctx, hint)
		case <-keepalive:
			err = s.send(&agentedge.StreamPingsResponse{
				Action: &agentedge.StreamPingsResponse_Keepalive{Keepalive: &agentedge.KeepaliveAction{}},
			})
		}
		if err != nil {
			return err
		}
	}
}

// times returns the ticks of keepalives and the end of the stream; an agent gets one or the other, and an end if it wants
// one. Ends are spread out by a fifth, so that agents which came at once do not go on doing so.
func (s *pingStream) times() (keepalive, end <-chan time.Time) {
	times, atMost := s.api.Stream, s.atMost
	if s.versioned {
		keepalive = time.Tick(times.Keepalive)
	} else {
		recycle := times.Recycle + rand.N(times.Recycle/5+1)
		atMost = min(cmp.Or(atMost, recycle), recycle)
	}
	if atMost > 0 {
		end = time.After(atMost)
	}
	return keepalive, end
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
