package build

// followEdges lets a step that has not been released follow its dependencies: fail with them, wait again after a retry
// of theirs, or go.
func (r *run) followEdges(s *Step) error {
	switch {
	case s.Released:
		return nil
	case s.FailedEdges > 0:
		return r.failWaiting(s, "")
	case s.JobTally.Failed > 0:
		if err := r.revive(s); err != nil {
			return err
		}
	}
	if s.OpenEdges > 0 {
		return nil
	}
	return r.release(s)
}

// needsJobs tells whether followEdges is going to look at a step's jobs.
func (s *Step) needsJobs() bool {
	return !s.Released && (s.OpenEdges == 0 || s.FailedEdges > 0 || s.JobTally.Failed > 0)
}

func (r *run) loadJobsFor(steps []*Step) error {
	var ids []string
	for _, s := range steps {
		if s.needsJobs() {
			ids = append(ids, s.ID)
		}
	}
	return r.loadJobs(ids)
}

// release lets a step's waiting jobs go.
func (r *run) release(s *Step) error {
	r.touchStep(s)
	s.Released = true
	jobs, err := r.jobsOf(s)
	if err != nil {
		return err
	}
	for _, j := range jobs {
		if err := r.letGo(j, s); err != nil {
			return err
		}
	}
	return nil
}

// letGo moves a waiting job of a released step on.
func (r *run) letGo(j *Job, s *Step) error {
	if j.State != JobWaiting {
		return nil
	}
	switch j.Type {
	case Waiter:
		return r.setJob(j, s, JobFinished, nil)
	case Manual:
		return r.setJob(j, s, JobBlocked, nil)
	}
	if j.Concurrency.Group != "" {
		return r.setJob(j, s, JobLimiting, nil)
	}
	return r.setJob(j, s, JobScheduled, nil)
}

// failWaiting ends a step's waiting jobs, because a dependency did not end well.
func (r *run) failWaiting(s *Step, reason string) error {
	if s.OpenJobs == 0 {
		return nil
	}
	jobs, err := r.jobsOf(s)
	if err != nil {
		return err
	}
	for _, j := range jobs {
		if j.State != JobWaiting {
			continue
		}
		to := JobWaitingFailed
		if j.Type == Manual {
			to = JobBlockedFailed
		}
		if err := r.setJob(j, s, to, func(j *Job) { j.BrokenReason = reason }); err != nil {
			return err
		}
	}
	return nil
}

// revive lets jobs that failed with a dependency wait again.
func (r *run) revive(s *Step) error {
	jobs, err := r.jobsOf(s)
	if err != nil {
		return err
	}
	for _, j := range jobs {
		if j.State != JobWaitingFailed && j.State != JobBlockedFailed {
			continue
		}
		if err := r.setJob(j, s, JobWaiting, func(j *Job) { j.BrokenReason = "" }); err != nil {
			return err
		}
	}
	return nil
}
