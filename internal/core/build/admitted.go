package build

import "time"

// admitted gives a job the slot of its concurrency group that it asked for: it may go to an agent now.
func (r *run) admitted(ev Admitted) error {
	j, s, err := r.job(ev.JobID)
	if err != nil {
		return err
	}
	switch {
	case j.ConcurrencyWait != nil:
		return nil
	case !j.State.AsksForSlot():
		return refuse(Conflict, "The job asks for no slot of a concurrency group: it is %s", j.State)
	}
	var wait time.Duration // passed straight through
	if j.State == JobLimited && j.LimitingAt != nil {
		wait = r.Now.Sub(*j.LimitingAt)
	}
	return r.setJob(j, s, JobScheduled, func(j *Job) { j.ConcurrencyWait = &wait })
}

// limited records that a job's concurrency group has no slot for it: it keeps its place and waits.
func (r *run) limited(ev Limited) error {
	j, s, err := r.job(ev.JobID)
	if err != nil {
		return err
	}
	switch j.State {
	case JobLimited:
		return nil
	case JobLimiting:
		return r.setJob(j, s, JobLimited, nil)
	}
	return refuse(Conflict, "The job asks for no slot of a concurrency group: it is %s", j.State)
}
