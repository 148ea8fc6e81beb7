package store

import (
	"cmp"
	"context"
	"strings"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

const jobOrder = " ORDER BY step_path, idx, id"

// CompareJobs compares the places of two jobs of a build, as ListJobs orders them.
func CompareJobs(a, b *Job) int {
	return cmp.Or(strings.Compare(a.StepPath, b.StepPath), cmp.Compare(a.Index, b.Index), strings.Compare(a.ID, b.ID))
}

// JobFilter narrows a list of one build's jobs.
type JobFilter struct {
	BuildID string
	// StepIDs, when not nil, are the steps whose jobs are wanted.
	StepIDs        []string
	IncludeRetried bool
	// After and Before are the ids of jobs of the build, exclusive.
	After  *Job
	Before *Job
	Limit  int
}

// ListJobs returns jobs of a build in build order. With Before alone the page that ends there is returned.
func ListJobs(ctx context.Context, q sqldb.Queryer, f JobFilter) ([]*Job, error) {
	c := conditions{q: q}
	c.add("build_id = ?", f.BuildID)
	if !f.IncludeRetried {
		c.parts = append(c.parts, "retried_in_job_id = ''")
	}
	if f.StepIDs != nil {
		c.in("step_id", f.StepIDs)
	}
	order := jobOrder
	switch {
	case f.After != nil:
		c.add("(step_path, idx, id) > (?, ?, ?)", f.After.StepPath, f.After.Index, f.After.ID)
	case f.Before != nil:
		c.add("(step_path, idx, id) < (?, ?, ?)", f.Before.StepPath, f.Before.Index, f.Before.ID)
		order = " ORDER BY step_path DESC, idx DESC, id DESC"
	}
	sql := "SELECT " + jobColumns + " FROM jobs" + c.where() + order
	if f.Limit > 0 {
		sql += " LIMIT " + c.arg(f.Limit)
	}
	jobs, err := list(ctx, q, scanJob, sql, c.args...)
	if f.After == nil && f.Before != nil {
		for i, j := 0, len(jobs)-1; i < j; i, j = i+1, j-1 {
			jobs[i], jobs[j] = jobs[j], jobs[i]
		}
	}
	return jobs, err
}

// JobsOfSteps returns the latest attempts of steps' jobs.
func JobsOfSteps(ctx context.Context, q sqldb.Queryer, stepIDs []string) ([]*Job, error) {
	if len(stepIDs) == 0 {
		return nil, nil
	}
	return list(ctx, q, scanJob, "SELECT "+jobColumns+" FROM jobs WHERE "+sqldb.In(q, "step_id", 1, stepIDs)+
		" AND retried_in_job_id = ''"+jobOrder, sqldb.List(q, stepIDs))
}

// JobsInStates returns the latest attempts of a build that are in one of the states.
func JobsInStates(ctx context.Context, q sqldb.Queryer, buildID string, states []build.JobState) ([]*Job, error) {
	words := make([]string, len(states))
	for i, s := range states {
		words[i] = string(s)
	}
	return list(ctx, q, scanJob, "SELECT "+jobColumns+" FROM jobs WHERE build_id = $1 AND "+sqldb.In(q, "state", 2, words)+
		" AND retried_in_job_id = ''"+jobOrder, buildID, sqldb.List(q, words))
}

// GetJobs returns those of the jobs that exist, by id.
func GetJobs(ctx context.Context, q sqldb.Queryer, ids []string) (map[string]*Job, error) {
	jobs := make(map[string]*Job, len(ids))
	if len(ids) == 0 {
		return jobs, nil
	}
	items, err := list(ctx, q, scanJob, "SELECT "+jobColumns+" FROM jobs WHERE "+sqldb.In(q, "id", 1, ids), sqldb.List(q, ids))
	for _, j := range items {
		jobs[j.ID] = j
	}
	return jobs, err
}
