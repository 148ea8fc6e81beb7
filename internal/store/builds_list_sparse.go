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
// not have them in its order, or is not the one an engine would choose: walking in order is right when many match, and
// sorting when few do.
type sparse struct {
	// by is the column of builds by whose index the few are found.
	by string
	// metaData is the key of which few builds have the value.
	metaData string
	// unordered is for counting: any index is good for any number.
	unordered bool
}

func (s sparse) any() bool { return s.by != "" || s.metaData != "" }

// column renders a column, by whose index builds are found unless another one leaves few.
func (s sparse) column(name string) string {
	switch {
	case s.by == name || s.by == "":
		return name
	case name == "creator_id":
		return "CAST(creator_id AS text)"
	}
	return name + " || ''"
}

// findFew looks for a filter that leaves few builds, in its index alone.
func (f BuildFilter) findFew(ctx context.Context, q sqldb.Queryer) (sparse, error) {
	if f.FinishedFrom != nil {
		few, err := f.matchesFew(ctx, q, fewBuilds, func(c *conditions) { c.add("finished_at >= ?", micros(*f.FinishedFrom)) })
		if err != nil || few {
			return sparse{by: "finished_at"}, err
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
	return f.fewOfCreator(ctx, q)
}

// fewOfCreator looks at the choices beside a creator, as no index has both: some people make few builds and some programs
// nearly all.
func (f BuildFilter) fewOfCreator(ctx context.Context, q sqldb.Queryer) (sparse, error) {
	ch := f.choice()
	if f.CreatorID == "" || len(f.Branches)+len(ch.states) == 0 || ch.leavesFew() {
		return sparse{}, nil
	}
	looks := []struct {
		column string
		values []string
	}{
		{"creator_id", []string{f.CreatorID}},
		{"branch", ch.branches},
		{"state", ch.states},
	}
	for _, look := range looks {
		if len(look.values) == 0 || look.column == "branch" && len(ch.patterns) > 0 {
			continue
		}
		few, err := f.matchesFew(ctx, q, fewBuilds, func(c *conditions) { c.in(look.column, look.values) })
		if err != nil || few {
			return sparse{by: look.column}, err
		}
	}
	return sparse{}, nil
}

// matchesFew reports whether no more than most of the owner's builds meet a condition.
func (f BuildFilter) matchesFew(ctx context.Context, q sqldb.Queryer, most int, condition func(c *conditions)) (bool, error) {
	c := conditions{q: q}
	f.ownerOnly(&c)
	condition(&c)
	return atMost(ctx, q, most, "FROM builds"+c.where(), c.args)
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
