package build

// The values of Job.RetryType.
const (
	automaticRetry = "automatic"
	manualRetry    = "manual"
)

// retried gives a job a new attempt at a person's wish (docs/contract/pipelines.md, section 10.2).
func (r *run) retried(ev Retried) error {
	j, s, err := r.job(ev.JobID)
	if err != nil {
		return err
	}
	if err := r.retryable(j, s); err != nil {
		return err
	}
	if err := r.resume(); err != nil {
		return err
	}
	next := r.nextAttempt(j, manualRetry, ev.UserID)
	r.changeJob(j, s, func() { j.RetriedInJobID, j.RetryType, j.RetriedByID = next.ID, manualRetry, ev.UserID })
	return r.replace(j, next, s)
}

func (r *run) retryable(j *Job, s *Step) error {
	policy := s.Settings.Retry.Manual
	ended := j.State == JobTimedOut || j.State == JobCanceled || j.State == JobExpired ||
		j.State == JobFinished && (!j.Passed() || policy.PermitOnPassed)
	limit := r.Limits.orDefault().JobsPerBuild
	switch {
	case r.Build.CancelRequested:
		return refuse(OfCanceled, "Jobs from canceled builds cannot be retried")
	case j.Retried():
		return refuse(RetriedOnce, "Jobs can only be retried once")
	case j.Type != Script || !ended:
		return refuse(NotRetryable, "Only failed, timed out or canceled jobs can be retried")
	case r.Build.State.Final():
		return refuse(NotRetryable, "Jobs of a build that is %s cannot be retried", r.Build.State)
	case policy.Forbidden && policy.Reason != "":
		return refuse(NotRetryable, "%s", policy.Reason)
	case policy.Forbidden:
		return refuse(NotRetryable, "The step does not allow its jobs to be retried")
	case r.Build.JobsCreated >= limit:
		return refuse(Invalid, "The number of jobs in this build exceeds your organization limit of %d", limit)
	}
	return nil
}

// nextAttempt is the job that is to replace another.
func (r *run) nextAttempt(old *Job, retryType, userID string) *Job {
	return &Job{
		ID: r.NewID(), BuildID: old.BuildID, StepID: old.StepID, Type: old.Type, State: JobPending,
		StepPath: old.StepPath, Index: old.Index, Spec: old.Spec, Priority: old.Priority,
		TimeoutMinutes: old.TimeoutMinutes, QueueID: old.QueueID, Concurrency: old.Concurrency,
		RetriesCount: old.RetriesCount + 1, RuleRetries: old.RuleRetries,
		RetrySourceID: old.ID, RetryType: retryType, RetriedByID: userID,
		CreatedAt: r.Now, ScheduledAt: old.ScheduledAt,
	}
}

// replace puts a new attempt in the place of one that was marked as retried.
func (r *run) replace(old, next *Job, s *Step) error {
	r.addJob(next, s)
	r.effect(JobRetrying{Old: old, New: next})
	if err := r.setJob(next, s, JobWaiting, nil); err != nil || !s.Released {
		return err
	}
	return r.letGo(next, s)
}

// resume takes an ended build up again: it starts anew, what it withdrew from people is offered again, and what gave
// up on a missing step hopes again.
func (r *run) resume() error {
	if !r.Build.State.Terminal() {
		return nil
	}
	now := r.Now
	r.Build.StartedAt = &now
	failed, err := r.jobsIn(JobBlockedFailed, JobWaitingFailed)
	if err != nil {
		return err
	}
	for _, j := range failed {
		s, err := r.step(j.StepID)
		if err != nil {
			return err
		}
		switch {
		case j.State == JobBlockedFailed && s.Released:
			err = r.setJob(j, s, JobBlocked, nil)
		case j.BrokenReason == MissingDependency:
			err = r.reopenMissing(s)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// reopenMissing lets a step wait again for the keys it had given up.
func (r *run) reopenMissing(s *Step) error {
	edges, err := r.edgesTo(s)
	if err != nil {
		return err
	}
	for _, e := range edges {
		if e.From == "" && e.Key != "" && e.State == EdgeFailed {
			if err := r.setEdge(e, EdgeHeld); err != nil {
				return err
			}
		}
	}
	return nil
}
