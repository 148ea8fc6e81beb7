package store

import (
	"context"
	"maps"
	"slices"
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

// buildOrder is newest first, as every index for lists of builds ends.
const buildOrder = " ORDER BY created_at DESC, id DESC"

// ListBuilds returns a page of builds, newest first.
//
// The inner query finds the page's ids in an index that has the filter's columns followed by the order, so that neither
// the history nor the depth of the page costs rows to be read or sorted.
func ListBuilds(ctx context.Context, q sqldb.Queryer, f BuildFilter, p Page) ([]Build, error) {
	few, err := f.findFew(ctx, q)
	if err != nil {
		return nil, err
	}
	if !few.any() && f.choice().crowded() {
		return f.listCrowded(ctx, q, p)
	}
	return f.list(ctx, q, few, p)
}

// list returns a page, by the index of what is known to leave few builds or else in order.
func (f BuildFilter) list(ctx context.Context, q sqldb.Queryer, few sparse, p Page) ([]Build, error) {
	c := conditions{q: q}
	page := f.page(&c, few, p)
	return list(ctx, q, scanBuild, "SELECT "+buildColumns+" FROM ("+page+") AS page JOIN builds ON id = page_id"+buildOrder, c.args...)
}

// CountBuilds counts builds up to limit.
func CountBuilds(ctx context.Context, q sqldb.Queryer, f BuildFilter, limit int) (int, error) {
	few, err := f.findFew(ctx, q)
	if err != nil {
		return 0, err
	}
	if !few.any() && f.choice().crowded() {
		named, complete, err := f.named(ctx, q)
		switch {
		case err != nil:
			return 0, err
		case complete && len(named.Branches) == 0:
			return 0, nil
		case complete:
			f = named
		}
	}
	few.unordered = true
	c := conditions{q: q}
	f.scope(&c)
	f.choose(&c, f.choice(), few)
	from := f.rest(&c, few)
	var n int
	err = q.QueryRow(ctx, "SELECT count(*) FROM (SELECT 1 FROM "+from+c.where()+" LIMIT "+c.arg(limit)+") AS counted",
		c.args...).Scan(&n)
	return n, err
}

// page renders the query for the ids of a page.
func (f BuildFilter) page(c *conditions, few sparse, p Page) string {
	if few.any() {
		f.scope(c)
		f.choose(c, f.choice(), few)
		from := f.rest(c, few)
		// The sum keeps the engine from walking the whole history in its order: the few are sorted instead.
		return "SELECT id AS page_id FROM " + from + c.where() + " ORDER BY created_at + 0 DESC, id DESC" + c.page(p)
	}
	arms := f.choice().arms()
	if len(arms) == 1 {
		f.arm(c, arms[0])
		return "SELECT id AS page_id FROM builds" + c.where() + buildOrder + c.page(p)
	}
	// The engine would sort all builds of several states or branches; each of them is in order already.
	depth := c.arg(p.Offset + p.Limit)
	texts := make([]string, len(arms))
	for i, arm := range arms {
		one := conditions{q: c.q, args: c.args}
		f.arm(&one, arm)
		c.args = one.args
		texts[i] = "SELECT * FROM (SELECT id, created_at FROM builds" + one.where() + buildOrder + " LIMIT " + depth + ") AS arm"
	}
	return "SELECT id AS page_id FROM (" + strings.Join(texts, " UNION ALL ") + ") AS merged" + buildOrder + c.page(p)
}

func (f BuildFilter) arm(c *conditions, choice buildChoice) {
	f.scope(c)
	f.choose(c, choice, sparse{})
	f.rest(c, sparse{})
}

// choose renders a choice. It lets the index by branch and state be used unless another is better, by the creator or by
// what leaves few builds, or several states would spoil the order.
func (f BuildFilter) choose(c *conditions, choice buildChoice, few sparse) {
	choice.conditions(c, few)
	better := f.CreatorID != "" || few.any() && few.by != "branch"
	if len(choice.branches) > 0 && choice.otherwise() && !better && (len(choice.states) == 1 || few.any() || few.unordered) {
		c.parts = append(c.parts, endedOtherwise)
	}
}

// scope is whose builds are listed.
func (f BuildFilter) scope(c *conditions) {
	if f.PipelineID != "" {
		c.add("pipeline_id = ?", f.PipelineID)
	}
	if f.PipelineID == "" || len(f.Commits) > 0 {
		c.add("organization_id = ?", f.OrganizationID) // where the index of commits begins
	}
}

// rest is the conditions beside scope and choice. It returns the tables to select from.
func (f BuildFilter) rest(c *conditions, few sparse) (from string) {
	from = "builds"
	if f.CreatorID != "" {
		column := few.column("creator_id")
		if f.choice().leavesFew() {
			column = "CAST(creator_id AS text)" // not by its index
		}
		c.add(column+" = ?", f.CreatorID)
	}
	if f.CreatedFrom != nil {
		c.add("created_at >= ?", micros(*f.CreatedFrom))
	}
	if f.CreatedTo != nil {
		c.add("created_at < ?", micros(*f.CreatedTo))
	}
	if f.FinishedFrom != nil {
		column := "finished_at + 0" // no use of its index
		if few.by == "finished_at" || few.unordered && !few.any() {
			column = "finished_at"
		}
		c.add(column+" >= ?", micros(*f.FinishedFrom))
	}
	for _, key := range slices.Sorted(maps.Keys(f.MetaData)) {
		if few.metaData == key {
			from = "build_meta_data CROSS JOIN builds" // in this order, as SQLite takes a cross join at its word
			c.parts = append(c.parts, metaDataIs(c, key, f.MetaData[key])+" AND build_id = id")
			continue
		}
		c.add("EXISTS (SELECT 1 FROM build_meta_data m WHERE m.build_id = builds.id AND m.key = ? AND m.value = ?)", key, f.MetaData[key])
	}
	if f.ExcludePaused {
		c.parts = append(c.parts, `(moving_count = 0 OR EXISTS (SELECT 1 FROM jobs j LEFT JOIN queues q ON CAST(q.id AS text) = j.queue_id
			WHERE j.build_id = builds.id AND j.state IN ('scheduled', 'reserved', 'assigned', 'accepted', 'running', 'canceling', 'timing_out')
			AND (j.state <> 'scheduled' OR q.paused_at IS NULL)))`)
	}
	return from
}
