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

func (c *PipelineCounts) addBuilds(state string, n int) {
	switch state {
	case "creating", "scheduled":
		c.ScheduledBuilds += n
	default:
		c.RunningBuilds += n
	}
}

func (c *PipelineCounts) addJobs(state string, n int) {
	switch state {
	case "waiting", "blocked":
		c.WaitingJobs += n
	case "scheduled", "limited", "limiting", "reserved":
		c.ScheduledJobs += n
	default:
		c.RunningJobs += n
	}
}

// CountsOfPipelines counts for several pipelines at once. A pipeline in which nothing moves is not in the map.
func CountsOfPipelines(ctx context.Context, q sqldb.Queryer, ids []string) (map[string]PipelineCounts, error) {
	counts := make(map[string]PipelineCounts, len(ids))
	r := NewReads(q)
	r.Counts(ids, counts)
	return counts, r.Do(ctx)
}
