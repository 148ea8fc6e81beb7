package localrun

import (
	"context"
	"fmt"

	"github.com/bridle-ci/bridle/internal/localrun/render"
	"github.com/bridle-ci/bridle/internal/service/annotations"
	"github.com/bridle-ci/bridle/internal/store"
)

// maxAnnotations bounds the annotations that are shown.
const maxAnnotations = 100

// annotations are what jobs noted on the build.
func (w *world) annotations(ctx context.Context, b store.Build) ([]render.Annotation, error) {
	views, _, err := w.app.Annotations.List(ctx, w.actor, annotations.Owner{BuildID: b.ID},
		annotations.Filter{Scope: "all"}, store.Page{Limit: maxAnnotations})
	if err != nil {
		return nil, fmt.Errorf("list the annotations: %w", err)
	}
	var shown []render.Annotation
	for _, v := range views {
		shown = append(shown, render.Annotation{Context: v.Context, Style: v.Style, Body: v.Body})
	}
	return shown, nil
}
