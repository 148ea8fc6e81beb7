package rest

import (
	"net/http"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/server/wire"
	"github.com/bridle-ci/bridle/internal/store"
)

// call is one request on its way through a handler.
type call struct {
	api   *API
	w     http.ResponseWriter
	r     *http.Request
	actor access.Actor
	query query
}

// looking is the actor for finding the build that a call is about and for showing what a use case returned. The token may
// do what it asks for; it needs no right to read builds besides, as a write scope shows the result of its own writing.
func (c *call) looking() access.Actor {
	actor := c.actor
	actor.Scopes = append([]access.Scope{access.ReadBuilds}, actor.Scopes...)
	return actor
}

// json answers with a body.
func (c *call) json(status int, body any) error { return wire.WriteJSON(c.w, c.r, status, body) }

// ok answers with 200 and a body.
func (c *call) ok(body any) error { return c.json(http.StatusOK, body) }

// noContent answers with 204: clients take nothing else for a deletion.
func (c *call) noContent() error {
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

// page returns the part of a list that is asked for.
func (c *call) page() (wire.Page, store.Page) {
	p := wire.ParsePage(c.query.Values)
	return p, store.Page{Limit: p.PerPage, Offset: p.Offset()}
}

// list answers with a page of a list of total items and the links to its other pages.
func list[T any](c *call, p wire.Page, total int, items []T) error {
	wire.SetPageLinks(c.w.Header(), c.api.urls.base+c.r.URL.EscapedPath(), c.query.Values, p, total)
	if items == nil {
		items = []T{}
	}
	return c.ok(items)
}

// each converts the items of a list.
func each[In, Out any](items []In, convert func(In) Out) []Out {
	out := make([]Out, len(items))
	for i, item := range items {
		out[i] = convert(item)
	}
	return out
}
