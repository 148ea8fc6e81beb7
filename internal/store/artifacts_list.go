package store

import (
	"context"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// ArtifactFilter narrows a list of artifacts. Empty fields do not narrow.
type ArtifactFilter struct {
	BuildID string
	JobID   string
	State   ArtifactState
	// OmitDeleted leaves out what was deleted.
	OmitDeleted bool
	// Path is one whole path, Paths several.
	Path  string
	Paths []string
	// JobIDs, when not nil, are the jobs whose artifacts are wanted.
	JobIDs []string
	// LatestOnly leaves out what jobs uploaded that were retried since.
	LatestOnly bool
}

func (f ArtifactFilter) conditions(q sqldb.Queryer) conditions {
	c := conditions{q: q}
	if f.BuildID != "" {
		c.add("build_id = ?", f.BuildID)
	}
	if f.JobID != "" {
		c.add("job_id = ?", f.JobID)
	}
	if f.State != "" {
		c.add("state = ?", string(f.State))
	}
	if f.OmitDeleted {
		c.add("state <> ?", string(ArtifactDeleted))
	}
	if f.Path != "" {
		c.add("path = ?", f.Path)
	}
	if f.Paths != nil {
		c.in("path", f.Paths)
	}
	if f.JobIDs != nil {
		c.in("job_id", f.JobIDs)
	}
	if f.LatestOnly {
		c.add("job_id IN (SELECT id FROM jobs WHERE build_id = ? AND retried_in_job_id = '')", f.BuildID)
	}
	return c
}

// ListArtifacts returns artifacts in the order in which they were created.
func ListArtifacts(ctx context.Context, q sqldb.Queryer, f ArtifactFilter, p Page) ([]Artifact, error) {
	c := f.conditions(q)
	page := c.page(p)
	return list(ctx, q, scanArtifact, "SELECT "+artifactColumns+" FROM artifacts"+c.where()+" ORDER BY id"+page, c.args...)
}

// CountArtifacts counts what ListArtifacts pages through.
func CountArtifacts(ctx context.Context, q sqldb.Queryer, f ArtifactFilter) (int, error) {
	return count(ctx, q, "artifacts", f.conditions(q))
}

// EachArtifact calls fn for every artifact in the order of ListArtifacts, until it returns false. It holds one at a time.
func EachArtifact(ctx context.Context, q sqldb.Queryer, f ArtifactFilter, fn func(Artifact) bool) error {
	c := f.conditions(q)
	rows, err := q.Query(ctx, "SELECT "+artifactColumns+" FROM artifacts"+c.where()+" ORDER BY id", c.args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		a, err := scanArtifact(rows)
		if err != nil {
			return err
		}
		if !fn(a) {
			return nil
		}
	}
	return rows.Err()
}

// namedJob is a job with the names it may be called by.
type namedJob struct {
	id, spec, key, label string
}

// JobIDsNamed returns the jobs of a build that a name stands for: a step's key or label, or a job's label.
func JobIDsNamed(ctx context.Context, q sqldb.Queryer, buildID, name string) ([]string, error) {
	jobs, err := list(ctx, q, scanNamedJob, `SELECT j.id, j.spec, s.key, s.label FROM jobs j
		JOIN steps s ON s.id = j.step_id WHERE j.build_id = $1`, buildID)
	if err != nil {
		return nil, err
	}
	ids := []string{}
	for _, j := range jobs {
		named := j.key == name || j.label == name
		if !named {
			var spec build.Spec
			if err := parse(j.spec, &spec); err != nil {
				return nil, err
			}
			named = spec.Label == name
		}
		if named {
			ids = append(ids, j.id)
		}
	}
	return ids, nil
}

func scanNamedJob(row scanner) (j namedJob, err error) {
	err = row.Scan(&j.id, &j.spec, &j.key, &j.label)
	return j, err
}
