package store

import (
	"context"
	"strings"
	"time"

	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// Annotation scopes: whom an annotation belongs to.
const (
	BuildScope = "build"
	JobScope   = "job"
)

// Annotation is a note on a build or a job, written in Markdown.
type Annotation struct {
	ID      string
	BuildID string
	// JobID is empty for the build's own annotations.
	JobID   string
	Scope   string
	Context string
	// Style is default, success, info, warning or error.
	Style     string
	Priority  int
	Body      string
	CreatedAt time.Time
	UpdatedAt time.Time
}

const annotationColumns = `id, build_id, job_id, scope, context, style, priority, body, created_at, updated_at`

func scanAnnotation(row scanner) (Annotation, error) {
	var (
		a                Annotation
		created, updated int64
	)
	err := row.Scan(&a.ID, &a.BuildID, &a.JobID, &a.Scope, &a.Context, &a.Style, &a.Priority, &a.Body, &created, &updated)
	a.CreatedAt, a.UpdatedAt = fromMicros(created), fromMicros(updated)
	return a, err
}

// InsertAnnotation adds an annotation; false when its owner has one with this context.
func InsertAnnotation(ctx context.Context, q sqldb.Queryer, a Annotation) (bool, error) {
	n, err := q.Exec(ctx, "INSERT INTO annotations ("+annotationColumns+") VALUES ("+placeholders(10)+`)
		ON CONFLICT (build_id, job_id, scope, context) DO NOTHING`,
		a.ID, a.BuildID, a.JobID, a.Scope, a.Context, a.Style, a.Priority, a.Body, micros(a.CreatedAt), micros(a.UpdatedAt))
	return n == 1, err
}

// LockAnnotation returns an annotation that the transaction is going to change. jobID is empty for the build's own.
func LockAnnotation(ctx context.Context, q sqldb.Queryer, buildID, jobID, scope, context string) (Annotation, error) {
	return one(ctx, q, scanAnnotation, "SELECT "+annotationColumns+` FROM annotations
		WHERE build_id = $1 AND job_id = $2 AND scope = $3 AND context = $4 `+sqldb.ForUpdate(q), buildID, jobID, scope, context)
}

// SaveAnnotation writes what can change of an annotation.
func SaveAnnotation(ctx context.Context, q sqldb.Queryer, a Annotation) error {
	return mustChange(ctx, q, ErrStale, "UPDATE annotations SET style = $2, priority = $3, body = $4, updated_at = $5 WHERE id = $1",
		a.ID, a.Style, a.Priority, a.Body, micros(a.UpdatedAt))
}

// DeleteAnnotation removes an annotation by its id; ErrNotFound when its owner has none with it.
func DeleteAnnotation(ctx context.Context, q sqldb.Queryer, f AnnotationFilter, id string) error {
	c := f.conditions(q)
	c.add("id = ?", id)
	return mustChange(ctx, q, ErrNotFound, "DELETE FROM annotations"+c.where(), c.args...)
}

// DeleteAnnotationContext removes the annotation with a context; ErrNotFound when its owner has none with it.
func DeleteAnnotationContext(ctx context.Context, q sqldb.Queryer, buildID, jobID, scope, context string) error {
	return mustChange(ctx, q, ErrNotFound, `DELETE FROM annotations
		WHERE build_id = $1 AND job_id = $2 AND scope = $3 AND context = $4`, buildID, jobID, scope, context)
}

// AnnotationFilter narrows a list of annotations. Empty fields do not narrow, but BuildID is always needed.
type AnnotationFilter struct {
	BuildID string
	JobID   string
	Scope   string
	// OmitBody leaves the bodies, which may be large, where they are.
	OmitBody bool
}

func (f AnnotationFilter) conditions(q sqldb.Queryer) conditions {
	c := conditions{q: q}
	c.add("build_id = ?", f.BuildID)
	if f.JobID != "" {
		c.add("job_id = ?", f.JobID)
	}
	if f.Scope != "" {
		c.add("scope = ?", f.Scope)
	}
	return c
}

// ListAnnotations returns annotations by priority, the highest first, and then by age, the oldest first.
func ListAnnotations(ctx context.Context, q sqldb.Queryer, f AnnotationFilter, p Page) ([]Annotation, error) {
	c := f.conditions(q)
	page := c.page(p)
	names := annotationColumns
	if f.OmitBody {
		names = strings.Replace(names, " body,", " '',", 1)
	}
	return list(ctx, q, scanAnnotation, "SELECT "+names+" FROM annotations"+c.where()+
		" ORDER BY priority DESC, id"+page, c.args...)
}

// CountAnnotations counts what ListAnnotations pages through.
func CountAnnotations(ctx context.Context, q sqldb.Queryer, f AnnotationFilter) (int, error) {
	return count(ctx, q, "annotations", f.conditions(q))
}
