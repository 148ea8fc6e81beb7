package build

// canceledBuild cancels whatever is not at its end (docs/contract/pipelines.md, section 22).
func (r *run) canceledBuild(ev CanceledBuild) error {
	b := r.Build
	switch {
	case b.State.Terminal():
		return refuse(Conflict, "A build that is %s can't be canceled", b.State)
	case b.CancelRequested:
		return nil
	}
	now := r.Now
	b.CancelRequested, b.CancelReason, b.CanceledAt = true, ev.Reason, &now
	open, err := r.jobsIn(JobPending, JobWaiting, JobBlocked, JobLimiting, JobLimited, JobScheduled, JobReserved,
		JobAssigned, JobAccepted, JobRunning)
	if err != nil {
		return err
	}
	for _, j := range open {
		s, err := r.step(j.StepID)
		if err != nil {
			return err
		}
		if err := r.cancel(j, s); err != nil {
			return err
		}
	}
	return nil
}

// canceledJob cancels one job; waits, blocks and inputs are canceled with their build or step only.
func (r *run) canceledJob(ev CanceledJob) error {
	j, s, err := r.job(ev.JobID)
	if err != nil {
		return err
	}
	switch {
	case j.State == JobCanceled || j.State == JobCanceling:
		return nil
	case j.Type == Waiter || j.Type == Manual:
		return refuse(Invalid, "This job type cannot be canceled")
	case j.State.Terminal():
		return refuse(Conflict, "The job has already ended")
	}
	return r.cancel(j, s)
}

func (r *run) canceledStep(ev CanceledStep) error {
	s, err := r.step(ev.StepID)
	if err != nil {
		return err
	}
	return r.cancelStep(s)
}

func (r *run) cancelStep(s *Step) error {
	jobs, err := r.jobsOf(s)
	if err != nil {
		return err
	}
	for _, j := range jobs {
		if err := r.cancel(j, s); err != nil {
			return err
		}
	}
	return nil
}

// cancel ends a job at once, or asks its agent or child build to. A job that times out is being stopped already.
func (r *run) cancel(j *Job, s *Step) error {
	switch j.State {
	case JobCanceling, JobTimingOut:
		return nil
	case JobAccepted, JobRunning:
		return r.setJob(j, s, JobCanceling, nil)
	}
	if j.State.Terminal() {
		return nil
	}
	return r.setJob(j, s, JobCanceled, func(j *Job) { j.SoftFailed = r.soft(j, JobCanceled, 0) })
}

// forceCanceled ends the jobs of a step whose agents did not answer a cancel.
func (r *run) forceCanceled(ev ForceCanceled) error {
	s, err := r.step(ev.StepID)
	if err != nil {
		return err
	}
	jobs, err := r.jobsOf(s)
	if err != nil {
		return err
	}
	for _, j := range jobs {
		if j.State != JobCanceling {
			continue
		}
		if err := r.setJob(j, s, JobCanceled, func(j *Job) { j.SoftFailed = r.soft(j, JobCanceled, 0) }); err != nil {
			return err
		}
	}
	return nil
}

// skippedBuild ends a build that a newer one superseded before it started (docs/contract/pipelines.md, section 21).
func (r *run) skippedBuild() error {
	b := r.Build
	switch {
	case b.SkipRequested:
		return nil
	case b.State != Creating && b.State != Scheduled:
		return refuse(Conflict, "A build that is %s can't be skipped", b.State)
	}
	b.SkipRequested = true
	open, err := r.jobsIn(JobPending, JobWaiting, JobBlocked, JobLimiting, JobLimited, JobScheduled, JobReserved,
		JobAssigned, JobAccepted)
	if err != nil {
		return err
	}
	for _, j := range open {
		s, err := r.step(j.StepID)
		if err != nil {
			return err
		}
		if err := r.setJob(j, s, JobSkipped, nil); err != nil {
			return err
		}
	}
	return nil
}
