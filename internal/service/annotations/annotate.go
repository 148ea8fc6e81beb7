package annotations

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/annotation"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/ids"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// Owner is whose annotations are meant: a job's own, or without JobID the build's. The caller has found it within the
// organization of who asks.
type Owner struct {
	BuildID string
	JobID   string
}

func (o Owner) scope() string {
	if o.JobID != "" {
		return store.JobScope
	}
	return store.BuildScope
}

func (o Owner) filter() store.AnnotationFilter {
	return store.AnnotationFilter{BuildID: o.BuildID, JobID: o.JobID, Scope: o.scope()}
}

// ownerOf is a job's build or the job itself, as a scope says; "" is the build.
func ownerOf(job *store.Job, scope string) (Owner, error) {
	switch scope {
	case "", store.BuildScope:
		return Owner{BuildID: job.BuildID}, nil
	case store.JobScope:
		return Owner{BuildID: job.BuildID, JobID: job.ID}, nil
	}
	return Owner{}, fault.Reason("scope %.40q is neither `build` nor `job`", scope)
}

// Annotate makes or changes an annotation of a job or its build, as a job wants it. scope is store.BuildScope or
// store.JobScope; "" is the build.
func (s *Service) Annotate(ctx context.Context, job *store.Job, scope string, c annotation.Change) error {
	owner, err := ownerOf(job, scope)
	if err != nil {
		return err
	}
	_, err = s.change(ctx, owner, c)
	return err
}

// Create makes or changes an annotation, as a person wants it.
func (s *Service) Create(ctx context.Context, actor access.Actor, o Owner, c annotation.Change) (View, error) {
	if err := access.Check(actor, access.AnnotationChange); err != nil {
		return View{}, err
	}
	// Blank lines may be put between two texts; nothing else may be blank.
	if c.Body == "" || (!c.Append && strings.TrimSpace(c.Body) == "") {
		return View{}, fault.Reason("body can't be blank")
	}
	a, err := s.change(ctx, o, c)
	if err != nil {
		return View{}, err
	}
	views, err := s.render(ctx, o.BuildID, []store.Annotation{a})
	if err != nil {
		return View{}, err
	}
	return views[0], nil
}

// change applies a change to the annotation of its context, which may not be there yet.
func (s *Service) change(ctx context.Context, o Owner, c annotation.Change) (a store.Annotation, err error) {
	c, err = c.Check()
	if err != nil {
		return a, fault.Reason("%v", err)
	}
	err = s.store.Write(ctx, func(tx *sqldb.Tx) error {
		a, err = store.LockAnnotation(ctx, tx, o.BuildID, o.JobID, o.scope(), c.Context)
		if errors.Is(err, store.ErrNotFound) {
			a, err = insert(ctx, tx, o, c)
			return err
		}
		if err != nil {
			return err
		}
		content, err := c.Update(annotation.Content{Body: a.Body, Style: a.Style, Priority: a.Priority})
		if err != nil {
			return fault.Reason("%v", err)
		}
		a.Body, a.Style, a.Priority, a.UpdatedAt = content.Body, content.Style, content.Priority, tx.Now()
		return store.SaveAnnotation(ctx, tx, a)
	})
	if err != nil {
		return a, fmt.Errorf("annotate build %s: %w", o.BuildID, err)
	}
	s.changed(o.BuildID)
	return a, nil
}

func insert(ctx context.Context, tx *sqldb.Tx, o Owner, c annotation.Change) (store.Annotation, error) {
	content, err := c.New()
	if err != nil {
		return store.Annotation{}, fault.Reason("%v", err)
	}
	a := store.Annotation{
		ID: store.NewID(), BuildID: o.BuildID, JobID: o.JobID, Scope: o.scope(), Context: c.Context, Style: content.Style,
		Priority: content.Priority, Body: content.Body, CreatedAt: tx.Now(), UpdatedAt: tx.Now(),
	}
	added, err := store.InsertAnnotation(ctx, tx, a)
	if err == nil && !added {
		err = store.ErrStale // somebody made it meanwhile: start over and change that one
	}
	return a, err
}

// Remove removes the annotation of a context, as a job wants it. scope is as for Annotate, context "" the default one.
func (s *Service) Remove(ctx context.Context, job *store.Job, scope, context string) error {
	o, err := ownerOf(job, scope)
	if err != nil {
		return err
	}
	if context == "" {
		context = annotation.DefaultContext
	}
	return s.remove(ctx, o, func(tx *sqldb.Tx) error {
		return store.DeleteAnnotationContext(ctx, tx, o.BuildID, o.JobID, o.scope(), context)
	})
}

// Delete removes an annotation by its id, as a person wants it.
func (s *Service) Delete(ctx context.Context, actor access.Actor, o Owner, id string) error {
	if err := access.Check(actor, access.AnnotationChange); err != nil {
		return err
	}
	id, ok := ids.ParseUUID(id)
	if !ok {
		return fault.Missing("annotation")
	}
	filter := store.AnnotationFilter{BuildID: o.BuildID, JobID: o.JobID}
	return s.remove(ctx, o, func(tx *sqldb.Tx) error { return store.DeleteAnnotation(ctx, tx, filter, id) })
}

func (s *Service) remove(ctx context.Context, o Owner, fn func(tx *sqldb.Tx) error) error {
	err := s.store.Write(ctx, fn)
	if errors.Is(err, store.ErrNotFound) {
		return fault.Missing("annotation")
	}
	if err != nil {
		return fmt.Errorf("remove annotation of build %s: %w", o.BuildID, err)
	}
	s.changed(o.BuildID)
	return nil
}
