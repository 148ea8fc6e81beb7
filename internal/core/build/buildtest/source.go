package buildtest

import (
	"fmt"
	"slices"

	"github.com/bridle-ci/bridle/internal/core/build"
)

// source is a build.Source for the length of one event: it copies what is asked for out of the world, and keeps the
// copy.
type source struct {
	w     *World
	steps map[string]*build.Step
	jobs  map[string]*build.Job
	edges map[string]*build.Edge
}

var _ build.Source = (*source)(nil)

func newSource(w *World) *source {
	return &source{
		w: w, steps: map[string]*build.Step{}, jobs: map[string]*build.Job{}, edges: map[string]*build.Edge{},
	}
}

func (s *source) Step(id string) (*build.Step, error) {
	if step := s.steps[id]; step != nil {
		return step, nil
	}
	row, ok := s.w.steps[id]
	if !ok {
		return nil, fmt.Errorf("the build has no step %q", id)
	}
	s.steps[id] = &row
	return &row, nil
}

func (s *source) Steps(ids []string) ([]*build.Step, error) {
	var steps []*build.Step
	for _, id := range ids {
		step, err := s.Step(id)
		if err != nil {
			return nil, err
		}
		steps = append(steps, step)
	}
	return steps, nil
}

func (s *source) StepByKey(key string) (*build.Step, error) {
	id, ok := s.w.index.byKey[key]
	if !ok {
		return nil, nil
	}
	return s.Step(id)
}

func (s *source) StepsAround(groupID string) ([]*build.Step, error) {
	return s.sorted(s.w.index.inGroup[groupID])
}

func (s *source) OpenSteps() ([]*build.Step, error) { return s.sorted(s.w.index.open) }

func (s *source) sorted(ids set) ([]*build.Step, error) {
	var steps []*build.Step
	for id := range ids {
		step, err := s.Step(id)
		if err != nil {
			return nil, err
		}
		steps = append(steps, step)
	}
	slices.SortFunc(steps, func(a, b *build.Step) int { return compare(a.Path, b.Path) })
	return steps, nil
}

func (s *source) Job(id string) (*build.Job, error) {
	if job := s.jobs[id]; job != nil {
		return job, nil
	}
	row, ok := s.w.jobs[id]
	if !ok {
		return nil, fmt.Errorf("the build has no job %q", id)
	}
	s.jobs[id] = &row
	return &row, nil
}

func (s *source) Jobs(stepIDs []string) ([]*build.Job, error) {
	var jobs []*build.Job
	for _, id := range stepIDs {
		for jobID := range s.w.index.jobsOf[id] {
			if row := s.w.jobs[jobID]; row.Retried() {
				continue
			}
			job, err := s.Job(jobID)
			if err != nil {
				return nil, err
			}
			jobs = append(jobs, job)
		}
	}
	slices.SortFunc(jobs, compareJobs)
	return jobs, nil
}

func (s *source) JobsIn(states ...build.JobState) ([]*build.Job, error) {
	var jobs []*build.Job
	for _, state := range states {
		for id := range s.w.index.inState[state] {
			job, err := s.Job(id)
			if err != nil {
				return nil, err
			}
			jobs = append(jobs, job)
		}
	}
	slices.SortFunc(jobs, compareJobs)
	return jobs, nil
}

func (s *source) StepsOfGroup(concurrencyGroup string) ([]*build.Step, error) {
	members := set{}
	for id, step := range s.w.steps {
		if step.Settings.Concurrency.Group == concurrencyGroup {
			members[id] = true
		}
	}
	return s.sorted(members)
}

func (s *source) EdgesFrom(stepID string) ([]*build.Edge, error) {
	return s.list(s.w.index.from[stepID])
}

func (s *source) EdgesTo(stepID string) ([]*build.Edge, error) { return s.list(s.w.index.to[stepID]) }

func (s *source) EdgesByKey(key string) ([]*build.Edge, error) { return s.list(s.w.index.waiting[key]) }

func (s *source) list(ids set) ([]*build.Edge, error) {
	var edges []*build.Edge
	for id := range ids {
		edge := s.edges[id]
		if edge == nil {
			row := s.w.edges[id]
			edge = &row
			s.edges[id] = edge
		}
		edges = append(edges, edge)
	}
	slices.SortFunc(edges, func(a, b *build.Edge) int { return compare(a.ID, b.ID) })
	return edges, nil
}
