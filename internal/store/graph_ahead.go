package store

import (
	"context"
	"slices"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// ahead is what was read before it was asked for.
type ahead struct {
	// edges are all that begin at a step, in order; logged says of jobs whether they have a log.
	edges  map[string][]*build.Edge
	logged map[string]bool
}

func newAhead() *ahead {
	return &ahead{edges: map[string][]*build.Edge{}, logged: map[string]bool{}}
}

// add takes edges, all there are from their steps.
func (a *ahead) add(edges []*build.Edge) {
	read := map[string][]*build.Edge{}
	for _, e := range edges {
		read[e.From] = append(read[e.From], e)
	}
	for from, edges := range read {
		if len(a.edges[from]) == 0 {
			a.edges[from] = edges
		}
	}
}

// change forgets the edges when there may be others now.
func (a *ahead) change(c *build.Changes) {
	moved := func(e *build.Edge) bool {
		return !slices.ContainsFunc(a.edges[e.From], func(known *build.Edge) bool { return known.ID == e.ID })
	}
	if len(c.NewEdges) > 0 || len(c.RemovedSteps) > 0 || slices.ContainsFunc(c.ChangedEdges, moved) {
		clear(a.edges)
	}
}

// HasLog is HasJobLog for a job of the build.
func (g *Graph) HasLog(jobID string) (bool, error) {
	if logged, read := g.ahead.logged[jobID]; read {
		return logged, nil
	}
	return HasJobLog(g.ctx, g.q, jobID)
}

// in is the same graph for another part of the transaction.
func (g *Graph) in(ctx context.Context, q sqldb.Queryer) *Graph {
	other := *g
	other.ctx, other.q = ctx, q
	return &other
}
