// Package agentclient is an agent as the server sees one: its calls, its stream, its retries (docs/contract/agent-api.md).
// It runs no job; what a job would have done is up to its user.
package agentclient

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"connectrpc.com/connect"

	"github.com/bridle-ci/bridle/internal/server/agentapi/agentedge"
	"github.com/bridle-ci/bridle/internal/swarm/httpconn"
	"github.com/bridle-ci/bridle/internal/swarm/stats"
)

const (
	// Version is what simulated agents say they are. Servers send keepalives to agents that tell their version on the
	// stream.
	Version = "3.138.3"
	// callTimeout bounds a call, as in the official agent.
	callTimeout = time.Minute
	// maxAnswer is in bytes; a job with the largest environment is well below.
	maxAnswer = 8 << 20

	userAgent = "buildkite-agent/" + Version + ".swarm (linux; amd64)"
)

// Config is what a client needs. All of it must be set.
type Config struct {
	// Server is the server's address; the agent API is at /v3 below its host.
	Server *url.URL
	// Calls carries the calls, Streams the stream. They are the same for HTTP/2; over HTTP/1.1 a stream occupies its
	// connection.
	Calls, Streams httpconn.Doer
	// Errors counts every call that failed, those that are tried again included, by call and kind.
	Errors *stats.Counts
	// Pause waits between attempts; it ends with the context's error when that comes first.
	Pause func(context.Context, time.Duration) error
	// Random returns a number in [0, 1), for the jitter of waits.
	Random func() float64
}

// Client is one agent. Its calls may come from several goroutines once it is registered.
type Client struct {
	Config
	// Agent is what the server said at registration.
	Agent Registered

	edge agentedge.AgentEdgeServiceClient
}

// New returns the client of an agent that is not registered yet.
func New(c Config) *Client {
	root := url.URL{Scheme: c.Server.Scheme, Host: c.Server.Host}
	return &Client{
		Config: c,
		edge:   agentedge.NewAgentEdgeServiceClient(c.Streams, root.String(), connect.WithGRPC()),
	}
}

// StatusError is an answer of the server other than success.
type StatusError struct {
	Status  int
	Message string
}

func (e *StatusError) Error() string {
	if e.Message == "" {
		return fmt.Sprintf("server answered %d", e.Status)
	}
	return fmt.Sprintf("server answered %d: %s", e.Status, e.Message)
}

// errUndecodable is a success whose body is not what the contract says.
type errUndecodable struct{ error }

// request is one call of the API.
type request struct {
	name   string // for errors and their counts
	method string
	path   string // below /v3
	query  string
	token  string
	body   []byte
	gzip   bool // the body is a gzip-compressed chunk of a log, else JSON
}

// once sends a request and decodes its answer into out, unless that is nil. A failure is counted. The end of ctx does not
// tear a call that is under way, which the server might obey after the next one.
func (c *Client) once(ctx context.Context, r request, out any) error {
	err := c.send(context.WithoutCancel(ctx), r, out)
	if err == nil {
		return nil
	}
	if ctx.Err() == nil { // else the run has ended
		c.Errors.Add(r.name + ": " + Kind(err))
	}
	return fmt.Errorf("%s: %w", r.name, err)
}

func (c *Client) send(ctx context.Context, r request, out any) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	res, err := c.Calls.Do(c.httpRequest(ctx, r))
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	switch {
	case err != nil:
		return fmt.Errorf("read answer: %w", err)
	case res.StatusCode < 200 || res.StatusCode > 299:
		return statusError(res.StatusCode, answer)
	case out == nil:
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return errUndecodable{fmt.Errorf("decode answer: %w", err)}
	}
	return nil
}

// httpRequest puts a request together without parsing an address each time.
func (c *Client) httpRequest(ctx context.Context, r request) *http.Request {
	req := &http.Request{
		Method: r.method,
		URL:    &url.URL{Scheme: c.Server.Scheme, Host: c.Server.Host, Path: "/v3" + r.path, RawQuery: r.query},
		Host:   c.Server.Host,
		Proto:  "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Authorization": {"Token " + r.token}, "User-Agent": {userAgent}},
		Body:   http.NoBody,
	}
	if r.body != nil {
		req.ContentLength = int64(len(r.body))
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(r.body)), nil }
		req.Body, _ = req.GetBody()
		req.Header["Content-Type"] = []string{"application/json"}
	}
	if r.gzip {
		req.Header["Content-Type"] = []string{"text/plain"}
		req.Header["Content-Encoding"] = []string{"gzip"}
	}
	return req.WithContext(ctx)
}

func statusError(status int, body []byte) error {
	var said struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(body, &said) != nil {
		said.Message = strings.TrimSpace(string(body[:min(len(body), 200)]))
	}
	return &StatusError{Status: status, Message: said.Message}
}

// encode is JSON as agents send it: one value and a line feed.
func encode(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // the bodies are structs of strings and numbers
	}
	return append(text, '\n')
}
