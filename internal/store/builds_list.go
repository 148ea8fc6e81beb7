package store

import (
	"context"
	"strings"
	"time"

	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// BuildFilter narrows a list of builds; zero fields do not. Lists are ORed, fields ANDed.
type BuildFilter struct {
	OrganizationID string
	PipelineID     string
	// Branches may hold `*`.
	Branches []string
	Commits  []string
	// States are the contract's, `finished` and `blocked` among them.
	States       []string
	CreatorID    string
	CreatedFrom  *time.Time
	CreatedTo    *time.Time
	FinishedFrom *time.Time
	MetaData     map[string]string
	// ExcludePaused drops builds whose open jobs all wait on paused queues.
	ExcludePaused bool
}

// finishedStates is what the filter `finished` stands for (contracts/rest/README.md, States).
var finishedStates = []string{"passed", "failed", "blocked", "canceled"}

func (f BuildFilter) conditions(q sqldb.Queryer) conditions {
	c := conditions{q: q}
	if f.PipelineID != "" {
		c.add("pipeline_id = ?", f.PipelineID)
	} else {
		c.add("organization_id = ?", f.OrganizationID)
	}
	f.addBranches(&c)
	f.addStates(&c)
	if len(f.Commits) > 0 {
		c.in("commit_sha", f.Commits)
	}
	if f.CreatorID != "" {
		c.add("creator_id = ?", f.CreatorID)
	}
	if f.CreatedFrom != nil {
		c.add("created_at >= ?", micros(*f.CreatedFrom))
	}
	if f.CreatedTo != nil {
		c.add("created_at < ?", micros(*f.CreatedTo))
	}
	if f.FinishedFrom != nil {
		c.add("finished_at >= ?", micros(*f.FinishedFrom))
	}
	for key, value := range f.MetaData {
		c.add(`EXISTS (SELECT 1 FROM build_meta_data m WHERE m.build_id = builds.id AND m.key = ? AND m.value = ?)`, key, value)
	}
	if f.ExcludePaused {
		c.parts = append(c.parts, `(moving_count = 0 OR EXISTS (SELECT 1 FROM jobs j LEFT JOIN queues q ON CAST(q.id AS text) = j.queue_id
			WHERE j.build_id = builds.id AND j.state IN ('scheduled', 'reserved', 'assigned', 'accepted', 'running', 'canceling', 'timing_out')
			AND (j.state <> 'scheduled' OR q.paused_at IS NULL)))`)
	}
	return c
}

func (f BuildFilter) addBranches(c *conditions) {
	var exact []string
	var parts []string
	for _, b := range f.Branches {
		if strings.Contains(b, "*") {
			parts = append(parts, "branch LIKE "+c.arg(likePattern(b))+` ESCAPE '\'`)
			continue
		}
		exact = append(exact, b)
	}
	if len(exact) > 0 {
		c.args = append(c.args, sqldb.List(c.q, exact))
		parts = append(parts, sqldb.In(c.q, "branch", len(c.args)))
	}
	c.any(parts)
}

func (f BuildFilter) addStates(c *conditions) {
	var states []string
	for _, s := range f.States {
		if s == "finished" {
			states = append(states, finishedStates...)
			continue
		}
		states = append(states, s)
	}
	if len(states) > 0 {
		c.in("state", states)
	}
}

// likePattern turns `*` wildcards into LIKE's.
func likePattern(glob string) string {
	return strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`, "*", "%").Replace(glob)
}

// ListBuilds returns a page of builds, newest first.
func ListBuilds(ctx context.Context, q sqldb.Queryer, f BuildFilter, p Page) ([]Build, error) {
	c := f.conditions(q)
	sql := "SELECT " + buildColumns + " FROM builds" + c.where() + " ORDER BY id DESC" + c.page(p)
	return list(ctx, q, scanBuild, sql, c.args...)
}

// CountBuilds counts builds up to limit.
func CountBuilds(ctx context.Context, q sqldb.Queryer, f BuildFilter, limit int) (int, error) {
	c := f.conditions(q)
	var n int
	err := q.QueryRow(ctx, "SELECT count(*) FROM (SELECT 1 FROM builds"+c.where()+" LIMIT "+c.arg(limit)+") AS counted",
		c.args...).Scan(&n)
	return n, err
}
