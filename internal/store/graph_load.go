package store

import (
	"context"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// LockBuildOfJob is LockBuild and NewGraph for a transaction about one job. It reads what every event of a job asks for,
// the job and its step, in the same trip to the database. A job that is not of the build is left out.
func LockBuildOfJob(ctx context.Context, q sqldb.Queryer, buildID, jobID string) (Build, *Graph, error) {
	return lockBuildOfJob(ctx, q, buildID, jobID, nil)
}

// LockBuildOfEndingJob is LockBuildOfJob for the job's end: it also reads what comes next of that, the dependencies on
// the step and whether the job has a log, where that saves a trip.
func LockBuildOfEndingJob(ctx context.Context, q sqldb.Queryer, buildID, jobID string) (Build, *Graph, error) {
	if q.Engine() != sqldb.Postgres {
		return LockBuildOfJob(ctx, q, buildID, jobID)
	}
	var edges []*build.Edge
	var logs []string
	b, g, err := lockBuildOfJob(ctx, q, buildID, jobID, []sqldb.Statement{
		listed(&edges, scanEdge, edgesFrom+"(SELECT step_id::text FROM jobs WHERE id = $2) ORDER BY id", buildID, jobID),
		listed(&logs, scanText, jobLogState, jobID),
	})
	if err != nil {
		return b, g, err
	}
	if j := g.jobs[jobID]; j != nil {
		g.ahead.stepID, g.ahead.edges = j.StepID, edges
		g.ahead.jobID, g.ahead.logged = jobID, len(logs) > 0
	}
	return b, g, nil
}

// LockBuildOfAcceptedJob is LockBuildOfJob for an agent that takes the job. It also reads the surroundings of the build,
// with its people, where that saves a trip; else they are nil.
func LockBuildOfAcceptedJob(ctx context.Context, q sqldb.Queryer, buildID, jobID string) (Build, *Graph, *Surroundings, error) {
	if q.Engine() != sqldb.Postgres {
		b, g, err := LockBuildOfJob(ctx, q, buildID, jobID)
		return b, g, nil, err
	}
	var r surroundingsReader
	statements := append(r.statements("p.id = (SELECT pipeline_id FROM builds WHERE id = $1)", buildID),
		listed(&r.users, scanUser, "SELECT "+columns("u", userColumns)+
			" FROM builds b JOIN users u ON u.id IN (b.creator_id, b.unblocker_id) WHERE b.id = $1", buildID))
	b, g, err := lockBuildOfJob(ctx, q, buildID, jobID, statements)
	around := r.result()
	return b, g, &around, err
}

func lockBuildOfJob(ctx context.Context, q sqldb.Queryer, buildID, jobID string, more []sqldb.Statement) (Build, *Graph, error) {
	var b Build
	var jobs []*Job
	var steps []*build.Step
	err := q.Send(ctx, append([]sqldb.Statement{
		found(&b, scanBuild, lockBuildSQL(q), buildID),
		listed(&jobs, scanJob, "SELECT "+jobColumns+" FROM jobs WHERE id = $1", jobID),
		listed(&steps, scanStep, "SELECT "+stepColumns+" FROM steps WHERE id = (SELECT step_id FROM jobs WHERE id = $1)", jobID),
	}, more...)...)
	if err != nil {
		return Build{}, nil, err
	}
	g := NewGraph(ctx, q, buildID)
	for _, j := range jobs {
		if j.BuildID == buildID {
			g.keepJob(j)
			g.keepSteps(steps)
		}
	}
	return b, g, nil
}

// ahead is what was read before it was asked for. It holds until the first change.
type ahead struct {
	stepID string
	edges  []*build.Edge
	jobID  string
	logged bool
}

// HasLog is HasJobLog for a job of the build.
func (g *Graph) HasLog(jobID string) (bool, error) {
	if g.ahead.jobID == jobID {
		return g.ahead.logged, nil
	}
	return HasJobLog(g.ctx, g.q, jobID)
}
