package compat

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// story is something that clients do with a server.
type story struct {
	name string
	// both is whether it is told on both engines, and not on SQLite alone.
	both bool
	tell func(t *testing.T, s *server)
}

var stories = []story{
	{"accounts", false, tellAccounts},
	{"pipelines", true, tellPipelines},
	{"source hosts", false, tellSourceHosts},
	{"schedules", true, tellSchedules},
	{"builds and jobs", true, tellBuildsAndJobs},
	{"artifacts", false, tellArtifacts},
	{"annotations", false, tellAnnotations},
	{"agents", false, tellAgents},
	{"old agent calls", false, tellOldAgentCalls},
	{"blocks", true, tellBlocks},
	{"clusters", true, tellClusters},
	{"errors of clusters", false, tellClusterErrors},
	{"maintainers", false, tellMaintainers},
	{"limits", true, tellLimits},
	{"rows of meta", false, tellRowsOfMeta},
	{"rows of pipelines", true, tellRowsOfPipelines},
	{"rows of clusters", true, tellRowsOfClusters},
	{"rows of jobs", true, tellRowsOfJobs},
	{"values", false, tellValues},
}

// TestCoverage tells every story of the REST API and then prints how much of the contract and of the official client they
// were about: it fails when a row, a key or a method of the groups that are served is missing.
func TestCoverage(t *testing.T) {
	t.Parallel()
	whole, told := newJournal(), new(atomic.Int32)
	t.Run("stories", func(t *testing.T) {
		for _, story := range stories {
			t.Run(story.name, func(t *testing.T) {
				t.Parallel()
				tell := func(t *testing.T, s *server) {
					s.journal = whole
					story.tell(t, s)
				}
				if story.both {
					onBothEngines(t, tell)
				} else {
					tell(t, startServer(t))
				}
				told.Add(1)
			})
		}
	})
	if int(told.Load()) < len(stories) {
		t.Log("not every story was told, so nothing is counted")
		return
	}
	groups := readGroups(t)
	t.Logf("served of the contract, and exercised of go-buildkite:\n%s", whole.table(groups))
	whole.judge(t, groups)
	for _, name := range whole.served {
		if !slices.Contains(servedGroups, name) {
			t.Errorf("the server's description has the group %s, which is not counted", name)
		}
	}
}

// table is how much was seen of each group.
func (j *journal) table(groups []group) string {
	var b strings.Builder
	line := func(name, rows, keys, methods string) {
		fmt.Fprintf(&b, "%-41s %8s %8s %8s\n", name, rows, keys, methods)
	}
	line("", "rows", "keys", "methods")
	served, later := split(groups)
	total := sum(served)
	for _, g := range append(served, total) {
		line(g.name, share(j.rows, g.rows), share(j.keys, possible(g.keys)), share(j.methods, g.methods))
	}
	for _, g := range later {
		line("later: "+g.name, share(j.rows, g.rows), "", share(j.methods, g.methods))
	}
	fmt.Fprintf(&b, "%d more keys cannot have a value yet, and %d take long; groups_test.go has the reasons\n",
		len(total.keys)-len(possible(total.keys))-len(takesLong), len(takesLong))
	return b.String()
}

// judge fails the test for what is missing of the groups that are served, and for what occurs that cannot.
func (j *journal) judge(t *testing.T, groups []group) {
	t.Helper()
	served, _ := split(groups)
	if len(served) != len(servedGroups) {
		t.Errorf("%d groups are served, and the contract has %d of them", len(servedGroups), len(served))
	}
	total := sum(served)
	for what, lists := range map[string]struct {
		seen map[string]bool
		all  []string
	}{"row": {j.rows, total.rows}, "key": {j.keys, possible(total.keys)}, "method": {j.methods, total.methods}} {
		for _, name := range lists.all {
			if !lists.seen[name] {
				t.Errorf("missing: the %s %s", what, name)
			}
		}
	}
	known := map[string]bool{}
	for _, key := range total.keys {
		name, reason := reasonFor(key)
		known[name] = true
		if reason != "" && takesLong[key] == "" && j.keys[key] {
			t.Errorf("the key %s has a value, though %s", key, reason)
		}
	}
	for _, reasons := range []map[string]string{cannotOccur, takesLong} {
		for name := range reasons {
			if !known[name] {
				t.Errorf("there is a reason for %s, which is no key of these groups", name)
			}
		}
	}
}

// split tells the groups that are served from those that come later.
func split(groups []group) (served, later []group) {
	for _, g := range groups {
		if slices.Contains(servedGroups, g.name) {
			served = append(served, g)
		} else {
			later = append(later, g)
		}
	}
	return served, later
}

// sum is all that groups have, once each.
func sum(groups []group) group {
	total := group{name: "total"}
	for _, g := range groups {
		total.rows = append(total.rows, g.rows...)
		total.keys = append(total.keys, g.keys...)
		total.methods = append(total.methods, g.methods...)
	}
	slices.Sort(total.keys)
	total.keys = slices.Compact(total.keys)
	return total
}

// possible are the keys that a running server can be seen to have a value for.
func possible(keys []string) []string {
	return slices.DeleteFunc(slices.Clone(keys), func(key string) bool {
		_, reason := reasonFor(key)
		return reason != ""
	})
}

// reasonFor returns the name under which there is a reason for a key not to be seen, and the reason, which is empty for
// keys that must be.
func reasonFor(key string) (name, reason string) {
	object, _, _ := strings.Cut(key, ".")
	if whole := object + ".*"; cannotOccur[whole] != "" {
		return whole, cannotOccur[whole]
	}
	return key, cannotOccur[key] + takesLong[key]
}

// share is how many of all were seen.
func share(seen map[string]bool, all []string) string {
	n := 0
	for _, name := range all {
		if seen[name] {
			n++
		}
	}
	if len(all) == 0 {
		return "-"
	}
	return fmt.Sprintf("%d/%d", n, len(all))
}
