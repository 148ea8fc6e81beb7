package store

import (
	"context"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/pipeline"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// blockEdge is a dependency of a step on a block or input.
type blockEdge struct {
	to        string
	state     build.EdgeState
	from      pipeline.Kind
	fromState build.StepState
}

func scanBlockEdge(row scanner) (e blockEdge, err error) {
	err = row.Scan(&e.to, &e.state, &e.from, &e.fromState)
	return e, err
}

// StepsBehindBlocks returns those of the steps, of any builds, that are behind a block (build.BehindBlock).
func StepsBehindBlocks(ctx context.Context, q sqldb.Queryer, stepIDs []string) (map[string]bool, error) {
	behind := map[string]bool{}
	if len(stepIDs) == 0 {
		return behind, nil
	}
	edges, err := list(ctx, q, scanBlockEdge, `SELECT e.to_id, e.state, f.kind, f.state FROM steps s
		JOIN step_edges e ON e.build_id = s.build_id AND e.to_id = `+uuidText(q, "s.id")+`
		JOIN steps f ON f.id = `+textUUID(q, "e.from_id")+`
		WHERE `+sqldb.In(q, "s.id", 1, stepIDs)+` AND e.state <> 'satisfied' AND f.kind IN ('block', 'input')`,
		sqldb.List(q, stepIDs))
	for _, e := range edges {
		if build.BehindBlock(e.state, e.from, e.fromState) {
			behind[e.to] = true
		}
	}
	return behind, err
}

// textUUID is a text column with the id of a row as that row's uuid column has it, and null where it is empty.
func textUUID(q sqldb.Queryer, column string) string {
	if q.Engine() == sqldb.Postgres {
		return "nullif(" + column + ", '')::uuid"
	}
	return column
}
