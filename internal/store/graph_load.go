package store

import (
	"context"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// JobEvent is what a transaction about one job of a build is going to read, besides the job and its step.
type JobEvent struct {
	JobID string
	// Ends is for the job's end: the dependencies on its step, and whether it has a log.
	Ends bool
	// Accepts is for an agent that takes the job: the surroundings of its build.
	Accepts bool
}

// LockedBuild is a build that a transaction has locked, with what was read of it.
type LockedBuild struct {
	Build Build
	Graph *Graph
	// Around is nil unless it was read. The build's people are in it.
	Around *Surroundings
}

// lockedBuild is the key under which those that share a transaction share a build.
type lockedBuild struct{ id string }

// LockBuildFor is LockBuild and NewGraph for an event of a job. It reads what the event asks for in the same trip to the
// database, and what the events ask for that wait to share the transaction; those find the build locked, and as the
// event before them left it to Share. A job that is not of the build is left out. Where statements are no trips it reads
// no more than the job and its step.
func LockBuildFor(ctx context.Context, tx *sqldb.Tx, buildID string, ev JobEvent) (*LockedBuild, error) {
	r := eventReader{events: []JobEvent{ev}}
	if tx.Engine() != sqldb.Postgres {
		r.events[0] = JobEvent{JobID: ev.JobID}
	}
	known, _ := tx.Shared(lockedBuild{buildID}).(*LockedBuild)
	if known != nil {
		b := &LockedBuild{Build: known.Build, Graph: known.Graph.in(ctx, tx), Around: known.Around}
		if b.has(ev) {
			return b, nil
		}
		known = b
	}
	for _, other := range tx.Waiting() {
		if other, ok := other.(JobEvent); ok {
			r.events = append(r.events, other)
		}
	}
	return r.read(ctx, tx, buildID, known)
}

// Share leaves the build to those that share the transaction, as the caller's event has changed it.
func (b *LockedBuild) Share(tx *sqldb.Tx) { tx.Share(lockedBuild{b.Build.ID}, b) }

// ForgetShared makes those that share the transaction read the build again, as it is after a change that is no event of
// a job.
func ForgetShared(tx *sqldb.Tx, buildID string) { tx.Share(lockedBuild{buildID}, nil) }

// has reports whether all was read that an event asks for.
func (b *LockedBuild) has(ev JobEvent) bool {
	j := b.Graph.jobs[ev.JobID]
	if j == nil || b.Graph.steps[j.StepID] == nil || ev.Accepts && b.Around == nil {
		return false
	}
	_, logKnown := b.Graph.ahead.logged[ev.JobID]
	return !ev.Ends || logKnown
}

// eventReader reads what events ask for.
type eventReader struct {
	events []JobEvent

	locked Build
	jobs   []*Job
	steps  []*build.Step
	edges  []*build.Edge
	logs   []string
	around surroundingsReader
}

func (r *eventReader) read(ctx context.Context, tx *sqldb.Tx, buildID string, known *LockedBuild) (*LockedBuild, error) {
	var all, ending []string
	accepts := false
	for _, ev := range r.events {
		all = append(all, ev.JobID)
		if ev.Ends {
			ending = append(ending, ev.JobID)
		}
		accepts = accepts || ev.Accepts
	}
	var statements []sqldb.Statement
	if known == nil {
		statements = append(statements, found(&r.locked, scanBuild, lockBuildSQL(tx), buildID))
	}
	statements = append(statements,
		listed(&r.jobs, scanJob, "SELECT "+jobColumns+" FROM jobs WHERE "+sqldb.In(tx, "id", 1, all), sqldb.List(tx, all)),
		listed(&r.steps, scanStep, "SELECT "+stepColumns+" FROM steps WHERE id IN (SELECT step_id FROM jobs WHERE "+
			sqldb.In(tx, "id", 1, all)+")", sqldb.List(tx, all)))
	if len(ending) > 0 {
		statements = append(statements,
			listed(&r.edges, scanEdge, "SELECT "+edgeColumns+" FROM step_edges WHERE build_id = $1 AND from_id IN (SELECT "+
				uuidText(tx, "step_id")+" FROM jobs WHERE "+sqldb.In(tx, "id", 2, ending)+") ORDER BY id", buildID, sqldb.List(tx, ending)),
			listed(&r.logs, scanText, "SELECT job_id FROM job_logs WHERE "+sqldb.In(tx, "job_id", 1, ending), sqldb.List(tx, ending)))
	}
	accepts = accepts && (known == nil || known.Around == nil)
	if accepts {
		statements = append(statements, r.around.ofBuild(buildID)...)
	}
	if err := tx.Send(ctx, statements...); err != nil {
		return nil, err
	}
	if known == nil {
		known = &LockedBuild{Build: r.locked, Graph: NewGraph(ctx, tx, buildID)}
	}
	if accepts {
		around := r.around.result()
		known.Around = &around
	}
	r.keep(known.Graph, ending)
	return known, nil
}

func (r *eventReader) keep(g *Graph, ending []string) {
	ours := map[string]bool{}
	for _, j := range r.jobs {
		if j.BuildID == g.buildID {
			g.keepJob(j)
			ours[j.StepID] = true
		}
	}
	for _, s := range r.steps {
		if ours[s.ID] {
			g.keepStep(s)
		}
	}
	for _, id := range ending {
		if j := g.jobs[id]; j != nil {
			g.ahead.logged[id] = false
			if _, read := g.ahead.edges[j.StepID]; !read {
				g.ahead.edges[j.StepID] = nil
			}
		}
	}
	for _, id := range r.logs {
		g.ahead.logged[id] = true
	}
	g.ahead.add(r.edges)
}
