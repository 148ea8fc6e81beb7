package build

import (
	"github.com/bridle-ci/bridle/internal/core/pipeline"
)

// makeJobs makes a step's jobs. An excluded step has its jobs, too: they are broken.
func (ins *insertion) makeJobs(p *placed) error {
	doc := p.doc
	switch doc.Kind {
	case pipeline.KindGroup:
		return nil
	case pipeline.KindCommand:
		if err := ins.makeScripts(p); err != nil {
			return err
		}
	case pipeline.KindTrigger:
		for i, spec := range orOne(doc.Trigger.Jobs, doc.Label) {
			j := ins.newJob(p, Trigger, i, specOf(spec))
			if doc.Trigger.SoftFail.Any || doc.Trigger.SoftFail.All || len(doc.Trigger.SoftFail.Statuses) > 0 {
				j.Spec.SoftFail = doc.Trigger.SoftFail
			}
		}
	case pipeline.KindWait:
		ins.newJob(p, Waiter, 0, Spec{Label: doc.Label})
	case pipeline.KindBlock, pipeline.KindInput:
		ins.newJob(p, Manual, 0, Spec{Label: doc.Label})
	}
	exclude(p)
	return nil
}

func (ins *insertion) makeScripts(p *placed) error {
	c := p.doc.Command
	timeout := c.TimeoutMinutes
	if ins.r.Timeout != nil {
		timeout = ins.r.Timeout(timeout)
	}
	for i, spec := range orOne(c.Jobs, p.doc.Label) {
		j := ins.newJob(p, Script, i, specOf(spec))
		j.Priority, j.TimeoutMinutes, j.Concurrency = c.Priority, timeout, c.Concurrency
		if p.doc.Broken || ins.r.Place == nil {
			continue
		}
		if err := ins.r.Place(j, j.Spec.Agents); err != nil {
			return err
		}
	}
	return nil
}

// orOne gives a step without jobs (`parallelism: 0`) one, which says why it does not run.
func orOne(specs []pipeline.JobSpec, label string) []pipeline.JobSpec {
	if len(specs) == 0 {
		return []pipeline.JobSpec{{Label: label}}
	}
	return specs
}

func (ins *insertion) newJob(p *placed, t JobType, index int, spec Spec) *Job {
	s := p.step
	j := &Job{
		ID: ins.r.NewID(), BuildID: s.BuildID, StepID: s.ID, Type: t, State: JobPending, StepPath: s.Path,
		Index: index, Spec: spec, CreatedAt: ins.r.Now, ScheduledAt: ins.scheduledAt,
	}
	p.jobs = append(p.jobs, j)
	return j
}

// exclude marks a step that its own configuration takes out of the build.
func exclude(p *placed) {
	if !p.doc.Broken {
		return
	}
	p.step.State = StepIgnored
	for _, j := range p.jobs {
		j.BrokenReason = p.doc.BrokenReason
	}
}

func specOf(spec pipeline.JobSpec) Spec {
	return Spec{
		Label: spec.Label, Command: spec.Command, Env: spec.Env, Agents: spec.Agents, Plugins: string(spec.Plugins),
		ParallelIndex: spec.ParallelIndex, ParallelTotal: spec.ParallelTotal, Matrix: spec.Matrix,
		SoftFail: spec.SoftFail,
	}
}
