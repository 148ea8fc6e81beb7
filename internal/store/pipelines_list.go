package store

import (
	"context"

	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// PipelineFilter narrows a list of pipelines; Name and Repository are found anywhere in the text, whatever the case, and
// empty ones do not narrow.
type PipelineFilter struct {
	OrganizationID string
	Name           string
	Repository     string
}

func (f PipelineFilter) conditions(q sqldb.Queryer) conditions {
	c := conditions{q: q}
	c.add("organization_id = ?", f.OrganizationID)
	if f.Name != "" {
		c.contains("name", f.Name)
	}
	if f.Repository != "" {
		c.contains("repository", f.Repository)
	}
	return c
}

// contains appends: part is found somewhere in column, whatever the case of its letters.
func (c *conditions) contains(column, part string) {
	c.args = append(c.args, sqldb.Part(c.q, part))
	c.parts = append(c.parts, sqldb.Contains(c.q, column, len(c.args)))
}

// ListPipelines returns the pipelines that pass a filter, newest first.
func ListPipelines(ctx context.Context, q sqldb.Queryer, f PipelineFilter, p Page) ([]Pipeline, error) {
	c := f.conditions(q)
	page := c.page(p)
	return list(ctx, q, scanPipeline, "SELECT "+pipelineColumns+" FROM pipelines"+c.where()+" ORDER BY id DESC"+page, c.args...)
}

// CountPipelines counts what ListPipelines pages through.
func CountPipelines(ctx context.Context, q sqldb.Queryer, f PipelineFilter) (int, error) {
	return count(ctx, q, "pipelines", f.conditions(q))
}

// PipelineCounts is what moves in a pipeline. Jobs are those agents run.
type PipelineCounts struct {
	ScheduledBuilds int
	RunningBuilds   int
	ScheduledJobs   int
	RunningJobs     int
	WaitingJobs     int
}

// stateCount is how many builds or jobs of a pipeline are in a state.
type stateCount struct {
	pipelineID string
	state      string
	count      int
}

func scanStateCount(row scanner) (c stateCount, err error) {
	err = row.Scan(&c.pipelineID, &c.state, &c.count)
	return c, err
}

// CountsOfPipelines counts for several pipelines at once. A pipeline in which nothing moves is not in the map.
func CountsOfPipelines(ctx context.Context, q sqldb.Queryer, ids []string) (map[string]PipelineCounts, error) {
	counts := make(map[string]PipelineCounts, len(ids))
	if len(ids) == 0 {
		return counts, nil
	}
	builds, err := list(ctx, q, scanStateCount, "SELECT pipeline_id, state, count(*) FROM builds WHERE "+
		sqldb.In(q, "pipeline_id", 1, ids)+` AND state IN ('creating', 'scheduled', 'running', 'failing', 'canceling')
		GROUP BY pipeline_id, state`, sqldb.List(q, ids))
	if err != nil {
		return nil, err
	}
	for _, b := range builds {
		c := counts[b.pipelineID]
		switch b.state {
		case "creating", "scheduled":
			c.ScheduledBuilds += b.count
		default:
			c.RunningBuilds += b.count
		}
		counts[b.pipelineID] = c
	}
	// The list of states is the one of the partial index jobs_pipeline_open, so that only open jobs are looked at.
	jobs, err := list(ctx, q, scanStateCount, "SELECT pipeline_id, state, count(*) FROM jobs WHERE "+
		sqldb.In(q, "pipeline_id", 1, ids)+` AND type = 'script' AND state IN ('scheduled', 'limited', 'limiting', 'reserved',
		'assigned', 'accepted', 'running', 'canceling', 'timing_out', 'waiting', 'blocked')
		GROUP BY pipeline_id, state`, sqldb.List(q, ids))
	if err != nil {
		return nil, err
	}
	for _, j := range jobs {
		c := counts[j.pipelineID]
		switch j.state {
		case "waiting", "blocked":
			c.WaitingJobs += j.count
		case "scheduled", "limited", "limiting", "reserved":
			c.ScheduledJobs += j.count
		default:
			c.RunningJobs += j.count
		}
		counts[j.pipelineID] = c
	}
	return counts, nil
}
