package store

import (
	"context"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

const edgeColumns = `id, build_id, from_id, to_id, key, lenient, own_only, through, forward, state`

func scanEdge(row scanner) (*build.Edge, error) {
	var e build.Edge
	err := row.Scan(&e.ID, &e.BuildID, &e.From, &e.To, &e.Key, &e.Lenient, &e.OwnOnly, &e.Through, &e.Forward, &e.State)
	return &e, err
}

// InsertEdges adds dependencies to a build.
func InsertEdges(ctx context.Context, q sqldb.Queryer, edges []*build.Edge) error {
	rows := make([][]any, len(edges))
	for i, e := range edges {
		rows[i] = []any{e.ID, e.BuildID, e.From, e.To, e.Key, e.Lenient, e.OwnOnly, e.Through, e.Forward, string(e.State)}
	}
	return insertRows(ctx, q, "step_edges", edgeColumns, rows)
}

// SaveEdges writes what the rules change of edges: where they come from and what was counted of them.
func SaveEdges(ctx context.Context, q sqldb.Queryer, edges []*build.Edge) error {
	type target struct {
		state   build.EdgeState
		from    string
		forward bool
	}
	byTarget := map[target][]string{}
	for _, e := range edges {
		t := target{e.State, e.From, e.Forward}
		byTarget[t] = append(byTarget[t], e.ID)
	}
	for t, ids := range byTarget {
		err := later(ctx, q, nil, "UPDATE step_edges SET state = $1, from_id = $2, forward = $3 WHERE "+sqldb.In(q, "id", 4, ids),
			string(t.state), t.from, t.forward, sqldb.List(q, ids))
		if err != nil {
			return err
		}
	}
	return nil
}

// EdgesFrom returns the edges whose dependency is a step.
func EdgesFrom(ctx context.Context, q sqldb.Queryer, buildID, stepID string) ([]*build.Edge, error) {
	return list(ctx, q, scanEdge, edgesFrom+"$2 ORDER BY id", buildID, stepID)
}

const edgesFrom = "SELECT " + edgeColumns + " FROM step_edges WHERE build_id = $1 AND from_id = "

// EdgesTo returns the dependencies of a step.
func EdgesTo(ctx context.Context, q sqldb.Queryer, buildID, stepID string) ([]*build.Edge, error) {
	return list(ctx, q, scanEdge, "SELECT "+edgeColumns+" FROM step_edges WHERE build_id = $1 AND to_id = $2 ORDER BY id",
		buildID, stepID)
}

// EdgesByKey returns the edges that wait for a step of a key to appear.
func EdgesByKey(ctx context.Context, q sqldb.Queryer, buildID, key string) ([]*build.Edge, error) {
	return list(ctx, q, scanEdge, "SELECT "+edgeColumns+" FROM step_edges WHERE build_id = $1 AND key = $2 AND from_id = '' ORDER BY id",
		buildID, key)
}
