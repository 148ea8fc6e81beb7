package rest

import (
	"net/http"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/annotation"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/server/wire"
	"github.com/bridle-ci/bridle/internal/service/annotations"
)

// annotationObject is the object `annotation`.
type annotationObject struct {
	ID       string  `json:"id"`
	Context  string  `json:"context"`
	Style    *string `json:"style"`
	Scope    string  `json:"scope"`
	JobID    *string `json:"job_id"`
	Priority int     `json:"priority"`
	// BodyHTML is left out when the client does not want it.
	BodyHTML  *string   `json:"body_html,omitempty"`
	CreatedAt wire.Time `json:"created_at"`
	UpdatedAt wire.Time `json:"updated_at"`
}

func (o owner) annotations() annotations.Owner {
	return annotations.Owner{BuildID: o.BuildID, JobID: o.jobID}
}

func annotationOf(v annotations.View, withBody bool) annotationObject {
	out := annotationObject{
		ID:        v.ID,
		Context:   v.Context,
		Scope:     v.Scope,
		JobID:     orNull(v.JobID),
		Priority:  v.Priority,
		CreatedAt: wire.Time(v.CreatedAt),
		UpdatedAt: wire.Time(v.UpdatedAt),
	}
	if v.Style != annotation.DefaultStyle { // which REST shows as none
		out.Style = &v.Style
	}
	if withBody {
		out.BodyHTML = &v.BodyHTML
	}
	return out
}

func (a *API) listAnnotations(c *call) error {
	filter := annotations.Filter{OmitBody: c.query.bool("omit_body", false)}
	var err error
	if filter.Scope, err = c.query.text("scope"); err != nil {
		return err
	}
	of, err := a.owner(c, access.AnnotationView)
	if err != nil {
		return err
	}
	p, rows := c.page()
	views, total, err := a.Annotations.List(c.r.Context(), c.actor, of.annotations(), filter, rows)
	if err != nil {
		return err
	}
	return list(c, p, total, each(views, func(v annotations.View) annotationObject {
		return annotationOf(v, !filter.OmitBody)
	}))
}

func (a *API) createAnnotation(c *call) error {
	var in struct {
		Body     string `json:"body"`
		Style    string `json:"style"`
		Context  string `json:"context"`
		Priority *int   `json:"priority"`
		Append   bool   `json:"append"`
	}
	if err := c.body(&in); err != nil {
		return err
	}
	change := annotation.Change{Context: in.Context, Body: in.Body, Append: in.Append, Style: in.Style}
	if in.Priority != nil {
		if err := annotation.CheckPriority(*in.Priority); err != nil {
			return fault.Reason("%v", err)
		}
		change.Priority = *in.Priority
	}
	of, err := a.owner(c, access.AnnotationChange)
	if err != nil {
		return err
	}
	v, err := a.Annotations.Create(c.r.Context(), c.actor, of.annotations(), change)
	if err != nil {
		return err
	}
	return c.json(http.StatusCreated, annotationOf(v, true))
}

func (a *API) deleteAnnotation(c *call) error {
	of, err := a.owner(c, access.AnnotationChange)
	if err != nil {
		return err
	}
	if err := a.Annotations.Delete(c.r.Context(), c.actor, of.annotations(), c.r.PathValue("annotation")); err != nil {
		return err
	}
	return c.noContent()
}
