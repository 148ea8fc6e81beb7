package store

import (
	"slices"
	"strings"

	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// maxArms is into how many ordered parts a list of builds is split; filters beyond are looked at row by row.
const maxArms = 16

// buildChoice is the filters of which a build must have one of several values.
type buildChoice struct {
	commits, branches, states []string
	// patterns are branches with `*`, beside the exact ones.
	patterns []string
}

// choice sorts the filter's lists.
func (f BuildFilter) choice() buildChoice {
	out := buildChoice{commits: distinct(f.Commits)}
	for _, b := range distinct(f.Branches) {
		if strings.Contains(b, "*") {
			out.patterns = append(out.patterns, b)
		} else {
			out.branches = append(out.branches, b)
		}
	}
	for _, s := range f.States {
		if s == "finished" {
			out.states = append(out.states, finishedStates...)
		} else {
			out.states = append(out.states, s)
		}
	}
	out.states = distinct(out.states)
	return out
}

// arms splits a choice into ones of single values, as far as maxArms allows. No build is in two of them.
func (ch buildChoice) arms() []buildChoice {
	arms := []buildChoice{ch}
	for _, list := range []struct {
		values []string
		set    func(*buildChoice, []string)
	}{
		{ch.commits, func(arm *buildChoice, one []string) { arm.commits = one }},
		{ch.branches, func(arm *buildChoice, one []string) { arm.branches = one }},
		{ch.states, func(arm *buildChoice, one []string) { arm.states = one }},
	} {
		if len(list.values) < 2 || len(arms)*len(list.values) > maxArms || len(ch.patterns) > 0 {
			continue
		}
		split := make([]buildChoice, 0, len(arms)*len(list.values))
		for _, arm := range arms {
			for i := range list.values {
				list.set(&arm, list.values[i:i+1])
				split = append(split, arm)
			}
		}
		arms = split
	}
	return arms
}

// conditions renders the choice.
func (ch buildChoice) conditions(c *conditions, few sparse) {
	var branches []string
	if len(ch.branches) > 0 {
		column := few.column("branch")
		if ch.open() {
			column = "branch || ''" // not by its index: builds that are open are few, and branches may be long
		}
		branches = append(branches, c.oneOf(column, ch.branches))
	}
	for _, p := range ch.patterns {
		c.args = append(c.args, sqldb.Pattern(c.q, p))
		// Not by the index of branches: what a pattern matches would have to be sorted, and may be the whole history. Of a
		// function, PostgreSQL believes that half the rows meet it, and of LIKE that nearly none do.
		branches = append(branches, "coalesce("+sqldb.Matches(c.q, "branch", len(c.args))+", false)")
	}
	c.any(branches)
	if len(ch.commits) > 0 {
		c.parts = append(c.parts, c.oneOf("commit_sha", ch.commits))
	}
	if len(ch.states) > 0 {
		c.parts = append(c.parts, c.oneOf(few.column("state"), ch.states))
	}
}

// endedOtherwise is the condition of the builds in the indexes by branch and state, in the words by which engines know that
// a query is about these.
const endedOtherwise = "state <> 'passed' AND state <> 'running' AND state <> 'scheduled' AND state <> 'failing'" +
	" AND state <> 'creating' AND state <> 'canceling'"

// otherwise reports whether every build that is wanted ended otherwise than by passing.
func (ch buildChoice) otherwise() bool {
	return len(ch.states) > 0 && !slices.ContainsFunc(ch.states, func(state string) bool {
		return !slices.Contains([]string{"failed", "blocked", "canceled", "skipped", "not_run"}, state)
	})
}

// leavesFew reports whether a choice leaves few builds, whatever else is asked for.
func (ch buildChoice) leavesFew() bool { return len(ch.commits) > 0 || ch.open() }

// open reports whether only unfinished builds are wanted.
func (ch buildChoice) open() bool {
	return len(ch.states) > 0 && !slices.ContainsFunc(ch.states, func(state string) bool {
		return !slices.Contains([]string{"creating", "scheduled", "running", "failing", "canceling"}, state)
	})
}

// oneOf renders that a column has one of some values. A single one is an equation, by which an index stays in order.
func (c *conditions) oneOf(column string, values []string) string {
	c.args = append(c.args, sqldb.List(c.q, values))
	return sqldb.In(c.q, column, len(c.args), values)
}

// distinct drops repetitions.
func distinct(values []string) []string {
	var out []string
	seen := make(map[string]bool, len(values))
	for _, v := range values {
		if !seen[v] {
			seen[v] = true
			out = append(out, v)
		}
	}
	return out
}
