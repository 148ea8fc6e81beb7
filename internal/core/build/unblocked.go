package build

// unblocked lets a manual job go on (docs/contract/pipelines.md, section 18).
func (r *run) unblocked(ev Unblocked) error {
	j, s, err := r.job(ev.JobID)
	if err != nil {
		return err
	}
	switch {
	case j.Type != Manual:
		return refuse(Invalid, "This job type cannot be unblocked")
	case r.Build.CancelRequested:
		return refuse(OfCanceled, "Jobs from canceled builds cannot be unblocked")
	case j.State == JobUnblocked && j.UnblockedBy == ev.UserID:
		return nil
	case j.State == JobUnblocked:
		return refuse(Conflict, "The job has already been unblocked")
	case j.State == JobWaiting:
		return refuse(Conflict, "The job cannot be unblocked before the steps it depends on have finished")
	case j.State != JobBlocked:
		return refuse(Conflict, "The job cannot be unblocked: it is %s", j.State)
	}
	return r.setJob(j, s, JobUnblocked, func(j *Job) { j.UnblockedBy = ev.UserID })
}
