package store

import (
	"context"
	"maps"
	"slices"

	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// fewBuilds is how many builds are rather sorted than looked for in the whole history.
const fewBuilds = 1000

// sparse tells which filter leaves few builds. Such builds may be anywhere in the history, and their filter's index does
// not have them in its order: walking in order is right when many match, and sorting when few do.
type sparse struct {
	finished bool
	// metaData is the key of which few builds have the value.
	metaData string
}

func (s sparse) any() bool { return s.finished || s.metaData != "" }

// findFew looks for a filter that leaves few builds, in its index alone.
func (f BuildFilter) findFew(ctx context.Context, q sqldb.Queryer) (sparse, error) {
	if f.FinishedFrom != nil {
		c := conditions{q: q}
		f.ownerOnly(&c)
		c.add("finished_at >= ?", micros(*f.FinishedFrom))
		few, err := atMost(ctx, q, fewBuilds, "FROM builds"+c.where(), c.args)
		if err != nil || few {
			return sparse{finished: few}, err
		}
	}
	for _, key := range slices.Sorted(maps.Keys(f.MetaData)) {
		c := conditions{q: q}
		is := metaDataIs(&c, key, f.MetaData[key])
		few, err := atMost(ctx, q, fewBuilds, "FROM build_meta_data WHERE "+is, c.args)
		if err != nil || few {
			return sparse{metaData: key}, err
		}
	}
	return sparse{}, nil
}

func (f BuildFilter) ownerOnly(c *conditions) {
	if f.PipelineID != "" {
		c.add("pipeline_id = ?", f.PipelineID)
		return
	}
	c.add("organization_id = ?", f.OrganizationID)
}

// indexedValue is the part of a value that the index build_meta_data_value holds: PostgreSQL's have no room for more.
const indexedValue = 100

// metaDataIs renders that a row of build_meta_data has a value of a key.
func metaDataIs(c *conditions, key, value string) string {
	return "key = " + c.arg(key) + " AND substr(value, 1, 100) = " + c.arg(firstOf(value, indexedValue)) +
		" AND value = " + c.arg(value)
}

// firstOf returns the first n characters of a text.
func firstOf(text string, n int) string {
	for i := range text {
		if n == 0 {
			return text[:i]
		}
		n--
	}
	return text
}

// atMost reports whether a query finds no more than n rows.
func atMost(ctx context.Context, q sqldb.Queryer, n int, from string, args []any) (bool, error) {
	c := conditions{q: q, args: args}
	limit := c.arg(n + 1)
	var found int
	err := q.QueryRow(ctx, "SELECT count(*) FROM (SELECT 1 "+from+" LIMIT "+limit+") AS counted", c.args...).Scan(&found)
	return found <= n, err
}
