package app

import (
	"context"

	// Time zones of schedules are known on machines that have no zone files of their own.
	_ "time/tzdata"

	"github.com/bridle-ci/bridle/internal/service/builds"
	"github.com/bridle-ci/bridle/internal/service/schedules"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// scheduledBuilds lets schedules make builds.
type scheduledBuilds struct{ builds *builds.Service }

// CreateInTx implements schedules.Builder.
func (s scheduledBuilds) CreateInTx(ctx context.Context, tx *sqldb.Tx, p store.Pipeline, in schedules.NewBuild) (string, error) {
	b, err := s.builds.CreateInTx(ctx, tx, p, builds.NewBuild{
		Commit: in.Commit, Branch: in.Branch, Message: in.Message, Env: in.Env, Source: "schedule",
		CreatorID: in.CreatorID, ScheduledAt: &in.ScheduledAt,
	})
	return b.ID, err
}
