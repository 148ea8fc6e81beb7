package build

import "fmt"

// conclude lets everything that follows from an event happen and leaves the build in the state that its counters mean.
func (r *run) conclude() error {
	for {
		if err := r.drain(); err != nil {
			return err
		}
		again, err := r.unstick()
		if err != nil {
			return err
		}
		if again {
			continue
		}
		to := r.deriveState()
		failsNow := to == Failing && r.Build.State != Failing
		if err := r.setBuild(to); err != nil {
			return err
		}
		if !failsNow {
			return nil
		}
		if err := r.failFast(); err != nil {
			return err
		}
		if len(r.queue) == 0 {
			return nil
		}
	}
}

// deriveState is the build's state (docs/contract/pipelines.md, sections 3.2 to 3.4).
func (r *run) deriveState() State {
	b, c := r.Build, r.Build.Counts
	switch {
	case b.CancelRequested && c.Open > 0:
		return Canceling
	case b.CancelRequested:
		return Canceled
	case b.SkipRequested && c.Open == 0:
		return Skipped
	case c.Open == 0 && c.Failed > 0: // a missing key fails even a wait beside nothing but excluded steps
		return Failed
	case c.Open == 0 && c.Ran == 0:
		return NotRun
	case c.Open == 0:
		return Passed
	case c.Moving == 0:
		return Blocked
	case c.Failed+c.PromisedFailed > 0:
		return Failing
	case b.StartedAt == nil && (b.State == Creating || b.State == Scheduled):
		return Scheduled
	}
	return Running
}

// setBuild moves the build to a state. It is the only place that writes the build's state.
func (r *run) setBuild(to State) error {
	b, from := r.Build, r.Build.State
	blockedState, err := r.blockedState(to)
	if err != nil {
		return err
	}
	b.BlockedState = blockedState
	if from == to {
		return nil
	}
	if !from.CanMove(to) {
		return fmt.Errorf("a build cannot go from %s to %s", from, to)
	}
	now := r.Now
	if to == Failing && b.FailingAt == nil {
		b.FailingAt = &now
	}
	b.FinishedAt = nil
	if to.Terminal() || to == Blocked {
		b.FinishedAt = &now
	}
	b.State = to
	r.effect(BuildChanged{From: from, To: to})
	return nil
}

// blockedState is that of the first step that waits for a person, and nothing unless the build is blocked.
func (r *run) blockedState(to State) (State, error) {
	if to != Blocked {
		return "", nil
	}
	offered, err := r.jobsIn(JobBlocked)
	if err != nil || len(offered) == 0 {
		return "", err
	}
	s, err := r.step(offered[0].StepID)
	if err != nil {
		return "", err
	}
	if s.Settings.Manual == nil || s.Settings.Manual.BlockedState == "" {
		return Passed, nil
	}
	return State(s.Settings.Manual.BlockedState), nil
}

// start marks the build as started by its first job.
func (r *run) start() error {
	if r.Build.StartedAt == nil {
		now := r.Now
		r.Build.StartedAt = &now
	}
	if r.Build.State == Creating || r.Build.State == Scheduled {
		return r.setBuild(Running)
	}
	return nil
}

// unstick decides for a build in which nothing moves by itself but something is open, and reports whether that has
// consequences.
func (r *run) unstick() (bool, error) {
	c := r.Build.Counts
	switch {
	case c.Open == 0 || c.Moving > 0:
		return false, nil
	case c.Offered == 0:
		return true, r.giveUpMissing()
	case c.Failed > 0:
		return true, r.failOffered()
	}
	return false, nil
}

// failOffered withdraws what waits for a person in a build that fails.
func (r *run) failOffered() error {
	offered, err := r.jobsIn(JobBlocked)
	if err != nil {
		return err
	}
	for _, j := range offered {
		s, err := r.step(j.StepID)
		if err != nil {
			return err
		}
		if err := r.setJob(j, s, JobBlockedFailed, nil); err != nil {
			return err
		}
	}
	return nil
}

// giveUpMissing fails the jobs that wait for steps which never came to be: nothing is left that could bring them.
func (r *run) giveUpMissing() error {
	waiting, err := r.jobsIn(JobWaiting)
	if err != nil {
		return err
	}
	gaveUp, err := r.failOpenEdges(waiting, func(e *Edge) bool { return e.From == "" })
	if err != nil || gaveUp {
		return err
	}
	// Cycles are refused when steps are inserted; should one slip through, the build fails instead of hanging.
	_, err = r.failOpenEdges(waiting, func(*Edge) bool { return true })
	return err
}

// failOpenEdges fails the chosen open edges of waiting jobs' steps, and the jobs as missing a dependency. It reports
// whether there were any.
func (r *run) failOpenEdges(waiting []*Job, chosen func(*Edge) bool) (bool, error) {
	found := false
	for _, j := range waiting {
		s, err := r.step(j.StepID)
		if err != nil {
			return false, err
		}
		edges, err := r.edgesTo(s)
		if err != nil {
			return false, err
		}
		failed := s.FailedEdges
		for _, e := range edges {
			if !e.State.open() || !chosen(e) {
				continue
			}
			if err := r.setEdge(e, EdgeFailed); err != nil {
				return false, err
			}
		}
		if s.FailedEdges == failed {
			continue
		}
		found = true
		if err := r.failWaiting(s, MissingDependency); err != nil {
			return false, err
		}
	}
	return found, nil
}

// failFast cancels what asked to be when the build fails (docs/contract/pipelines.md, section 11).
func (r *run) failFast() error {
	open, err := r.openSteps()
	if err != nil {
		return err
	}
	for _, s := range open {
		if !s.Settings.CancelOnBuildFailing {
			continue
		}
		if err := r.cancelStep(s); err != nil {
			return err
		}
	}
	return nil
}
