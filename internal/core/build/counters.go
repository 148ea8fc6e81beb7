package build

// share is what one job adds to the counters of its build and its step.
type share struct {
	counts Counts
	open   int
	tally  Tally
}

// shareOf is the one definition of every counter over jobs. Attempts that were replaced count nowhere.
func shareOf(j *Job, s *Step) share {
	var sh share
	if j.Retried() {
		return sh
	}
	if j.State.Terminal() {
		sh.tally = endOf(j)
	} else {
		sh.open, sh.counts.Open = 1, 1
	}
	sh.counts.Moving = one(j.State.moving())
	sh.counts.Offered = one(j.Type == Manual && j.State == JobBlocked)
	sh.counts.Ran = one(j.Type != Waiter && j.State != JobBroken && j.State != JobSkipped)
	sh.counts.Failed = one(failsBuild(j))
	sh.counts.PromisedFailed = one(promisedHard(j, s))
	return sh
}

// moving reports whether the job gets on without a person or a dependency.
func (s JobState) moving() bool { return s.queued() || s.OnAgent() }

// failsBuild tells whether an ended job makes its build fail (docs/contract/pipelines.md, section 3.3). A job that did
// not run because of another counts only when that other is missing: what was there counts for itself.
func failsBuild(j *Job) bool {
	switch j.State {
	case JobFinished:
		return !j.Passed() && !j.SoftFailed
	case JobTimedOut, JobCanceled:
		return !j.SoftFailed
	case JobExpired:
		return true
	case JobWaitingFailed, JobBlockedFailed:
		return j.BrokenReason == MissingDependency
	}
	return false
}

// endOf tallies one ended job (docs/contract/pipelines.md, sections 5 and 6.2). Jobs that were excluded, or never ran
// for their dependencies, have no outcome; dependents see the latter as failed.
func endOf(j *Job) Tally {
	hard := !j.SoftFailed
	switch j.State {
	case JobFinished:
		switch {
		case j.Type == Waiter:
			return Tally{}
		case j.Passed():
			return Tally{Passed: 1}
		case hard:
			return Tally{HardFailed: 1, Failed: 1}
		}
		return Tally{SoftFailed: 1}
	case JobUnblocked:
		return Tally{Passed: 1}
	case JobTimedOut:
		if hard {
			return Tally{Errored: 1, Failed: 1}
		}
		return Tally{SoftFailed: 1}
	case JobCanceled:
		return Tally{Errored: 1, Canceled: 1, Stopped: 1}
	case JobExpired:
		return Tally{Errored: 1, Stopped: 1}
	case JobWaitingFailed, JobBlockedFailed:
		return Tally{Failed: 1}
	}
	return Tally{}
}

// changeJob changes a job and lets its build's and step's counters follow.
func (r *run) changeJob(j *Job, s *Step, change func()) {
	r.touchJob(j)
	r.touchStep(s)
	was := shareOf(j, s)
	change()
	r.recount(s, was, shareOf(j, s))
}

func (r *run) recount(s *Step, was, is share) {
	r.Build.Counts.add(was.counts, -1)
	r.Build.Counts.add(is.counts, 1)
	s.OpenJobs += is.open - was.open
	s.JobTally.add(was.tally, -1)
	s.JobTally.add(is.tally, 1)
	r.enqueue(s)
}

func (c *Counts) add(o Counts, sign int) {
	c.Open += sign * o.Open
	c.Moving += sign * o.Moving
	c.Offered += sign * o.Offered
	c.Ran += sign * o.Ran
	c.Failed += sign * o.Failed
	c.PromisedFailed += sign * o.PromisedFailed
}

func (t *Tally) add(o Tally, sign int) {
	t.Failed += sign * o.Failed
	t.Stopped += sign * o.Stopped
	t.Errored += sign * o.Errored
	t.HardFailed += sign * o.HardFailed
	t.SoftFailed += sign * o.SoftFailed
	t.Passed += sign * o.Passed
	t.Canceled += sign * o.Canceled
}

func (t Tally) verdict() Verdict { return Verdict{Failed: t.Failed > 0, Stopped: t.Stopped > 0} }

// outcome is the worst end (docs/contract/pipelines.md, section 5).
func (t Tally) outcome() Outcome {
	switch {
	case t.Errored > 0:
		return Errored
	case t.HardFailed > 0:
		return HardFailed
	case t.SoftFailed > 0:
		return SoftFailedOK
	case t.Passed > 0:
		return OutcomeOK
	}
	return Neutral
}

// allCanceled reports whether whatever could have run was canceled.
func (t Tally) allCanceled() bool {
	return t.Canceled > 0 && t.Canceled == t.Errored && t.HardFailed+t.SoftFailed+t.Passed == 0
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}
