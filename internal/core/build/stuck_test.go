package build

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/bridle-ci/bridle/internal/core/pipeline"
)

// knot is a build whose steps a and b wait for each other, which no insertion lets in, while c runs.
type knot struct {
	steps []*Step
	jobs  []*Job
	edges []*Edge
}

func (k *knot) Step(id string) (*Step, error) {
	for _, s := range k.steps {
		if s.ID == id {
			return s, nil
		}
	}
	return nil, fmt.Errorf("no step %s", id)
}

func (k *knot) Steps(ids []string) ([]*Step, error) {
	return slices.DeleteFunc(slices.Clone(k.steps), func(s *Step) bool { return !slices.Contains(ids, s.ID) }), nil
}

func (k *knot) StepByKey(string) (*Step, error)      { return nil, nil }
func (k *knot) StepsAround(string) ([]*Step, error)  { return k.steps, nil }
func (k *knot) OpenSteps() ([]*Step, error)          { return k.steps, nil }
func (k *knot) StepsOfGroup(string) ([]*Step, error) { return nil, nil }
func (k *knot) EdgesByKey(string) ([]*Edge, error)   { return nil, nil }
func (k *knot) EdgesFrom(id string) ([]*Edge, error) {
	return k.filter(func(e *Edge) bool { return e.From == id }), nil
}

func (k *knot) EdgesTo(id string) ([]*Edge, error) {
	return k.filter(func(e *Edge) bool { return e.To == id }), nil
}

func (k *knot) Jobs(ids []string) ([]*Job, error) {
	return k.pick(func(j *Job) bool { return slices.Contains(ids, j.StepID) }), nil
}

func (k *knot) JobsIn(states ...JobState) ([]*Job, error) {
	return k.pick(func(j *Job) bool { return slices.Contains(states, j.State) }), nil
}

func (k *knot) Job(id string) (*Job, error) {
	return k.pick(func(j *Job) bool { return j.ID == id })[0], nil
}

func (k *knot) filter(keep func(*Edge) bool) []*Edge {
	return slices.DeleteFunc(slices.Clone(k.edges), func(e *Edge) bool { return !keep(e) })
}

func (k *knot) pick(keep func(*Job) bool) []*Job {
	return slices.DeleteFunc(slices.Clone(k.jobs), func(j *Job) bool { return !keep(j) })
}

// TestKnot ties two steps to each other: the build has to fail or to go on, and must not hang.
func TestKnot(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		lenient bool
		build   State
		a, b    JobState
	}{
		"Strict":  {build: Failed, a: JobWaitingFailed, b: JobWaitingFailed},
		"Lenient": {lenient: true, build: Running, a: JobScheduled, b: JobWaiting},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newKnot(tt.lenient)
			now := time.Unix(0, 0)
			b := &Build{State: Running, StartedAt: &now, Counts: Counts{Open: 3, Moving: 1, Ran: 3}}
			m := &Machine{Build: b, Source: k, Now: now, NewID: func() string { return "new" }}
			if _, err := m.Apply(Finished{JobID: "c"}); err != nil {
				t.Fatal(err)
			}
			if b.State != tt.build || k.jobs[0].State != tt.a || k.jobs[1].State != tt.b {
				t.Errorf("the build is %s, a %s, b %s", b.State, k.jobs[0].State, k.jobs[1].State)
			}
		})
	}
}

// newKnot returns the build; lenient is the edge from b to a.
func newKnot(lenient bool) *knot {
	k := &knot{edges: []*Edge{
		{ID: "ab", From: "a", To: "b", State: EdgeOpen}, {ID: "ba", From: "b", To: "a", State: EdgeOpen, Lenient: lenient},
	}}
	for i, id := range []string{"a", "b", "c"} {
		s := &Step{ID: id, Kind: pipeline.KindCommand, Path: topPath(i), State: StepWaiting, OpenJobs: 1, OpenEdges: 1}
		j := &Job{ID: id, StepID: id, Type: Script, State: JobWaiting, StepPath: s.Path}
		if id == "c" {
			s.OpenEdges, s.Released, j.State = 0, true, JobRunning
		}
		k.steps, k.jobs = append(k.steps, s), append(k.jobs, j)
	}
	return k
}
