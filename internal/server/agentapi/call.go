package agentapi

import (
	"net/http"
	"strings"

	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/ids"
	"github.com/bridle-ci/bridle/internal/server/wire"
	"github.com/bridle-ci/bridle/internal/store"
)

// call is one request on its way through a handler.
type call struct {
	api    *API
	w      http.ResponseWriter
	r      *http.Request
	params map[string]string
	token  string
	// agent is who asks with a session's token, job with a job's.
	agent store.Agent
	job   store.Job
}

// agentToken returns the token of an Authorization header; the empty string when it holds none.
func agentToken(r *http.Request) string {
	scheme, token, _ := strings.Cut(strings.TrimSpace(r.Header.Get("Authorization")), " ")
	if !strings.EqualFold(scheme, "Token") {
		return ""
	}
	return strings.TrimSpace(token)
}

// ip is the address the request comes from.
func (c *call) ip() string { return wire.ClientIP(c.r, c.api.TrustedProxies) }

// id returns a UUID of the path. What is no UUID names nothing.
func (c *call) id(noun string) (string, error) {
	id, ok := ids.ParseUUID(c.params[noun])
	if !ok {
		return "", fault.Missing(noun)
	}
	return id, nil
}

// query returns a parameter; what no database can hold is Malformed.
func (c *call) query(name string) (string, error) {
	value := c.r.URL.Query().Get(name)
	if !storable(value) {
		return "", fault.New(fault.Malformed, "The parameter %s must be UTF-8 text", name)
	}
	return value, nil
}

// ok answers with a body.
func (c *call) ok(body any) error { return c.json(http.StatusOK, body) }

// done answers a call whose body nobody reads. There is one all the same: agents that expect JSON take an empty body
// for a failure (docs/contract/agent-api.md, section 20, row 8).
func (c *call) done() error { return c.json(http.StatusOK, struct{}{}) }

// rest is for answers after which an agent without work says nothing until its next heartbeat. err is that of answering.
func (c *call) rest(err error) error {
	if err == nil && c.api.Park != nil {
		c.api.Park(c.w, c.r)
	}
	return err
}

func (c *call) json(status int, body any) error {
	c.w.Header().Set("Cache-Control", "no-store")
	return wire.WriteJSON(c.w, c.r, status, body)
}
