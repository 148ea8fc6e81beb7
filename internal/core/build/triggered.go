package build

// Exit statuses of trigger jobs, which have no process of their own: they let soft_fail and Job.Passed work alike for
// all jobs.
const (
	childPassed = 0
	childFailed = 1
)

// childCreated records a trigger job's build. An asynchronous trigger has done its part with that.
func (r *run) childCreated(ev ChildCreated) error {
	j, s, err := r.triggerJob(ev.JobID)
	if err != nil {
		return err
	}
	child := func(j *Job) { j.TriggeredBuildID = ev.BuildID }
	switch {
	case j.TriggeredBuildID == ev.BuildID:
		return nil
	case j.TriggeredBuildID == "" && j.State == JobCanceled: // while the child was being made
		r.changeJob(j, s, func() { child(j) })
		r.effect(CancelChild{Job: j})
		return nil
	case j.State != JobScheduled:
		return refuse(Conflict, "The trigger job waits for no build: it is %s", j.State)
	}
	if err := r.start(); err != nil {
		return err
	}
	now := r.Now
	if err := r.setJob(j, s, JobRunning, func(j *Job) { child(j); j.StartedAt = &now }); err != nil {
		return err
	}
	r.markRunning(s)
	if s.Settings.Trigger != nil && s.Settings.Trigger.Async {
		return r.endTrigger(j, s, childPassed)
	}
	return nil
}

// childRefused ends a trigger job whose build could not be made.
func (r *run) childRefused(ev ChildRefused) error {
	j, s, err := r.triggerJob(ev.JobID)
	if err != nil {
		return err
	}
	switch {
	case j.State.Terminal() && j.TriggeredBuildID == "":
		return nil
	case j.State != JobScheduled:
		return refuse(Conflict, "The trigger job waits for no build: it is %s", j.State)
	}
	j.BrokenReason = ev.Reason
	return r.endTrigger(j, s, childFailed)
}

// childChanged lets a trigger job follow its build (docs/contract/pipelines.md, section 17). Of a build that was
// superseded the caller says Skipped.
func (r *run) childChanged(ev ChildChanged) error {
	j, s, err := r.triggerJob(ev.JobID)
	if err != nil {
		return err
	}
	switch {
	case j.TriggeredBuildID == "":
		return refuse(Conflict, "The trigger job has no build yet")
	case s.Settings.Trigger != nil && s.Settings.Trigger.Async:
		return nil
	case j.State == JobCanceling && ev.State.Terminal():
		return r.setJob(j, s, JobCanceled, func(j *Job) { j.SoftFailed = r.soft(j, JobCanceled, 0) })
	case j.State == JobFinished:
		return r.followResumed(j, s, ev.State)
	case j.State == JobRunning:
		return r.followEnded(j, s, ev.State)
	}
	return nil
}

// followEnded ends a running trigger job with its child. A blocked child is not at its end.
func (r *run) followEnded(j *Job, s *Step, child State) error {
	switch child {
	case Passed, NotRun:
		return r.endTrigger(j, s, childPassed)
	case Failed, Canceled:
		return r.endTrigger(j, s, childFailed)
	case Skipped:
		return r.setJob(j, s, JobSkipped, nil)
	}
	return nil
}

// followResumed takes an ended trigger job up again when its child was resumed by a retry.
func (r *run) followResumed(j *Job, s *Step, child State) error {
	ended := !j.Passed()
	if r.Build.CancelRequested || child.Final() || child == Passed && !ended || child == Failed && ended {
		return nil
	}
	if err := r.resume(); err != nil {
		return err
	}
	err := r.setJob(j, s, JobRunning, func(j *Job) { j.ExitStatus, j.SoftFailed = nil, false })
	if err != nil {
		return err
	}
	r.markRunning(s)
	return r.followEnded(j, s, child)
}

func (r *run) endTrigger(j *Job, s *Step, status int) error {
	return r.setJob(j, s, JobFinished, func(j *Job) {
		j.ExitStatus, j.SoftFailed = &status, j.Spec.SoftFail.Covers(status)
	})
}

func (r *run) triggerJob(id string) (*Job, *Step, error) {
	j, s, err := r.job(id)
	if err == nil && j.Type != Trigger {
		err = refuse(Invalid, "The job is not a trigger job")
	}
	return j, s, err
}
