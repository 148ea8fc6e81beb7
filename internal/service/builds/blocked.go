package builds

import (
	"context"
	"fmt"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// markBlocked puts jobs that are about to be shown, or filtered by what they are shown as, into the state they are shown
// in when they are behind a block: the rules and the rows know them as waiting (docs/contract/pipelines.md, section 4.2).
// It costs one statement, and none when no job waits.
func markBlocked(ctx context.Context, q sqldb.Queryer, jobs []*store.Job) error {
	var steps idSet
	for _, j := range jobs {
		if build.ShownBehindBlock(&j.Job) != j.State {
			steps.add(j.StepID)
		}
	}
	if len(steps) == 0 {
		return nil
	}
	behind, err := store.StepsBehindBlocks(ctx, q, steps.list())
	if err != nil {
		return fmt.Errorf("find the steps behind blocks: %w", err)
	}
	for _, j := range jobs {
		if behind[j.StepID] {
			j.State = build.ShownBehindBlock(&j.Job)
		}
	}
	return nil
}
