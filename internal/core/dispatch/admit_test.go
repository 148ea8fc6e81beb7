package dispatch_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/bridle-ci/bridle/internal/core/dispatch"
)

// group builds the members of a group from words: the id, what it does (holds, asks, waits), its limit, and a `!` with
// its priority when it is eager.
func group(t *testing.T, words ...string) []dispatch.Member {
	t.Helper()
	standings := map[string]dispatch.Standing{"waits": dispatch.Waits, "asks": dispatch.Asks, "holds": dispatch.Holds}
	var members []dispatch.Member
	for _, w := range words {
		var m dispatch.Member
		var standing string
		n, err := fmt.Sscanf(w, "%s %s %d !%d", &m.JobID, &standing, &m.Limit, &m.Priority)
		if n < 3 {
			t.Fatalf("%q: %v", w, err)
		}
		m.Standing, m.Eager = standings[standing], n == 4
		members = append(members, m)
	}
	return members
}

func TestAdmit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		members []string
		want    []string
	}{
		{"nobody", nil, nil},
		{"one of one", []string{"a asks 1"}, []string{"a"}},
		{"the first of two", []string{"a asks 1", "b asks 1"}, []string{"a"}},
		{"as many as the limit", []string{"a asks 2", "b asks 2", "c asks 2"}, []string{"a", "b"}},
		{"nobody while one holds", []string{"a holds 1", "b asks 1"}, nil},
		{"a holder behind counts", []string{"b asks 1", "a holds 1"}, nil},
		{"a waiting one ahead keeps its place", []string{"a waits 1", "b asks 1"}, nil},
		{"a waiting one behind does not matter", []string{"a asks 1", "b waits 1"}, []string{"a"}},
		{"room beside a waiting one", []string{"a waits 2", "b asks 2", "c asks 2"}, []string{"b"}},
		{"own limits: a refused one does not end the search", []string{"a holds 1", "b asks 1", "c asks 3"}, []string{"c"}},
		{"own limits: what queues ahead counts", []string{"a holds 1", "b asks 1", "c asks 2"}, nil},
		{"eager passes a waiting one", []string{"a waits 1 !0", "b asks 1 !0"}, []string{"b"}},
		{"eager up to its limit", []string{"a asks 2 !0", "b asks 2 !0", "c asks 2 !0"}, []string{"a", "b"}},
		{"eager by priority", []string{"a asks 1 !0", "b asks 1 !5", "c asks 1 !-3"}, []string{"b"}},
		{"eager by place for the same priority", []string{"a asks 2 !1", "b asks 2 !2", "c asks 2 !1"}, []string{"b", "a"}},
		{"eager with a greater limit", []string{"a holds 1", "b asks 1 !9", "c asks 2 !0"}, []string{"c"}},
		{"mixed: the one ahead goes first", []string{"a asks 1", "b asks 1 !0"}, []string{"a"}},
		{"mixed: an eager one ahead counts for ordered ones", []string{"a asks 1 !0", "b asks 1"}, []string{"a"}},
		{"mixed: a higher priority goes first", []string{"a asks 1", "b asks 1 !1"}, []string{"b"}},
		{"mixed: eager passes a waiting ordered one", []string{"a waits 1", "b asks 1", "c asks 1 !0"}, []string{"c"}},
		{"mixed: a granted one behind takes up room", []string{"a asks 2", "b asks 2", "c asks 2 !7"}, []string{"c", "a"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := dispatch.Admit(group(t, c.members...)); !slices.Equal(got, c.want) {
				t.Errorf("Admit = %v, want %v", got, c.want)
			}
		})
	}
}

// may is the rule of the contract for one member, word for word.
func may(members []dispatch.Member, i int) bool {
	m, counted := members[i], 0
	for j, other := range members {
		if other.Standing == dispatch.Holds || j < i && !m.Eager {
			counted++
		}
	}
	return m.Standing == dispatch.Asks && counted < m.Limit
}

func drawMember(t *rapid.T, id string) dispatch.Member {
	return dispatch.Member{
		JobID: id, Limit: rapid.IntRange(1, 4).Draw(t, "limit"), Eager: rapid.Bool().Draw(t, "eager"),
		Priority: rapid.IntRange(-1, 1).Draw(t, "priority"),
		Standing: rapid.SampledFrom([]dispatch.Standing{dispatch.Waits, dispatch.Asks, dispatch.Asks, dispatch.Holds}).Draw(t, "standing"),
	}
}

func TestAdmitFollowsTheRuleAndLeavesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var members []dispatch.Member
		for i := range rapid.IntRange(0, 12).Draw(t, "members") {
			members = append(members, drawMember(t, fmt.Sprint(i)))
		}
		for _, id := range dispatch.Admit(slices.Clone(members)) {
			i := slices.IndexFunc(members, func(m dispatch.Member) bool { return m.JobID == id })
			if !may(members, i) {
				t.Fatalf("%s may not start: %+v", id, members)
			}
			members[i].Standing = dispatch.Holds
		}
		for i := range members {
			if may(members, i) {
				t.Fatalf("%s may start and was left: %+v", members[i].JobID, members)
			}
		}
	})
}

// day is a simulated day of many groups: jobs come, become ready, start and end at random.
type day struct {
	t      *rapid.T
	groups [][]dispatch.Member
	born   int
}

// look gives out the slots of a group and checks every limit at the moment of its job's start.
func (d *day) look(g int) {
	members := d.groups[g]
	for _, id := range dispatch.Admit(members) {
		holders := 0
		for _, m := range members {
			if m.Standing == dispatch.Holds {
				holders++
			}
		}
		i := slices.IndexFunc(members, func(m dispatch.Member) bool { return m.JobID == id })
		if holders >= members[i].Limit {
			d.t.Fatalf("%d hold a slot when %+v starts", holders, members[i])
		}
		members[i].Standing = dispatch.Holds
	}
}

func (d *day) arrive(g int) {
	d.born++
	m := drawMember(d.t, fmt.Sprint(d.born))
	if m.Standing == dispatch.Holds {
		m.Standing = dispatch.Waits
	}
	d.groups[g] = append(d.groups[g], m)
}

// advance moves one member on: from waiting to asking, or from holding to its end.
func (d *day) advance(g, i int) {
	switch members := d.groups[g]; members[i].Standing {
	case dispatch.Waits:
		members[i].Standing = dispatch.Asks
	case dispatch.Holds:
		d.groups[g] = slices.Delete(members, i, i+1)
	}
}

func TestADayOfGroupsDrains(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := &day{t: t, groups: make([][]dispatch.Member, rapid.IntRange(1, 6).Draw(t, "groups"))}
		for range rapid.IntRange(1, 300).Draw(t, "events") {
			g := rapid.IntRange(0, len(d.groups)-1).Draw(t, "group")
			if n := len(d.groups[g]); n == 0 || rapid.Bool().Draw(t, "arrives") {
				d.arrive(g)
			} else {
				d.advance(g, rapid.IntRange(0, n-1).Draw(t, "member"))
			}
			d.look(g)
		}
		for g := range d.groups {
			d.drain(g)
		}
	})
}

// drain lets everything in a group get on: nobody may be left over.
func (d *day) drain(g int) {
	for range 2*len(d.groups[g]) + 1 {
		for i := len(d.groups[g]) - 1; i >= 0; i-- {
			d.advance(g, i)
		}
		d.look(g)
	}
	if len(d.groups[g]) > 0 {
		d.t.Fatalf("nobody gets on any more: %+v", d.groups[g])
	}
}

// BenchmarkAdmit looks at a group in which many wait for one.
func BenchmarkAdmit(b *testing.B) {
	for _, n := range []int{10, 1000, 10000} {
		members := make([]dispatch.Member, n)
		for i := range members {
			members[i] = dispatch.Member{JobID: fmt.Sprint(i), Standing: dispatch.Asks, Limit: 1, Eager: i%2 == 0, Priority: i % 7}
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				dispatch.Admit(members)
			}
		})
	}
}
