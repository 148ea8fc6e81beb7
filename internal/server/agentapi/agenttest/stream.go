package agenttest

import (
	"context"
	"errors"
	"fmt"
	"io"

	"connectrpc.com/connect"

	"github.com/bridle-ci/bridle/internal/server/agentapi/agentedge"
)

// Stream is an agent's open stream of pings.
type Stream struct {
	stream *connect.ServerStreamForClient[agentedge.StreamPingsResponse]
	cancel context.CancelFunc
}

// Stream opens a stream of pings. A version that is not empty is said, as agents do that know keepalives.
func (a *Agent) Stream(ctx context.Context, version string) (*Stream, error) {
	client := agentedge.NewAgentEdgeServiceClient(a.Server.HTTP, a.Server.URL, connect.WithGRPC())
	request := connect.NewRequest(&agentedge.StreamPingsRequest{AgentId: a.ID, AgentVersion: version})
	request.Header().Set("Authorization", "Token "+a.Session)
	ctx, cancel := context.WithCancel(ctx)
	stream, err := client.StreamPings(ctx, request)
	if err != nil {
		cancel()
		return nil, fmt.Errorf("open stream: %w", err)
	}
	return &Stream{stream, cancel}, nil
}

// Next waits for a message and tells it in a word or two: `resume`, `pause <reason>`, `disconnect <reason>`,
// `job <id>`, `keepalive`. A stream that ended well is io.EOF.
func (s *Stream) Next() (string, error) {
	if !s.stream.Receive() {
		return "", errors.Join(s.stream.Err(), ended(s.stream.Err()))
	}
	switch action := s.stream.Msg().GetAction().(type) {
	case *agentedge.StreamPingsResponse_Resume:
		return "resume", nil
	case *agentedge.StreamPingsResponse_Pause:
		return "pause " + action.Pause.GetReason(), nil
	case *agentedge.StreamPingsResponse_Disconnect:
		return "disconnect " + action.Disconnect.GetReason(), nil
	case *agentedge.StreamPingsResponse_JobAssigned:
		return "job " + action.JobAssigned.GetJob().GetId(), nil
	case *agentedge.StreamPingsResponse_Keepalive:
		return "keepalive", nil
	}
	return "", errors.New("a message without a known action")
}

func ended(err error) error {
	if err == nil {
		return io.EOF
	}
	return nil
}

// Close hangs up.
func (s *Stream) Close() {
	s.cancel()
	_ = s.stream.Close() // it is canceled: that is what it says
}
