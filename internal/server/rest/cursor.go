package rest

import (
	"net/url"
	"strconv"

	"github.com/bridle-ci/bridle/internal/core/ids"
	"github.com/bridle-ci/bridle/internal/server/wire"
)

// cursorPage is the object `cursor_page`.
type cursorPage struct {
	Items []any       `json:"items"`
	Links cursorLinks `json:"links"`
}

// cursorLinks is the object `cursor_links`.
type cursorLinks struct {
	Self string `json:"self"`
	Next string `json:"next,omitempty"`
	Prev string `json:"prev,omitempty"`
}

// cursorList answers with a part of a list with cursors, which are the ids of its items.
func (c *call) cursorList(items []any, hasNext, hasPrev bool, id func(i int) string) error {
	body := cursorPage{Items: items, Links: cursorLinks{Self: c.cursorURL("", "")}}
	if n := len(items); n > 0 {
		if hasNext {
			body.Links.Next = c.cursorURL("after", id(n-1))
		}
		if hasPrev {
			body.Links.Prev = c.cursorURL("before", id(0))
		}
	}
	wire.SetLinks(c.w.Header(), body.Links.Next, body.Links.Prev)
	return c.ok(body)
}

// cursors reads the place in a list with cursors.
func (c *call) cursors() (after, before string, err error) {
	for name, value := range map[string]*string{"after": &after, "before": &before} {
		if *value, err = c.query.text(name); err != nil {
			return "", "", err
		}
	}
	if after != "" && before != "" {
		return "", "", malformed("The parameters after and before cannot be used together")
	}
	for name, value := range map[string]*string{"after": &after, "before": &before} {
		id, ok := ids.ParseUUID(*value)
		if *value != "" && !ok {
			return "", "", malformed("The parameter %s is no cursor of this list", name)
		}
		*value = id
	}
	return after, before, nil
}

// perPage reads the page size of a list with cursors.
func (c *call) perPage() (int, error) {
	text := c.query.Get("per_page")
	if text == "" {
		return wire.DefaultPerPage, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > wire.MaxPerPage {
		return 0, malformed("The parameter per_page must be a number from 1 to %d", wire.MaxPerPage)
	}
	return n, nil
}

// cursorURL is the address of this list at another cursor; with no parameter it is this very page. Clients rebuild their
// filters from it, so it repeats them all, and names the page size.
func (c *call) cursorURL(parameter, cursor string) string {
	q := url.Values{}
	for name, values := range c.query.Values {
		q[name] = values
	}
	if parameter != "" {
		q.Del("after")
		q.Del("before")
		q.Set(parameter, cursor)
	}
	if q.Get("per_page") == "" {
		q.Set("per_page", strconv.Itoa(wire.DefaultPerPage))
	}
	return c.api.urls.base + c.r.URL.EscapedPath() + "?" + q.Encode()
}
