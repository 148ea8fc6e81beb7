package annotations

import (
	"context"
	"fmt"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/markup"
	"github.com/bridle-ci/bridle/internal/store"
)

// View is an annotation as it is shown.
type View struct {
	store.Annotation
	// BodyHTML is safe to put into a page.
	BodyHTML string
}

// Filter narrows a list.
type Filter struct {
	// Scope says whose annotations of a build are meant: store.BuildScope or "" the build's own, store.JobScope those
	// of its jobs, "all" both. For an owner that is a job it has no meaning.
	Scope string
	// OmitBody leaves bodies out.
	OmitBody bool
}

// allScopes is the scope of a filter that stands for all.
const allScopes = "all"

// List returns a page of annotations, the highest priority first, and how many there are.
func (s *Service) List(ctx context.Context, actor access.Actor, o Owner, f Filter, page store.Page) ([]View, int, error) {
	if err := access.Check(actor, access.AnnotationView); err != nil {
		return nil, 0, err
	}
	filter := o.filter()
	if o.JobID == "" {
		switch f.Scope {
		case "", store.BuildScope:
		case store.JobScope:
			filter.Scope = store.JobScope
		case allScopes:
			filter.Scope = ""
		default:
			return nil, 0, fault.Reason("scope %.40q is none of build, job, all", f.Scope)
		}
	}
	filter.OmitBody = f.OmitBody
	items, err := store.ListAnnotations(ctx, s.store.Read(), filter, page)
	if err != nil {
		return nil, 0, fmt.Errorf("list annotations of build %s: %w", o.BuildID, err)
	}
	total, err := store.CountAnnotations(ctx, s.store.Read(), filter)
	if err != nil {
		return nil, 0, fmt.Errorf("count annotations of build %s: %w", o.BuildID, err)
	}
	views, err := s.render(ctx, o.BuildID, items)
	return views, total, err
}

// render renders annotations of a build. However many there are, their artifacts are looked up at once.
func (s *Service) render(ctx context.Context, buildID string, items []store.Annotation) ([]View, error) {
	fragments := make([]markup.Fragment, len(items))
	var paths []string
	for i, a := range items {
		fragments[i] = s.rendered.of(a)
		paths = append(paths, fragments[i].Artifacts()...)
	}
	var links map[string]string
	if len(paths) > 0 {
		var err error
		if links, err = s.artifacts.Links(ctx, buildID, paths); err != nil {
			return nil, fmt.Errorf("artifacts in annotations of build %s: %w", buildID, err)
		}
	}
	views := make([]View, len(items))
	for i, a := range items {
		views[i] = View{Annotation: a, BodyHTML: fragments[i].HTML(links)}
	}
	return views, nil
}
