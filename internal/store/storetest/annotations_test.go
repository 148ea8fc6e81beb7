package storetest_test

import (
	"fmt"
	"testing"

	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

func TestAnnotations(t *testing.T) {
	t.Parallel()
	storetest.EachAt(t, func(t *testing.T, st *store.Store, clock *storetest.Clock) {
		ctx, q := t.Context(), st.Read()
		job := storetest.RunningJob(t, st, storetest.NewWorld(t, st).Pipeline)
		now := clock.Now()
		annotation := func(jobID, context string, priority int) store.Annotation {
			a := store.Annotation{
				ID: store.NewID(), BuildID: job.BuildID, JobID: jobID, Scope: store.BuildScope, Context: context,
				Style: "info", Priority: priority, Body: "body of " + context, CreatedAt: now, UpdatedAt: now,
			}
			if jobID != "" {
				a.Scope = store.JobScope
			}
			return a
		}
		add := func(a store.Annotation) (added bool) {
			t.Helper()
			storetest.Write(t, st, func(tx *sqldb.Tx) (err error) {
				added, err = store.InsertAnnotation(ctx, tx, a)
				return err
			})
			return added
		}
		low, high, own := annotation("", "low", 1), annotation("", "high", 9), annotation(job.ID, "low", 3)
		for _, a := range []store.Annotation{low, high, own} {
			same(t, "added", add(a), nil, true)
		}
		same(t, "the same context", add(annotation("", "low", 5)), nil, false)

		for name, c := range map[string]struct {
			filter store.AnnotationFilter
			want   string
		}{
			"of a build and its jobs": {store.AnnotationFilter{BuildID: job.BuildID}, "[high/build low/job low/build]"},
			"of a build":              {store.AnnotationFilter{BuildID: job.BuildID, Scope: store.BuildScope}, "[high/build low/build]"},
			"of jobs":                 {store.AnnotationFilter{BuildID: job.BuildID, Scope: store.JobScope}, "[low/job]"},
			"of a job":                {store.AnnotationFilter{BuildID: job.BuildID, JobID: job.ID}, "[low/job]"},
			"of another build":        {store.AnnotationFilter{BuildID: store.NewID()}, "[]"},
		} {
			items, err := store.ListAnnotations(ctx, q, c.filter, store.Page{Limit: 10})
			same(t, name, contexts(items), err, c.want)
			n, err := store.CountAnnotations(ctx, q, c.filter)
			same(t, name+", counted", n, err, len(items))
		}

		storetest.Write(t, st, func(tx *sqldb.Tx) error {
			got, err := store.LockAnnotation(ctx, tx, job.BuildID, "", store.BuildScope, "low")
			same(t, "locked", got, err, low)
			low.Style, low.Priority, low.Body = "error", 10, "new"
			return store.SaveAnnotation(ctx, tx, low)
		})
		items, err := store.ListAnnotations(ctx, q, store.AnnotationFilter{BuildID: job.BuildID}, store.Page{Limit: 1})
		same(t, "saved", items, err, []store.Annotation{low})

		items, err = store.ListAnnotations(ctx, q, store.AnnotationFilter{BuildID: job.BuildID, OmitBody: true}, store.Page{Limit: 1})
		bare := low
		bare.Body = ""
		same(t, "without bodies", items, err, []store.Annotation{bare})

		write := func(fn func(tx *sqldb.Tx) error) error { return st.Write(ctx, fn) }
		ofBuild := store.AnnotationFilter{BuildID: job.BuildID}
		fails(t, "deleting another's", write(func(tx *sqldb.Tx) error {
			return store.DeleteAnnotation(ctx, tx, store.AnnotationFilter{BuildID: store.NewID()}, low.ID)
		}), store.ErrNotFound)
		same(t, "deleted", write(func(tx *sqldb.Tx) error { return store.DeleteAnnotation(ctx, tx, ofBuild, low.ID) }), nil, error(nil))
		fails(t, "deleted twice", write(func(tx *sqldb.Tx) error { return store.DeleteAnnotation(ctx, tx, ofBuild, low.ID) }), store.ErrNotFound)
		fails(t, "saved after", write(func(tx *sqldb.Tx) error { return store.SaveAnnotation(ctx, tx, low) }), store.ErrStale)
		removal := func(tx *sqldb.Tx) error {
			return store.DeleteAnnotationContext(ctx, tx, job.BuildID, job.ID, store.JobScope, "low")
		}
		same(t, "removed", write(removal), nil, error(nil))
		fails(t, "removed twice", write(removal), store.ErrNotFound)
	})
}

func contexts(items []store.Annotation) string {
	list := make([]string, len(items))
	for i, a := range items {
		list[i] = a.Context + "/" + a.Scope
	}
	return fmt.Sprint(list)
}
