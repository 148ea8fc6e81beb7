package build

import "slices"

// The source answers from what is stored; the functions here add what the event has done so far.

func (r *run) step(id string) (*Step, error) {
	if s := r.steps[id]; s != nil {
		return s, nil
	}
	s, err := r.Source.Step(id)
	if err != nil {
		return nil, err
	}
	r.steps[id] = s
	return s, nil
}

// loadSteps asks for several steps at once, so that step finds them.
func (r *run) loadSteps(ids []string) error {
	missing := ids[:0:0]
	for _, id := range ids {
		if r.steps[id] == nil {
			missing = append(missing, id)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	slices.Sort(missing)
	steps, err := r.Source.Steps(slices.Compact(missing))
	for _, s := range steps {
		r.steps[s.ID] = s
	}
	return err
}

// stepByKey returns nil when no step has the key.
func (r *run) stepByKey(key string) (*Step, error) {
	if s := r.made.byKey[key]; s != nil {
		return s, nil
	}
	s, err := r.Source.StepByKey(key)
	if err != nil || s == nil || r.removed[s.ID] {
		return nil, err
	}
	return s, nil
}

// stepsAround returns the steps of a scope in build order.
func (r *run) stepsAround(groupID string) ([]*Step, error) {
	stored, err := r.Source.StepsAround(groupID)
	if err != nil {
		return nil, err
	}
	var steps []*Step
	for _, s := range stored {
		if !r.removed[s.ID] {
			steps = append(steps, s)
		}
	}
	return steps, nil
}

// openSteps returns the stored steps that are not settled by themselves, in build order.
func (r *run) openSteps() ([]*Step, error) {
	stored, err := r.Source.OpenSteps()
	if err != nil {
		return nil, err
	}
	var steps []*Step
	has := map[string]bool{}
	for _, s := range append(stored, r.touched.steps...) {
		if !s.OwnSettled && !r.removed[s.ID] && !has[s.ID] {
			has[s.ID] = true
			steps = append(steps, s)
		}
	}
	slices.SortFunc(steps, byPath)
	return steps, nil
}

func (r *run) job(id string) (*Job, *Step, error) {
	j, err := r.Source.Job(id)
	if err != nil {
		return nil, nil, err
	}
	s, err := r.step(j.StepID)
	return j, s, err
}

// loadJobs asks for the latest jobs of several steps at once, so that jobsOf finds them.
func (r *run) loadJobs(stepIDs []string) error {
	var missing []string
	for _, id := range stepIDs {
		if _, known := r.latest[id]; known {
			continue
		}
		r.latest[id] = r.made.jobsOf[id]
		if !r.made.step[id] {
			missing = append(missing, id)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	jobs, err := r.Source.Jobs(missing)
	for _, j := range jobs {
		r.latest[j.StepID] = append(r.latest[j.StepID], j)
	}
	return err
}

// jobsOf returns the latest attempts of a step in order of their index.
func (r *run) jobsOf(s *Step) ([]*Job, error) {
	if err := r.loadJobs([]string{s.ID}); err != nil {
		return nil, err
	}
	jobs := make([]*Job, 0, len(r.latest[s.ID]))
	for _, j := range r.latest[s.ID] {
		if !j.Retried() {
			jobs = append(jobs, j)
		}
	}
	slices.SortFunc(jobs, inBuildOrder)
	return jobs, nil
}

// jobsIn returns the build's latest attempts that are now in one of the states, in build order.
func (r *run) jobsIn(states ...JobState) ([]*Job, error) {
	stored, err := r.Source.JobsIn(states...)
	if err != nil {
		return nil, err
	}
	var jobs []*Job
	has := map[string]bool{}
	for _, list := range [][]*Job{stored, r.touched.jobs} {
		for _, j := range list {
			if slices.Contains(states, j.State) && !j.Retried() && !r.removed[j.StepID] && !has[j.ID] {
				has[j.ID] = true
				jobs = append(jobs, j)
			}
		}
	}
	slices.SortFunc(jobs, inBuildOrder)
	return jobs, nil
}

// edgesFrom returns the edges to the dependents of a step.
func (r *run) edgesFrom(s *Step) ([]*Edge, error) {
	var stored []*Edge
	if !r.made.step[s.ID] {
		var err error
		if stored, err = r.Source.EdgesFrom(s.ID); err != nil {
			return nil, err
		}
	}
	var edges []*Edge
	for _, list := range [][]*Edge{stored, r.made.from[s.ID]} {
		for _, e := range list {
			if e.From == s.ID && !r.removed[e.To] {
				edges = append(edges, e)
			}
		}
	}
	return edges, nil
}

// edgesTo returns the dependencies of a step.
func (r *run) edgesTo(s *Step) ([]*Edge, error) {
	if r.made.step[s.ID] {
		return r.made.to[s.ID], nil
	}
	return r.Source.EdgesTo(s.ID)
}
