package store

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

const (
	// newestLooked is how many of the newest builds are looked at first for branches of a pattern.
	newestLooked = 2000
	// branchesLooked is how many names of branches are looked at for the ones of a pattern.
	branchesLooked = 5000
	// fewOnBranches is how many builds of known branches are rather sorted than walked to: their index has the order in it,
	// so that no rows are read for that.
	fewOnBranches = 10_000
)

// crowded reports whether the builds may be on more branches than there can be ordered parts, and no other choice leaves
// less to look at.
func (ch buildChoice) crowded() bool {
	return (len(ch.patterns) > 0 || len(ch.branches) > maxArms) && !ch.leavesFew()
}

// listCrowded returns a page of builds on branches of a pattern, or on very many. Mostly the newest builds fill the page.
// Where they do not, the branches are found by their names: the builds of a few branches are read as ordered parts, few
// builds of many branches are sorted, and many of many are walked to.
func (f BuildFilter) listCrowded(ctx context.Context, q sqldb.Queryer, p Page) ([]Build, error) {
	if p.Offset+p.Limit < newestLooked {
		newest, found, err := f.newest(ctx, q)
		if err != nil {
			return nil, err
		}
		if !found {
			return f.list(ctx, q, sparse{}, p)
		}
		if builds, err := newest.list(ctx, q, sparse{}, p); err != nil || len(builds) == p.Limit {
			return builds, err
		}
	}
	named, complete, err := f.named(ctx, q)
	switch {
	case err != nil:
		return nil, err
	case !complete:
		return f.list(ctx, q, sparse{}, p)
	case len(named.Branches) == 0:
		return nil, nil
	case len(named.Branches) <= maxArms:
		return named.list(ctx, q, sparse{}, p)
	}
	few, err := f.matchesFew(ctx, q, fewOnBranches, func(c *conditions) { c.in("branch", named.Branches) })
	switch {
	case err != nil:
		return nil, err
	case few:
		return named.list(ctx, q, sparse{by: "branch"}, p)
	}
	return f.list(ctx, q, sparse{}, p) // a pattern is looked at faster than a long list
}

// newest narrows a list to newestLooked builds of its owner, or says that there are not that many. The one or other filter
// whose index is in order is heeded, as it will be by the list.
func (f BuildFilter) newest(ctx context.Context, q sqldb.Queryer) (BuildFilter, bool, error) {
	all := BuildFilter{
		OrganizationID: f.OrganizationID, PipelineID: f.PipelineID, CreatedFrom: f.CreatedFrom, CreatedTo: f.CreatedTo,
	}
	switch states := f.choice().states; {
	case f.CreatorID != "":
		all.CreatorID = f.CreatorID
	case len(states) == 1:
		all.States = states
	}
	c := conditions{q: q}
	all.arm(&c, all.choice())
	page := c.page(Page{Limit: 1, Offset: newestLooked - 1})
	var oldest int64
	err := notFound(q.QueryRow(ctx, "SELECT created_at FROM builds"+c.where()+buildOrder+page, c.args...).Scan(&oldest))
	if errors.Is(err, ErrNotFound) {
		return f, false, nil
	}
	from := time.UnixMicro(oldest)
	f.CreatedFrom = &from
	return f, err == nil, err
}

// named replaces the patterns of a filter by the branches that there are. It is not complete where the names to look at
// are too many.
//
// The next name after one is found by the index of branches, so that this costs as much as there are names and not builds.
// Only names between the beginnings of the patterns can match.
func (f BuildFilter) named(ctx context.Context, q sqldb.Queryer) (named BuildFilter, complete bool, err error) {
	ch := f.choice()
	if len(ch.patterns) == 0 {
		return f, true, nil
	}
	c := conditions{q: q}
	f.ownerOnly(&c)
	from, to := span(ch.patterns)
	if to != "" {
		c.add("branch < ?", to)
	}
	next := "(SELECT min(branch) FROM builds" + c.where() + " AND branch "
	first := next + ">= " + c.arg(from) + ")"
	var matches []string
	for _, p := range ch.patterns {
		c.args = append(c.args, sqldb.Pattern(q, p))
		matches = append(matches, sqldb.Matches(q, "branch", len(c.args)))
	}
	most := c.arg(branchesLooked)
	rows, err := list(ctx, q, scanPlaced, `WITH RECURSIVE names (branch, place) AS (
			SELECT `+first+`, 1
			UNION ALL SELECT `+next+`> names.branch), place + 1 FROM names WHERE names.branch IS NOT NULL AND place <= `+most+`
		) SELECT branch, place FROM names WHERE branch IS NOT NULL AND (place > `+most+` OR `+strings.Join(matches, " OR ")+`)`, c.args...)
	if err != nil {
		return f, false, err
	}
	f.Branches = slices.Clone(ch.branches)
	for _, row := range rows {
		if row.place > branchesLooked {
			return f, false, nil
		}
		f.Branches = append(f.Branches, row.branch)
	}
	f.Branches = distinct(f.Branches)
	return f, true, nil
}

// placed is a branch and its place among those looked at.
type placed struct {
	branch string
	place  int
}

func scanPlaced(row scanner) (p placed, err error) {
	err = row.Scan(&p.branch, &p.place)
	return p, err
}

// span returns between which texts all that patterns match is: from the first to before the second, which is empty when
// there is no end.
func span(patterns []string) (from, to string) {
	starts := make([]string, len(patterns))
	for i, p := range patterns {
		starts[i], _, _ = strings.Cut(p, "*")
		end := after(starts[i])
		if end == "" {
			return "", "" // everything, or nearly
		}
		to = max(to, end)
	}
	return slices.Min(starts), to
}

// after returns the first text, by bytes, that is behind all texts with a beginning. Behind some there is none: it is empty.
func after(start string) string {
	for start != "" {
		last, size := utf8.DecodeLastRuneInString(start)
		start = start[:len(start)-size]
		switch {
		case last == utf8.MaxRune, last == utf8.RuneError && size == 1:
			continue
		case last == '\ud7ff':
			return start + "\ue000"
		}
		return start + string(last+1)
	}
	return ""
}
