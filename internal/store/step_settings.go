package store

import (
	"context"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// SaveStepSettings writes a step's configuration, which only its notifications change of. The caller holds the build's
// lock.
func SaveStepSettings(ctx context.Context, q sqldb.Queryer, s *build.Step) error {
	_, err := q.Exec(ctx, "UPDATE steps SET settings = $2 WHERE id = $1", s.ID, document(s.Settings))
	return err
}
