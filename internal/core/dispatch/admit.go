package dispatch

import (
	"cmp"
	"slices"
)

// Standing is what a member does in its concurrency group (docs/contract/pipelines.md, section 12).
type Standing int

// Standings.
const (
	// Waits for its dependencies, and keeps its place in the queue meanwhile.
	Waits Standing = iota
	// Asks for a slot: nothing else holds it back.
	Asks
	// Holds a slot, until it ends.
	Holds
)

// Member is a job of a concurrency group that has not ended.
type Member struct {
	JobID    string
	Standing Standing
	// Limit is the member's own: how many may hold a slot once it does.
	Limit int
	// Eager members pass those ahead of them, and come by priority.
	Eager    bool
	Priority int
}

// Admit returns which members of one group get a slot now, in the order in which they do. Members come in the order of
// the queue: by age, then by place in the build.
//
// An ordered member gets one while those that hold a slot and those that queue ahead of it are fewer than its limit; an
// eager one while those that hold a slot are. A member that is refused keeps its place and does not end the search.
// Where both an ordered and an eager member could go next, the one ahead does, unless the eager one has the higher
// priority.
func Admit(members []Member) []string {
	a := admission{members: members, granted: make([]bool, len(members))}
	for i, m := range members {
		switch {
		case m.Standing == Holds:
			a.holders++
		case m.Standing == Asks && m.Eager:
			a.eager = append(a.eager, i)
		case m.Standing == Asks:
			a.ordered = append(a.ordered, i)
		}
	}
	slices.SortStableFunc(a.eager, func(x, y int) int { return cmp.Compare(members[y].Priority, members[x].Priority) })
	return a.run()
}

// admission is one pass over a group.
type admission struct {
	members []Member
	granted []bool
	holders int
	// eager and ordered are the members still to be examined, as indexes into members.
	eager, ordered []int
	// passed counts the members ahead of the index at that wait or ask.
	at, passed int
	admitted   []string
}

func (a *admission) run() []string {
	for len(a.eager)+len(a.ordered) > 0 {
		if a.eagerIsNext() {
			i := a.eager[0]
			a.eager = a.eager[1:]
			if a.holders < a.members[i].Limit {
				a.grant(i)
			}
			continue
		}
		i := a.ordered[0]
		a.ordered = a.ordered[1:]
		if a.holders+a.queuedAhead(i) < a.members[i].Limit {
			a.grant(i)
		}
	}
	return a.admitted
}

func (a *admission) eagerIsNext() bool {
	if len(a.eager) == 0 || len(a.ordered) == 0 {
		return len(a.ordered) == 0
	}
	e, o := a.eager[0], a.ordered[0]
	return e < o || a.members[e].Priority > a.members[o].Priority
}

func (a *admission) grant(i int) {
	a.granted[i] = true
	a.holders++
	a.admitted = append(a.admitted, a.members[i].JobID)
	if i < a.at {
		a.passed--
	}
}

// queuedAhead counts the members ahead of i that wait or ask. Ordered members are examined from front to back, so the
// count goes on from where it was.
func (a *admission) queuedAhead(i int) int {
	for ; a.at < i; a.at++ {
		if a.members[a.at].Standing != Holds && !a.granted[a.at] {
			a.passed++
		}
	}
	return a.passed
}
