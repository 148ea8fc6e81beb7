package store

import (
	"context"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// Reads collects what is to be read for one answer, so that all of it takes one trip to PostgreSQL. What is asked for is
// there after Do; nothing is read for no ids. Maps are by id and gain what exists.
type Reads struct {
	q          sqldb.Queryer
	statements []sqldb.Statement
}

// NewReads begins a collection.
func NewReads(q sqldb.Queryer) *Reads { return &Reads{q: q} }

// Do reads what was asked for since the last time.
func (r *Reads) Do(ctx context.Context) error {
	statements := r.statements
	r.statements = nil
	if len(statements) == 0 {
		return nil
	}
	return r.q.Send(ctx, statements...)
}

// ask adds a statement whose first argument is a list of ids.
func (r *Reads) ask(ids []string, s sqldb.Statement) {
	if len(ids) > 0 {
		s.Args = []any{sqldb.List(r.q, ids)}
		r.statements = append(r.statements, s)
	}
}

// Pipelines asks for pipelines.
func (r *Reads) Pipelines(ids []string, into map[string]Pipeline) {
	r.ask(ids, mapped(into, pipelineID, scanPipeline, "SELECT "+pipelineColumns+" FROM pipelines WHERE "+sqldb.In(r.q, "id", 1, ids)))
}

// Builds asks for builds.
func (r *Reads) Builds(ids []string, into map[string]Build) {
	r.ask(ids, mapped(into, buildID, scanBuild, "SELECT "+buildColumns+" FROM builds WHERE "+sqldb.In(r.q, "id", 1, ids)))
}

// Users asks for users.
func (r *Reads) Users(ids []string, into map[string]User) {
	r.ask(ids, mapped(into, userID, scanUser, "SELECT "+userColumns+" FROM users WHERE "+sqldb.In(r.q, "id", 1, ids)))
}

// Queues asks for queues.
func (r *Reads) Queues(ids []string, into map[string]Queue) {
	r.ask(ids, mapped(into, queueID, scanQueue, "SELECT "+queueColumns+" FROM queues WHERE "+sqldb.In(r.q, "id", 1, ids)))
}

// MetaData asks for the meta-data of builds, by build and key.
func (r *Reads) MetaData(buildIDs []string, into map[string]map[string]string) {
	r.ask(buildIDs, sqldb.Statement{
		SQL: "SELECT build_id, key, value FROM build_meta_data WHERE " + sqldb.In(r.q, "build_id", 1, buildIDs),
		Read: func(rows sqldb.Rows) error {
			for rows.Next() {
				m, err := scanMetaData(rows)
				if err != nil {
					return err
				}
				if into[m.BuildID] == nil {
					into[m.BuildID] = map[string]string{}
				}
				into[m.BuildID][m.Key] = m.Value
			}
			return rows.Err()
		},
	})
}

// Jobs asks for the jobs of several builds, in build order.
func (r *Reads) Jobs(buildIDs []string, includeRetried bool, into *[]*Job) {
	sql := "SELECT " + jobColumns + " FROM jobs WHERE " + sqldb.In(r.q, "build_id", 1, buildIDs)
	if !includeRetried {
		sql += " AND retried_in_job_id = ''"
	}
	r.ask(buildIDs, listed(into, scanJob, sql+jobOrder))
}

// PartsOfJobs asks for what jobs are shown with.
func (r *Reads) PartsOfJobs(jobIDs []string, into *JobParts) { r.parts("j.id", jobIDs, into) }

// PartsOfBuilds asks for what all jobs of builds are shown with.
func (r *Reads) PartsOfBuilds(buildIDs []string, into *JobParts) {
	r.parts("j.build_id", buildIDs, into)
}

func (r *Reads) parts(column string, ids []string, into *JobParts) {
	*into = JobParts{
		Steps: map[string]build.Step{}, Groups: map[string]StepGroup{}, Agents: map[string]Agent{}, Queues: map[string]Queue{},
	}
	r.ask(ids, sqldb.Statement{SQL: partsOfJobsSQL[r.q.Engine()] + sqldb.In(r.q, column, 1, ids), Read: into.read})
}

// Counts asks for how much goes on in pipelines; one in which nothing does is not among them.
func (r *Reads) Counts(pipelineIDs []string, into map[string]PipelineCounts) {
	counting := func(add func(c *PipelineCounts, state string, n int)) func(rows sqldb.Rows) error {
		return func(rows sqldb.Rows) error {
			for rows.Next() {
				var (
					id, state string
					n         int
				)
				if err := rows.Scan(&id, &state, &n); err != nil {
					return err
				}
				c := into[id]
				add(&c, state, n)
				into[id] = c
			}
			return rows.Err()
		}
	}
	of := sqldb.In(r.q, "pipeline_id", 1, pipelineIDs)
	r.ask(pipelineIDs, sqldb.Statement{
		SQL: "SELECT pipeline_id, state, count(*) FROM builds WHERE " + of + ` AND state IN ('creating', 'scheduled', 'running',
			'failing', 'canceling') GROUP BY pipeline_id, state`,
		Read: counting((*PipelineCounts).addBuilds),
	})
	// The list of states is the one of the partial index jobs_pipeline_open, so that only open jobs are looked at.
	r.ask(pipelineIDs, sqldb.Statement{
		SQL: "SELECT pipeline_id, state, count(*) FROM jobs WHERE " + of + ` AND type = 'script' AND state IN ('scheduled',
			'limited', 'limiting', 'reserved', 'assigned', 'accepted', 'running', 'canceling', 'timing_out', 'waiting', 'blocked')
			GROUP BY pipeline_id, state`,
		Read: counting((*PipelineCounts).addJobs),
	})
}

func pipelineID(p Pipeline) string { return p.ID }
func buildID(b Build) string       { return b.ID }
func userID(u User) string         { return u.ID }
func queueID(q Queue) string       { return q.ID }
