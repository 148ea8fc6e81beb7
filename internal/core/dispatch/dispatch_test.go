package dispatch_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/bridle-ci/bridle/internal/core/dispatch"
)

func TestMatches(t *testing.T) {
	t.Parallel()
	tags := []string{"queue=default", "os=linux", "os=debian", "docker", "ruby=1.9.3"}
	for _, c := range []struct {
		name  string
		rules []string
		want  bool
	}{
		{"no rules", nil, true},
		{"exact pair", []string{"os=linux"}, true},
		{"second value of one key", []string{"os=debian"}, true},
		{"both values", []string{"os=linux", "os=debian"}, true},
		{"other value", []string{"os=windows"}, false},
		{"any value by star", []string{"os=*"}, true},
		{"any value by blank", []string{"os="}, true},
		{"bare key", []string{"os"}, true},
		{"bare tag by bare key", []string{"docker"}, true},
		{"missing key", []string{"gpu"}, false},
		{"missing key by star", []string{"gpu=*"}, false},
		{"partial wildcard is literal", []string{"ruby=1.9*"}, false},
		{"queue is placement", []string{"queue=other"}, true},
		{"one of two fails", []string{"os=linux", "gpu=*"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := dispatch.Matches(c.rules, tags); got != c.want {
				t.Errorf("Matches(%q) = %v, want %v", c.rules, got, c.want)
			}
		})
	}
}

func TestCompareOrdersByPriorityAgePlaceAndID(t *testing.T) {
	t.Parallel()
	want := []dispatch.Job{
		{ID: "z", Priority: 5, ScheduledAt: 9},
		{ID: "y", Priority: 0, ScheduledAt: 1, UploadOrder: "00002"},
		{ID: "x", Priority: 0, ScheduledAt: 2, UploadOrder: "00001", Index: 0},
		{ID: "w", Priority: 0, ScheduledAt: 2, UploadOrder: "00001", Index: 1},
		{ID: "a", Priority: 0, ScheduledAt: 2, UploadOrder: "00002"},
		{ID: "b", Priority: 0, ScheduledAt: 2, UploadOrder: "00002"},
		{ID: "c", Priority: -1, ScheduledAt: 0},
	}
	list := dispatch.NewList([]dispatch.Job{want[3], want[6], want[0], want[5], want[2], want[4], want[1]})
	for i, j := range list.Jobs() {
		if j.ID != want[i].ID {
			t.Errorf("place %d is %s, want %s", i, j.ID, want[i].ID)
		}
	}
}

func TestAssign(t *testing.T) {
	t.Parallel()
	high, low := int64(3), int64(1)
	agents := []dispatch.Agent{
		{ID: "plain", Tags: []string{"os=linux"}},
		{ID: "low", Priority: &low, Tags: []string{"os=linux"}},
		{ID: "warm", Tags: []string{"os=linux"}, LastFinishedAt: 7},
		{ID: "high", Priority: &high, Tags: []string{"os=mac"}},
	}
	for _, c := range []struct {
		name string
		jobs []dispatch.Job
		want []dispatch.Pair
	}{
		{
			"priority beats warmth, missing comes last",
			[]dispatch.Job{{ID: "1"}, {ID: "2"}, {ID: "3"}, {ID: "4"}, {ID: "5"}},
			[]dispatch.Pair{{"1", "high"}, {"2", "low"}, {"3", "warm"}, {"4", "plain"}},
		},
		{
			"an unmatched job does not hold others",
			[]dispatch.Job{{ID: "1", Rules: []string{"gpu=*"}}, {ID: "2", Rules: []string{"os=mac"}}},
			[]dispatch.Pair{{"2", "high"}},
		},
		{"a different agent where there is one", []dispatch.Job{{ID: "1", AvoidAgentID: "high"}}, []dispatch.Pair{{"1", "low"}}},
		{
			"the same agent where it is the only one",
			[]dispatch.Job{{ID: "1", Rules: []string{"os=mac"}, AvoidAgentID: "high"}},
			[]dispatch.Pair{{"1", "high"}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := dispatch.Assign(c.jobs, agents); !slices.Equal(got, c.want) {
				t.Errorf("Assign = %v, want %v", got, c.want)
			}
		})
	}
}

func TestListAgreesWithSorting(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		list := dispatch.NewList(nil)
		model := map[string]dispatch.Job{}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			id := fmt.Sprint(rapid.IntRange(0, 12).Draw(t, "id"))
			if rapid.Bool().Draw(t, "remove") {
				_, known := model[id]
				if list.Remove(id) != known {
					t.Fatalf("Remove(%s) disagrees with the model", id)
				}
				delete(model, id)
				continue
			}
			j := dispatch.Job{ID: id, Priority: rapid.IntRange(-1, 1).Draw(t, "priority"), ScheduledAt: rapid.Int64Range(0, 3).Draw(t, "at")}
			if rapid.Bool().Draw(t, "many") {
				list.AddAll([]dispatch.Job{j})
			} else {
				list.Add(j)
			}
			model[id] = j
		}
		if list.Len() != len(model) {
			t.Fatalf("%d jobs, want %d", list.Len(), len(model))
		}
		if !slices.IsSortedFunc(list.Jobs(), dispatch.Compare) {
			t.Fatalf("not in order: %v", list.Jobs())
		}
	})
}

func TestAssignGivesEachOnce(t *testing.T) {
	t.Parallel()
	tag := rapid.SampledFrom([]string{"os=linux", "os=mac", "gpu=1"})
	rapid.Check(t, func(t *rapid.T) {
		var jobs []dispatch.Job
		for i := range rapid.IntRange(0, 12).Draw(t, "jobs") {
			jobs = append(jobs, dispatch.Job{ID: fmt.Sprint(i), Rules: rapid.SliceOfN(tag, 0, 2).Draw(t, "rules")})
		}
		var agents []dispatch.Agent
		tags := map[string][]string{}
		for i := range rapid.IntRange(0, 12).Draw(t, "agents") {
			a := dispatch.Agent{ID: fmt.Sprint(i), Tags: rapid.SliceOfN(tag, 0, 3).Draw(t, "tags")}
			agents, tags[a.ID] = append(agents, a), a.Tags
		}
		usedJobs, usedAgents := map[string]bool{}, map[string]bool{}
		for _, p := range dispatch.Assign(jobs, agents) {
			if usedJobs[p.JobID] || usedAgents[p.AgentID] {
				t.Fatalf("given twice: %v", p)
			}
			usedJobs[p.JobID], usedAgents[p.AgentID] = true, true
			for _, j := range jobs {
				if j.ID == p.JobID && !dispatch.Matches(j.Rules, tags[p.AgentID]) {
					t.Fatalf("%v does not match", p)
				}
			}
		}
		for _, j := range jobs {
			for _, a := range agents {
				if !usedJobs[j.ID] && !usedAgents[a.ID] && dispatch.Matches(j.Rules, a.Tags) {
					t.Fatalf("job %s and agent %s match and were both left", j.ID, a.ID)
				}
			}
		}
	})
}
