// Package agenttest is a scripted agent: it speaks the agent API the way the official one does and does what a test tells
// it to. It runs nothing.
package agenttest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Server is the address of a server and how to reach it.
type Server struct {
	// URL is the server's root, without /v3.
	URL  string
	HTTP *http.Client
}

// StatusError is an answer that is no success.
type StatusError struct {
	Status  int
	Message string
	Header  http.Header
}

func (e *StatusError) Error() string { return fmt.Sprintf("status %d: %s", e.Status, e.Message) }

// Status returns the status of an answer that was no success, and 0 for every other error.
func Status(err error) int {
	var e *StatusError
	if errors.As(err, &e) {
		return e.Status
	}
	return 0
}

// Call makes a call with a token: body is sent as JSON unless it is nil, and the answer decoded into out unless that is
// nil. It returns the answer's header.
func (s Server) Call(ctx context.Context, token, method, path string, body, out any) (http.Header, error) {
	var reader io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		reader = bytes.NewReader(append(raw, '\n'))
	}
	request, err := http.NewRequestWithContext(ctx, method, strings.TrimRight(s.URL, "/")+"/v3/"+path, reader)
	if err != nil {
		return nil, err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	return s.do(request, token, out)
}

func (s Server) do(request *http.Request, token string, out any) (http.Header, error) {
	if token != "" {
		request.Header.Set("Authorization", "Token "+token)
	}
	request.Header.Set("User-Agent", "buildkite-agent/3.138.1.x (linux; amd64)")
	response, err := s.HTTP.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if response.StatusCode/100 != 2 {
		var message struct{ Message string }
		if err := json.Unmarshal(raw, &message); err != nil {
			return nil, fmt.Errorf("%s %s: status %d with a body that is no JSON object: %q", request.Method, request.URL.Path, response.StatusCode, raw)
		}
		return response.Header, &StatusError{response.StatusCode, message.Message, response.Header}
	}
	if out == nil {
		return response.Header, nil
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return response.Header, fmt.Errorf("%s %s: decode %q: %w", request.Method, request.URL.Path, raw, err)
	}
	return response.Header, nil
}

// Registration is what an agent says of itself.
type Registration struct {
	Name               string   `json:"name"`
	Hostname           string   `json:"hostname"`
	OS                 string   `json:"os"`
	Arch               string   `json:"arch"`
	ScriptEvalEnabled  bool     `json:"script_eval_enabled"`
	IgnoreInDispatches bool     `json:"ignore_in_dispatches"`
	Priority           string   `json:"priority,omitempty"`
	Version            string   `json:"version"`
	Build              string   `json:"build"`
	Tags               []string `json:"meta_data"`
	PID                int      `json:"pid,omitempty"`
	MachineID          string   `json:"machine_id,omitempty"`
	Features           []string `json:"features"`
}

// Agent is a registered agent.
type Agent struct {
	Server            Server   `json:"-"`
	ID                string   `json:"id"`
	Name              string   `json:"name"`
	Session           string   `json:"access_token"`
	Endpoint          string   `json:"endpoint"`
	PingInterval      int      `json:"ping_interval"`
	JobStatusInterval int      `json:"job_status_interval"`
	HeartbeatInterval int      `json:"heartbeat_interval"`
	Tags              []string `json:"meta_data"`
}

// Register registers an agent with an agent token.
func (s Server) Register(ctx context.Context, agentToken string, r Registration) (*Agent, error) {
	a := &Agent{Server: s}
	if _, err := s.Call(ctx, agentToken, http.MethodPost, "register", r, a); err != nil {
		return nil, fmt.Errorf("register: %w", err)
	}
	return a, nil
}

// Start registers an agent and connects it.
func (s Server) Start(ctx context.Context, agentToken string, r Registration) (*Agent, error) {
	a, err := s.Register(ctx, agentToken, r)
	if err != nil {
		return nil, err
	}
	return a, a.Connect(ctx)
}

func (a *Agent) call(ctx context.Context, method, path string, body, out any) error {
	if _, err := a.Server.Call(ctx, a.Session, method, path, body, out); err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	return nil
}

// Connect says that the agent is ready.
func (a *Agent) Connect(ctx context.Context) error {
	return a.call(ctx, http.MethodPost, "connect", nil, nil)
}

// Disconnect says good-bye.
func (a *Agent) Disconnect(ctx context.Context) error {
	return a.call(ctx, http.MethodPost, "disconnect", nil, nil)
}

// Heartbeat is a sign of life.
func (a *Agent) Heartbeat(ctx context.Context) error {
	var out struct {
		ReceivedAt string `json:"received_at"`
	}
	return a.call(ctx, http.MethodPost, "heartbeat", map[string]string{"sent_at": "2026-08-03T09:30:00.5+02:00"}, &out)
}

// Stop reports that the agent is going to leave.
func (a *Agent) Stop(ctx context.Context) error {
	return a.call(ctx, http.MethodPost, "stop", struct{}{}, nil)
}

// Ping is an answer to what there is to do.
type Ping struct {
	Action  string   `json:"action"`
	Message string   `json:"message"`
	Job     *JobBody `json:"job"`
}

// Ping asks what there is to do.
func (a *Agent) Ping(ctx context.Context) (Ping, error) {
	var out Ping
	err := a.call(ctx, http.MethodGet, "ping", nil, &out)
	return out, err
}

// Accept takes a job that was assigned to the agent.
func (a *Agent) Accept(ctx context.Context, jobID string) (*Job, error) {
	return a.take(ctx, jobID, "accept")
}

// Acquire takes a job by its id.
func (a *Agent) Acquire(ctx context.Context, jobID string) (*Job, error) {
	return a.take(ctx, jobID, "acquire")
}

func (a *Agent) take(ctx context.Context, jobID, how string) (*Job, error) {
	j := &Job{server: a.Server}
	if err := a.call(ctx, http.MethodPut, "jobs/"+escape(jobID)+"/"+how, nil, &j.JobBody); err != nil {
		return nil, err
	}
	return j, nil
}

// Next pings once, and accepts and starts the job that is offered; nil when there is none.
func (a *Agent) Next(ctx context.Context) (*Job, error) {
	ping, err := a.Ping(ctx)
	if err != nil || ping.Job == nil {
		return nil, err
	}
	j, err := a.Accept(ctx, ping.Job.ID)
	if err != nil {
		return nil, err
	}
	return j, j.Start(ctx)
}
