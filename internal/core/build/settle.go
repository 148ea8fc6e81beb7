package build

// front is the side of a step that others see: its dependents through edges, and what it is a part of.
type front struct {
	ownSettled, settled    bool
	own, full              Verdict
	priorFailed, priorOpen bool
	priorHeld              bool
	ownHolds, holds        bool
	state                  StepState
	part                   part
}

// part is what a step adds to the counters of the group or uploader it is a part of.
type part struct {
	open  int
	held  int
	tally Tally
}

func frontOf(s *Step) front {
	return front{
		ownSettled: s.OwnSettled, settled: s.Settled, own: s.Own, full: s.Full,
		priorFailed: s.PriorFailed, priorOpen: s.isBarrier() && s.OpenEdges > 0,
		priorHeld: s.isBarrier() && s.HeldEdges > 0, ownHolds: s.ownHolds(), holds: s.holds(),
		state: s.State, part: partOf(s),
	}
}

// told is the side of a step that its neighbors know. While a step changes they see it as it was, and hear of the change
// when it is visited.
func (r *run) told(s *Step) front {
	if mark := r.marks[s.ID]; mark != nil {
		return *mark
	}
	return frontOf(s)
}

// partOf is the one definition of the counters over parts.
func partOf(s *Step) part {
	if !s.Settled {
		return part{open: 1, held: one(s.holds())}
	}
	p := part{tally: Tally{Failed: one(s.Full.Failed), Stopped: one(s.Full.Stopped)}}
	all := s.JobTally
	all.add(s.PartTally, 1)
	switch all.outcome() {
	case Errored:
		p.tally.Errored, p.tally.Canceled = 1, one(all.allCanceled())
	case HardFailed:
		p.tally.HardFailed = 1
	case SoftFailedOK:
		p.tally.SoftFailed = 1
	case OutcomeOK:
		p.tally.Passed = 1
	}
	return p
}

// visit lets a step follow its edges, jobs and parts, and tells its neighbors when that changed what they see.
func (r *run) visit(s *Step) error {
	if err := r.followEdges(s); err != nil {
		return err
	}
	r.deriveStep(s)
	mark := r.marks[s.ID]
	if mark == nil {
		return nil
	}
	was, is := *mark, frontOf(s)
	if was == is {
		return nil
	}
	*mark = is
	if s.Held() && !was.ownHolds && !r.made.step[s.ID] {
		r.groupChanged(s.Settings.Concurrency.Group)
	}
	if was.part != is.part || was.state != is.state {
		if err := r.tellWhole(s, was.part, is.part); err != nil {
			return err
		}
	}
	was.part, was.state = is.part, is.state
	if was == is {
		return nil
	}
	return r.refreshFrom(s)
}

// tellWhole carries a step's part into the counters of its group or uploader.
func (r *run) tellWhole(s *Step, was, is part) error {
	id := s.wholeOf()
	if id == "" {
		return nil
	}
	whole, err := r.step(id)
	if err != nil {
		return err
	}
	state := whole.State
	if whole.isGroup() {
		state = groupState(whole.State, s.State)
	}
	if was == is && state == whole.State {
		return nil
	}
	r.touchStep(whole)
	whole.State = state
	whole.OpenParts += is.open - was.open
	whole.HeldParts += is.held - was.held
	whole.PartTally.add(was.tally, -1)
	whole.PartTally.add(is.tally, 1)
	r.enqueue(whole)
	return nil
}

// derived are the fields of a step that follow from its counters.
type derived struct {
	ownSettled, settled bool
	own, full           Verdict
	priorFailed         bool
	state               StepState
	outcome             Outcome
}

func (r *run) deriveStep(s *Step) {
	d := derived{ownSettled: s.OpenJobs == 0, own: s.JobTally.verdict(), priorFailed: s.PriorFailed}
	d.settled = d.ownSettled && s.OpenParts == 0
	parts := s.PartTally.verdict()
	d.full = Verdict{Failed: d.own.Failed || parts.Failed, Stopped: d.own.Stopped || parts.Stopped}
	if s.isBarrier() {
		d.priorFailed = s.FailedEdges+s.ForgivenEdges > 0
	}
	d.state, d.outcome = stateOf(s, d), Neutral
	switch {
	case s.isGroup() && d.settled:
		d.outcome = s.PartTally.outcome()
	case !s.isGroup() && d.ownSettled:
		d.outcome = s.JobTally.outcome()
	}
	if d == (derived{s.OwnSettled, s.Settled, s.Own, s.Full, s.PriorFailed, s.State, s.Outcome}) {
		return
	}
	r.touchStep(s)
	s.OwnSettled, s.Settled, s.Own, s.Full, s.PriorFailed = d.ownSettled, d.settled, d.own, d.full, d.priorFailed
	s.State, s.Outcome = d.state, d.outcome
}

// stateOf is a step's state for `step get` (docs/contract/pipelines.md, section 5). That a job has started is remembered
// by the state itself.
func stateOf(s *Step, d derived) StepState {
	ended, tally := d.ownSettled, s.JobTally
	if s.isGroup() {
		ended, tally = d.settled, s.PartTally
	}
	started := s.State == StepRunning || s.State == StepFailing
	switch {
	case s.State == StepIgnored:
		return StepIgnored
	case ended && tally.allCanceled():
		return StepCanceled
	case ended:
		return StepFinished
	case tally.HardFailed+tally.Errored > 0:
		return StepFailing
	case started:
		return StepRunning
	case s.isGroup() && s.State != StepWaiting:
		return StepReady
	case s.isGroup():
		return StepWaiting
	case !s.Released:
		return StepWaiting
	case s.Settings.Manual != nil:
		return StepWaitingForInput
	}
	return StepReady
}

// groupState is the state of a group that is not settled, after a child's became another.
func groupState(group, child StepState) StepState {
	if group == StepRunning || group == StepFailing {
		return group
	}
	switch child {
	case StepRunning, StepFailing:
		return child
	case StepReady, StepWaitingForInput:
		return StepReady
	}
	return group
}
