package store

import (
	"context"

	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// OlderOpenBuilds returns the ids of a pipeline's unfinished builds on a branch that have a lower number than one,
// oldest first.
func OlderOpenBuilds(ctx context.Context, q sqldb.Queryer, pipelineID, branch string, number int64) ([]string, error) {
	return list(ctx, q, scanText, `SELECT id FROM builds WHERE pipeline_id = $1 AND branch = $2 AND number < $3
		AND state IN ('creating', 'scheduled', 'running', 'failing', 'blocked') ORDER BY number`, pipelineID, branch, number)
}

// SetBuildSuperseded records the newer build because of which a build is skipped or canceled.
func SetBuildSuperseded(ctx context.Context, q sqldb.Queryer, id, byID string) error {
	return mustChange(ctx, q, ErrNotFound, "UPDATE builds SET superseded_by_id = $2 WHERE id = $1", id, byID)
}

// IsBuildSuperseded reports whether a build was skipped or canceled because of a newer one.
func IsBuildSuperseded(ctx context.Context, q sqldb.Queryer, id string) (bool, error) {
	return exists(ctx, q, "SELECT 1 FROM builds WHERE id = $1 AND superseded_by_id IS NOT NULL", id)
}
