package scenario

import "fmt"

// childPipeline is what trigger steps of scenarios trigger: it can be brought into every state of a build.
const (
	childPipeline = "child"
	childSteps    = `steps:
  - { key: work, command: work }
  - { key: ask, block: Go on }
  - { key: more, command: more }
`
)

// childEvent lets something happen to the build of a trigger job, and then lets the trigger job hear of it.
func (d *Server) childEvent(e Event, j jobObject) error {
	var err error
	switch e.Child {
	case "created":
		err = d.deliver(d.ctx, "builds.trigger", j.ID)
	case "refused", "canceled": // that is under way
	case "superseded":
		err = d.supersede(childPipeline, "main")
	default:
		err = d.bring(j, e.Child)
	}
	if err != nil {
		return err
	}
	return untold(d.drain(d.ctx))
}

// bring does with a trigger job's build what leads to a state.
func (d *Server) bring(j jobObject, state string) error {
	if j.TriggeredBuild == nil {
		return fmt.Errorf("the job has triggered no build")
	}
	child := &Server{stage: d.stage, pipeline: childPipeline, build: *j.TriggeredBuild, keys: map[string]bool{}}
	if err := child.reload(); err != nil {
		return err
	}
	if state == "running" {
		return child.goOn()
	}
	if state != "passed" {
		status := map[string]int{"blocked": 0, "failed": 1}[state]
		return child.do(Event{Subject: Job{Key: "work"}, Verb: Finished, ExitStatus: status})
	}
	for _, e := range []Event{
		{Subject: Job{Key: "work"}, Verb: Finished}, {Subject: Job{Key: "ask"}, Verb: Unblocked}, {Subject: Job{Key: "more"}, Verb: Finished},
	} {
		if err := child.do(e); err != nil {
			return err
		}
	}
	return nil
}

// goOn takes a child that has not started, waits for a person or has failed to the state running.
func (d *Server) goOn() error {
	switch {
	case d.build.Blocked:
		return d.do(Event{Subject: Job{Key: "ask"}, Verb: Unblocked})
	case d.build.State == "failed":
		return d.do(Event{Subject: Job{Key: "work"}, Verb: Retried})
	}
	return d.do(Event{Subject: Job{Key: "work"}, Verb: Started})
}

// do lets an event happen to a job unless it has passed, or was unblocked, already.
func (d *Server) do(e Event) error {
	if err := d.reload(); err != nil {
		return err
	}
	if state := d.jobs(e.Subject.Key)[0].State; state == "passed" || state == "unblocked" {
		return nil
	}
	return d.Event(e)
}
