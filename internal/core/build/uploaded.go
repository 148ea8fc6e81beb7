package build

import (
	"slices"

	"github.com/bridle-ci/bridle/internal/core/pipeline"
)

// uploaded inserts steps after the step of the job that uploads them (docs/contract/pipelines.md, section 15.3).
func (r *run) uploaded(ev Uploaded) error {
	j, s, err := r.job(ev.JobID)
	if err != nil {
		return err
	}
	if err := r.mayUpload(j, ev.Plan); err != nil {
		return err
	}
	var replaced []*Step
	if ev.Replace {
		if replaced, err = r.notStarted(); err != nil {
			return err
		}
		for _, old := range replaced {
			r.removed[old.ID] = true
		}
	}
	if len(ev.Plan.Steps) == 0 && len(replaced) == 0 {
		r.mergeEnv(ev.Plan.Env)
		return nil
	}
	ins := newInsertion(r, ev.Plan, j.ScheduledAt)
	ins.uploader = s
	if err := ins.plan(); err != nil {
		return err
	}
	if err := r.remove(replaced); err != nil {
		return err
	}
	r.Build.Uploads++
	r.mergeEnv(ev.Plan.Env)
	return ins.commit()
}

func (r *run) mayUpload(j *Job, plan pipeline.Plan) error {
	b, limits := r.Build, r.Limits.orDefault()
	switch {
	case b.State.Terminal() || b.State == Creating || b.CancelRequested:
		return refuse(Conflict, "You can only change the pipeline of a running build")
	case j.Type != Script || j.State != JobRunning && j.State != JobTimingOut:
		return refuse(Conflict, "Only a running job can upload steps: this one is %s", j.State)
	case b.Uploads >= limits.UploadsPerBuild:
		return refuse(Invalid, "The number of uploads in this build exceeds your organization limit of %d", limits.UploadsPerBuild)
	case plan.JobCount() > limits.JobsPerUpload:
		return refuse(Invalid, "The number of jobs in this upload exceeds your organization limit of %d", limits.JobsPerUpload)
	}
	return nil
}

// replaceable are the states of a job that has not started, nor ended by itself. What an agent holds, or what waits
// for a child build, has.
var replaceable = []JobState{
	JobPending, JobWaiting, JobWaitingFailed, JobBlocked, JobBlockedFailed, JobLimiting, JobLimited, JobScheduled,
	JobReserved,
}

// notStarted returns the steps that a replacing upload takes out: those of which every job is replaceable, and the
// groups that are left without children by that.
func (r *run) notStarted() ([]*Step, error) {
	candidates, err := r.jobsIn(replaceable...)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, j := range candidates {
		ids = append(ids, j.StepID)
	}
	ids = slices.Compact(ids)
	if err := r.loadSteps(ids); err != nil {
		return nil, err
	}
	if err := r.loadJobs(ids); err != nil {
		return nil, err
	}
	var steps []*Step
	gone := map[string]bool{}
	for _, id := range ids {
		s, err := r.step(id)
		if err != nil {
			return nil, err
		}
		jobs, err := r.jobsOf(s)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(jobs, started) {
			gone[id] = true
			steps = append(steps, s)
		}
	}
	return r.withEmptyGroups(steps, gone)
}

func started(j *Job) bool {
	return j.RetriesCount > 0 || !slices.Contains(replaceable, j.State) || j.Type == Trigger && j.State == JobScheduled
}

func (r *run) withEmptyGroups(steps []*Step, gone map[string]bool) ([]*Step, error) {
	asked := map[string]bool{"": true}
	for _, s := range steps {
		if asked[s.GroupID] {
			continue
		}
		asked[s.GroupID] = true
		children, err := r.stepsAround(s.GroupID)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(children, func(c *Step) bool { return !gone[c.ID] }) {
			continue
		}
		group, err := r.step(s.GroupID)
		if err != nil {
			return nil, err
		}
		steps = append(steps, group)
	}
	return steps, nil
}

// remove takes steps out of the build: out of its counters, out of what they are a part of, and from under their
// dependents, which wait for the key again.
func (r *run) remove(steps []*Step) error {
	for _, s := range steps {
		jobs, err := r.jobsOf(s)
		if err != nil {
			return err
		}
		for _, j := range jobs {
			was := shareOf(j, s)
			r.Build.Counts.add(was.counts, -1)
			if j.Type == Script && j.State.queued() {
				r.effect(JobWithdrawn{Job: j})
			}
			r.groupChanged(j.Concurrency.Group)
		}
		if err := r.leaveWhole(s); err != nil {
			return err
		}
		if err := r.unbindFrom(s); err != nil {
			return err
		}
	}
	return nil
}

// leaveWhole takes a removed step out of its group's or uploader's counters.
func (r *run) leaveWhole(s *Step) error {
	id := s.wholeOf()
	if id == "" || r.removed[id] {
		return nil
	}
	whole, err := r.step(id)
	if err != nil {
		return err
	}
	p := partOf(s)
	r.touchStep(whole)
	whole.OpenParts -= p.open
	whole.HeldParts -= p.held
	whole.PartTally.add(p.tally, -1)
	r.enqueue(whole)
	return nil
}

// unbindFrom frees the dependents of a removed step: an edge that names a key waits for that key again, another one
// means nothing any more.
func (r *run) unbindFrom(s *Step) error {
	edges, err := r.edgesFrom(s)
	if err != nil {
		return err
	}
	for _, e := range edges {
		state := EdgeHeld
		if e.Key == "" {
			state = EdgeSatisfied
		}
		e.From = ""
		r.touchEdge(e)
		if e.State == state {
			continue
		}
		if err := r.setEdge(e, state); err != nil {
			return err
		}
	}
	return nil
}
