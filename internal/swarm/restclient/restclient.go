// Package restclient is the little of REST v2 that a load run needs: pipelines, builds, queues, agents
// (contracts/rest/README.md).
package restclient

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/bridle-ci/bridle/internal/swarm/httpconn"
)

const (
	callTimeout = time.Minute
	// maxAnswer is in bytes: a build of a few thousand jobs.
	maxAnswer = 64 << 20
)

// Client calls REST over one connection, one call at a time.
type Client struct {
	server       *url.URL
	token        string
	organization string
	http         httpconn.Doer
}

// New returns a client of an organization.
func New(server *url.URL, token, organization string) *Client {
	return &Client{server: server, token: token, organization: organization, http: httpconn.New(server)}
}

// Close ends the connection.
func (c *Client) Close() { c.http.Close() }

// StatusError is an answer other than success.
type StatusError struct {
	Method, Path string
	Status       int
	Message      string // with the validation errors, if there are any
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("%s %s answered %d: %s", e.Method, e.Path, e.Status, e.Message)
}

// call sends a request below the organization's path and decodes the answer into out, unless that is nil.
func (c *Client) call(ctx context.Context, method, path string, in, out any) error {
	_, answer, err := c.do(ctx, method, path, in)
	if err != nil || out == nil {
		return err
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("%s %s: decode answer: %w", method, path, err)
	}
	return nil
}

// do returns the length an answer says it has, and its body.
func (c *Client) do(ctx context.Context, method, path string, in any) (length int64, answer []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	req, err := c.request(ctx, method, path, in)
	if err != nil {
		return 0, nil, err
	}
	res, err := c.http.Do(req)
	if err != nil {
		return 0, nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	defer res.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	switch {
	case err != nil:
		return 0, nil, fmt.Errorf("%s %s: read answer: %w", method, path, err)
	case res.StatusCode < 200 || res.StatusCode > 299:
		return 0, nil, statusError(method, path, res.StatusCode, answer)
	}
	return res.ContentLength, answer, nil
}

func (c *Client) request(ctx context.Context, method, path string, in any) (*http.Request, error) {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return nil, fmt.Errorf("encode body of %s %s: %w", method, path, err)
		}
	}
	address := c.server.JoinPath("v2", "organizations", c.organization).String() + path
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, nil
}

func statusError(method, path string, status int, body []byte) error {
	e := &StatusError{Method: method, Path: path, Status: status}
	var said struct {
		Message string          `json:"message"`
		Errors  json.RawMessage `json:"errors"`
	}
	switch {
	case json.Unmarshal(body, &said) != nil:
		e.Message = string(body[:min(len(body), 200)])
	case len(said.Errors) > 0:
		e.Message = fmt.Sprintf("%s %s", said.Message, said.Errors)
	default:
		e.Message = said.Message
	}
	return e
}
