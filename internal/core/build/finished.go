package build

import "time"

// finished ends a job as its agent reports it. A repeated report changes nothing, another one is refused.
func (r *run) finished(ev Finished) error {
	j, s, err := r.job(ev.JobID)
	if err != nil {
		return err
	}
	x := exit{status: effectiveStatus(j, ev.ExitStatus), signal: ev.Signal, signalReason: ev.SignalReason}
	if j.State.Terminal() && endedAs(j, x) {
		return nil
	}
	if j.Type != Script || j.State != JobCanceling && !CanMove(Script, j.State, JobFinished) {
		return refuse(Conflict, "The job cannot be finished: it is %s", j.State)
	}
	at := ev.At
	if at.IsZero() {
		at = r.Now
	}
	return r.end(j, s, x, at)
}

// endedAs tells whether a job's end is the reported one. A job canceled without its agent's word takes any.
func endedAs(j *Job, x exit) bool {
	if j.ExitStatus == nil {
		return j.State == JobCanceled
	}
	return x == exit{status: *j.ExitStatus, signal: j.Signal, signalReason: j.SignalReason}
}

// end gives a job on an agent its final state, and its successor when a rule retries it
// (docs/contract/pipelines.md, section 34, "job finished").
func (r *run) end(j *Job, s *Step, x exit, at time.Time) error {
	to := JobFinished
	switch {
	case j.State == JobCanceling:
		to = JobCanceled
	case j.State == JobTimingOut && x.status != 0:
		to = JobTimedOut
	}
	rule, retried := retryRule(s.Settings.Retry, x, j.RuleRetries)
	if to == JobCanceled || r.Build.CancelRequested || r.Build.JobsCreated >= r.Limits.orDefault().JobsPerBuild {
		retried = false
	}
	var next *Job
	if retried {
		next = r.nextAttempt(j, automaticRetry, "")
		next.RuleRetries = countRetry(j.RuleRetries, rule)
	}
	err := r.setJob(j, s, to, func(j *Job) {
		j.ExitStatus, j.Signal, j.SignalReason, j.FinishedAt = &x.status, x.signal, x.signalReason, &at
		j.SoftFailed = r.soft(j, to, x.status)
		if next != nil {
			j.RetriedInJobID, j.RetryType = next.ID, automaticRetry
		}
	})
	if err != nil || next == nil {
		return err
	}
	return r.replace(j, next, s)
}

// soft tells whether a job's bad end is a soft one (docs/contract/pipelines.md, section 11).
func (r *run) soft(j *Job, to JobState, status int) bool {
	if to == JobCanceled {
		return j.Spec.SoftFail.All && !r.Build.CancelRequested
	}
	return j.Spec.SoftFail.Covers(status)
}

// lostStatus is the exit status of a job whose agent vanished (docs/contract/pipelines.md, section 4.5).
const lostStatus = -1

// agentLost ends the job of a vanished agent; one it had not accepted yet goes back to its queue.
func (r *run) agentLost(ev AgentLost) error {
	j, s, err := r.job(ev.JobID)
	if err != nil {
		return err
	}
	switch {
	case j.State == JobAssigned:
		return r.returned(Returned(ev))
	case j.State.OnAgent() && j.Type == Script:
		return r.end(j, s, exit{status: lostStatus}, r.Now)
	case j.State.Terminal() && j.ExitStatus != nil && *j.ExitStatus == lostStatus:
		return nil
	}
	return refuse(Conflict, "The job is on no agent: it is %s", j.State)
}

// timedOut asks the agent of a running job to stop it.
func (r *run) timedOut(ev TimedOut) error {
	j, s, err := r.job(ev.JobID)
	if err != nil {
		return err
	}
	switch {
	case j.State == JobTimingOut:
		return nil
	case j.Type == Script && j.State == JobRunning:
		return r.setJob(j, s, JobTimingOut, nil)
	}
	return refuse(Conflict, "The job cannot time out: it is %s", j.State)
}

// expired ends a job that no agent took for too long.
func (r *run) expired(ev Expired) error {
	j, s, err := r.job(ev.JobID)
	if err != nil {
		return err
	}
	switch {
	case j.State == JobExpired:
		return nil
	case CanMove(j.Type, j.State, JobExpired):
		return r.setJob(j, s, JobExpired, nil)
	}
	return refuse(Conflict, "The job cannot expire: it is %s", j.State)
}

// promised records a running job's promise to fail.
func (r *run) promised(ev Promised) error {
	j, s, err := r.job(ev.JobID)
	if err != nil {
		return err
	}
	switch {
	case ev.ExitStatus < 1:
		return refuse(Invalid, "Only a failure can be promised: the exit status must be 1 or more")
	case j.PromisedExitStatus != nil && *j.PromisedExitStatus == ev.ExitStatus:
		return nil
	case j.PromisedExitStatus != nil:
		return refuse(Conflict, "The job has already promised exit status %d", *j.PromisedExitStatus)
	case j.Type != Script || j.State != JobRunning && j.State != JobTimingOut:
		return refuse(Conflict, "Only a running job can promise to fail")
	}
	r.changeJob(j, s, func() { j.PromisedExitStatus, j.PromisedReason = &ev.ExitStatus, ev.Reason })
	return nil
}
