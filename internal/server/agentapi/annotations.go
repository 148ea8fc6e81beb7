package agentapi

import "github.com/bridle-ci/bridle/internal/core/annotation"

func (a *API) annotate(c *call) error {
	var in struct {
		Body     string `json:"body"`
		Context  string `json:"context"`
		Style    string `json:"style"`
		Append   bool   `json:"append"`
		Priority int    `json:"priority"`
		Scope    string `json:"scope"`
	}
	if err := c.body(&in, maxAnnotation); err != nil {
		return err
	}
	err := a.Annotations.Annotate(c.r.Context(), &c.job, in.Scope, annotation.Change{
		Context: in.Context, Body: in.Body, Style: in.Style, Priority: in.Priority, Append: in.Append,
	})
	if err != nil {
		return err
	}
	return c.done()
}

func (a *API) removeAnnotation(c *call) error {
	scope, err := c.query("scope")
	if err != nil {
		return err
	}
	if err := a.Annotations.Remove(c.r.Context(), &c.job, scope, c.params["context"]); err != nil {
		return err
	}
	return c.done()
}
