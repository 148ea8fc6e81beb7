package build

// accepted records that the agent a job was assigned to took it.
func (r *run) accepted(ev Accepted) error {
	j, s, err := r.job(ev.JobID)
	if err != nil {
		return err
	}
	if j.AgentID != ev.AgentID {
		return refuse(Conflict, "The job is not assigned to this agent")
	}
	switch j.State {
	case JobAccepted, JobRunning:
		return nil
	case JobAssigned:
		now := r.Now
		return r.setJob(j, s, JobAccepted, func(j *Job) { j.AcceptedAt = &now })
	}
	return refuse(Conflict, "The job cannot be accepted: it is %s", j.State)
}

// acquired assigns a waiting job to the agent that names it, and records that the agent took it.
func (r *run) acquired(ev Acquired) error {
	j, s, err := r.job(ev.JobID)
	if err != nil {
		return err
	}
	if j.State == JobScheduled || j.State == JobReserved {
		now := r.Now
		err := r.setJob(j, s, JobAssigned, func(j *Job) { j.AgentID, j.AssignedAt = ev.AgentID, &now })
		if err != nil {
			return err
		}
	}
	return r.accepted(Accepted(ev))
}

// started records that a job runs. A start that was reported before changes nothing, whatever came after it.
func (r *run) started(ev Started) error {
	j, s, err := r.job(ev.JobID)
	if err != nil {
		return err
	}
	at := ev.At
	if at.IsZero() {
		at = r.Now
	}
	switch {
	case j.State == JobAccepted:
		if err := r.start(); err != nil {
			return err
		}
		if err := r.setJob(j, s, JobRunning, func(j *Job) { j.StartedAt = &at }); err != nil {
			return err
		}
		r.markRunning(s)
		return nil
	case j.StartedAt != nil:
		return nil
	case j.State == JobCanceling: // canceled between accept and start; the agent hears of it when it asks next
		r.changeJob(j, s, func() { j.StartedAt = &at })
		return nil
	}
	return refuse(Conflict, "The job cannot be started: it is %s", j.State)
}

// markRunning remembers in the step's state that a job of it has started.
func (r *run) markRunning(s *Step) {
	if s.State == StepFailing {
		return
	}
	r.touchStep(s)
	s.State = StepRunning
}

// returned puts a job back into its queue: the agent or the stack it was meant for did not take it in time.
func (r *run) returned(ev Returned) error {
	j, s, err := r.job(ev.JobID)
	if err != nil {
		return err
	}
	switch j.State {
	case JobScheduled:
		return nil
	case JobReserved, JobAssigned, JobAccepted:
		return r.setJob(j, s, JobScheduled, func(j *Job) {
			j.AgentID, j.AssignedAt, j.AcceptedAt = "", nil, nil
		})
	}
	return refuse(Conflict, "The job cannot go back to its queue: it is %s", j.State)
}
