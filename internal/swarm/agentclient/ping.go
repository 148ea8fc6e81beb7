package agentclient

import (
	"context"
	"errors"
	"net/http"

	"connectrpc.com/connect"

	"github.com/bridle-ci/bridle/internal/server/agentapi/agentedge"
)

// Action is what the server wants of an agent.
type Action string

// The actions of pings and streams. A job comes as Run.
const (
	Idle       Action = "idle"
	Run        Action = "run"
	PauseAgent Action = "pause"
	Leave      Action = "disconnect"
	Keepalive  Action = "keepalive"
)

// Order is one answer to a ping, or one message of a stream.
type Order struct {
	Action Action
	JobID  string // of Run
}

// Ping asks once for something to do (docs/contract/agent-api.md, section 6).
func (c *Client) Ping(ctx context.Context) (Order, error) {
	var answer struct {
		Action string `json:"action"`
		Job    *struct {
			ID string `json:"id"`
		} `json:"job"`
	}
	err := c.once(ctx, request{name: "ping", method: http.MethodGet, path: "/ping", token: c.Agent.AccessToken}, &answer)
	switch {
	case err != nil:
		return Order{}, err
	case answer.Action == string(PauseAgent), answer.Action == string(Leave):
		return Order{Action: Action(answer.Action)}, nil
	case answer.Job != nil && answer.Job.ID != "":
		return Order{Action: Run, JobID: answer.Job.ID}, nil
	}
	return Order{Action: Idle}, nil
}

// errNoJob is a job assignment without a job, which agents take for a broken stream.
var errNoJob = connect.NewError(connect.CodeInternal, errors.New("stream assigned a job without an id"))

// Stream opens the stream of pings and hands every message to obey until the stream ends or obey fails
// (docs/contract/agent-api.md, section 7). It returns how many messages came, and what ended the stream: nil is a clean
// end. Failures other than the context's end are counted.
func (c *Client) Stream(ctx context.Context, obey func(Order) error) (messages int, err error) {
	request := connect.NewRequest(&agentedge.StreamPingsRequest{AgentId: c.Agent.ID, AgentVersion: Version})
	request.Header().Set("Authorization", "Token "+c.Agent.AccessToken)
	stream, err := c.edge.StreamPings(ctx, request)
	if err != nil {
		return 0, c.streamFailed(ctx, err)
	}
	defer stream.Close()
	for stream.Receive() {
		order, err := orderOf(stream.Msg())
		if err != nil {
			return messages, c.streamFailed(ctx, err)
		}
		messages++
		if err := obey(order); err != nil {
			return messages, err
		}
	}
	if err := stream.Err(); err != nil {
		return messages, c.streamFailed(ctx, err)
	}
	return messages, nil
}

func (c *Client) streamFailed(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		c.Errors.Add("stream: " + Kind(err))
	}
	return err
}

func orderOf(message *agentedge.StreamPingsResponse) (Order, error) {
	switch action := message.GetAction().(type) {
	case *agentedge.StreamPingsResponse_JobAssigned:
		id := action.JobAssigned.GetJob().GetId()
		if id == "" {
			return Order{}, errNoJob
		}
		return Order{Action: Run, JobID: id}, nil
	case *agentedge.StreamPingsResponse_Pause:
		return Order{Action: PauseAgent}, nil
	case *agentedge.StreamPingsResponse_Disconnect:
		return Order{Action: Leave}, nil
	case *agentedge.StreamPingsResponse_Keepalive:
		return Order{Action: Keepalive}, nil
	}
	return Order{Action: Idle}, nil
}

// StreamOver reports whether an agent never tries a stream again after this error.
func StreamOver(err error) bool {
	switch connect.CodeOf(err) {
	case connect.CodeUnauthenticated, connect.CodePermissionDenied, connect.CodeUnimplemented:
		return true
	}
	return false
}

// StreamExpired reports an end that agents take for healthy: the stream was open long enough.
func StreamExpired(err error) bool {
	return err == nil || connect.CodeOf(err) == connect.CodeDeadlineExceeded
}
