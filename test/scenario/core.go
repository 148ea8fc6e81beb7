package scenario

import (
	"errors"
	"fmt"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/build/buildtest"
	"github.com/bridle-ci/bridle/internal/core/environment"
	"github.com/bridle-ci/bridle/internal/core/pipeline"
)

// Core carries scenarios out on the rules alone. It audits the build's counters after every event.
type Core struct {
	World  *buildtest.World
	create Create
	// fleet is the builds of the scenario, all the same for each of them.
	fleet *buildtest.Fleet
}

var (
	_ Driver  = (*Core)(nil)
	_ Settler = (*Core)(nil)
	_ Another = (*Core)(nil)
)

// usualAgent takes the jobs of a scenario that names no agent.
const usualAgent = "agent"

// Create implements Driver.
func (d *Core) Create(c Create) error {
	d.World, d.create = buildtest.New(), c
	if d.fleet == nil {
		d.fleet = &buildtest.Fleet{}
	}
	d.fleet.Add(d.World)
	plan, err := d.compile(c.Pipeline, true)
	if err != nil {
		return err
	}
	return d.apply(build.Created{Plan: plan})
}

// Another implements the interface of that name.
func (d *Core) Another(string) (Driver, error) { return &Core{fleet: d.fleet}, nil }

// Settle implements Settler.
func (d *Core) Settle() error {
	if err := d.fleet.GiveSlots(); err != nil {
		return err
	}
	return d.fleet.Audit()
}

func (d *Core) compile(doc []byte, stored bool) (pipeline.Plan, error) {
	b := environment.Build{Number: 1, Branch: d.create.Branch, Commit: "HEAD", Source: "api", Env: d.create.Env}
	options := pipeline.Options{
		Vars: environment.Conditions(b, string(d.World.Build.State)), Branch: b.Branch, Stored: stored,
	}
	if stored {
		options.Interpolate = environment.Interpolation(b)
	}
	parsed, err := pipeline.Parse(doc)
	if err != nil {
		return pipeline.Plan{}, refused(err)
	}
	plan, err := parsed.Compile(options)
	return plan, refused(err)
}

// refused makes a *Refused of what the rules or the compiler refuse.
func refused(err error) error {
	var refusal *build.Refusal
	var invalid *pipeline.Error
	switch {
	case errors.As(err, &refusal):
		return &Refused{Message: refusal.Message}
	case errors.As(err, &invalid):
		return &Refused{Message: invalid.Message}
	}
	return err
}

func (d *Core) apply(ev build.Event) error {
	if _, err := d.World.Apply(ev); err != nil {
		return refused(err)
	}
	return d.World.Audit()
}

// Event implements Driver.
func (d *Core) Event(e Event) error {
	if e.Subject.Key == "" {
		return d.buildEvent(e)
	}
	if e.WholeStep {
		return d.stepEvent(e)
	}
	j, ok := d.World.Job(e.Subject.Key, e.Subject.Index)
	if !ok {
		return fmt.Errorf("there is no job %s[%d]", e.Subject.Key, e.Subject.Index)
	}
	return d.jobEvent(e, j)
}

func (d *Core) buildEvent(e Event) error {
	switch e.Verb {
	case Canceled:
		return d.apply(build.CanceledBuild{})
	case Skipped:
		return d.apply(build.SkippedBuild{})
	}
	return fmt.Errorf("a build cannot be %s", e.Verb)
}

func (d *Core) stepEvent(e Event) error {
	s, ok := d.World.Step(e.Subject.Key)
	if !ok {
		return fmt.Errorf("there is no step %s", e.Subject.Key)
	}
	switch e.Verb {
	case Canceled:
		return d.apply(build.CanceledStep{StepID: s.ID})
	case ForceCanceled:
		return d.apply(build.ForceCanceled{StepID: s.ID})
	}
	return fmt.Errorf("a step cannot be %s", e.Verb)
}

func (d *Core) jobEvent(e Event, j build.Job) error {
	switch e.Verb {
	case Accepted:
		return d.accept(j, e.Agent)
	case Started:
		return d.start(j, e.Agent)
	case Finished:
		if err := d.startIfQueued(j); err != nil {
			return err
		}
		return d.apply(build.Finished{
			JobID: j.ID, ExitStatus: e.ExitStatus, Signal: e.Signal, SignalReason: e.Reason,
		})
	case Promised:
		return d.apply(build.Promised{JobID: j.ID, ExitStatus: e.ExitStatus, Reason: e.Reason})
	case Uploads:
		plan, err := d.compile(e.Document, false)
		if err != nil {
			return err
		}
		return d.apply(build.Uploaded{JobID: j.ID, Plan: plan, Replace: e.Replace})
	case Child:
		return d.child(j, e)
	}
	events := map[Verb]build.Event{
		Returned: build.Returned{JobID: j.ID}, Lost: build.AgentLost{JobID: j.ID}, TimedOut: build.TimedOut{JobID: j.ID},
		Expired: build.Expired{JobID: j.ID}, Canceled: build.CanceledJob{JobID: j.ID},
		Retried: build.Retried{JobID: j.ID, UserID: "user"}, Unblocked: build.Unblocked{JobID: j.ID, UserID: "user"},
	}
	ev, ok := events[e.Verb]
	if !ok {
		return fmt.Errorf("a job cannot be %s", e.Verb)
	}
	return d.apply(ev)
}

func (d *Core) accept(j build.Job, agent string) error {
	if agent == "" {
		agent = usualAgent
	}
	if j.State == build.JobScheduled {
		if err := d.World.Assign(j.ID, agent); err != nil {
			return err
		}
	}
	return d.apply(build.Accepted{JobID: j.ID, AgentID: agent})
}

func (d *Core) start(j build.Job, agent string) error {
	if j.State == build.JobScheduled {
		if err := d.accept(j, agent); err != nil {
			return err
		}
	}
	return d.apply(build.Started{JobID: j.ID})
}

// startIfQueued starts a script job that a scenario lets finish without a word about its start.
func (d *Core) startIfQueued(j build.Job) error {
	if j.State != build.JobScheduled {
		return nil
	}
	return d.start(j, "")
}

func (d *Core) child(j build.Job, e Event) error {
	switch e.Child {
	case "created":
		return d.apply(build.ChildCreated{JobID: j.ID, BuildID: "child-" + j.ID})
	case "refused":
		return d.apply(build.ChildRefused{JobID: j.ID, Reason: e.Reason})
	case "superseded":
		return d.apply(build.ChildChanged{JobID: j.ID, State: build.Skipped})
	}
	return d.apply(build.ChildChanged{JobID: j.ID, State: build.State(e.Child)})
}

// States implements Driver.
func (d *Core) States() (States, error) {
	s := States{Jobs: map[string][]JobStatus{}, Steps: map[string]StepStatus{}}
	s.Build, s.BlockedState = string(d.World.Build.State), string(d.World.Build.BlockedState)
	keys, behind := map[string]string{}, d.behindBlocks()
	for _, step := range d.World.Steps() {
		if step.Key != "" {
			keys[step.ID] = step.Key
			s.Steps[step.Key] = StepStatus{State: string(step.State), Outcome: string(step.Outcome)}
		}
	}
	for _, j := range d.World.Latest() {
		key := keys[j.StepID]
		if behind[j.StepID] {
			j.State = build.ShownBehindBlock(&j)
		}
		s.Jobs[key] = append(s.Jobs[key], statusOf(j))
	}
	return s, nil
}

// behindBlocks are the steps that are behind a block, by id.
func (d *Core) behindBlocks() map[string]bool {
	steps, behind := map[string]build.Step{}, map[string]bool{}
	for _, s := range d.World.Steps() {
		steps[s.ID] = s
	}
	for _, e := range d.World.Edges() {
		if from := steps[e.From]; build.BehindBlock(e.State, from.Kind, from.State) {
			behind[e.To] = true
		}
	}
	return behind
}

func statusOf(j build.Job) JobStatus {
	return JobStatus{
		State: restState(j), ExitStatus: j.ExitStatus, SoftFailed: j.SoftFailed, Reason: j.BrokenReason,
		Retries: j.RetriesCount, Unblockable: j.Type == build.Manual && j.State == build.JobBlocked,
		Limited: j.State.AsksForSlot(),
	}
}

// restState is a job's state as REST shows it (docs/contract/pipelines.md, section 4.2).
func restState(j build.Job) string {
	switch j.State {
	case build.JobFinished:
		if j.Passed() {
			return "passed"
		}
		return "failed"
	case build.JobWaiting:
		if j.Type == build.Manual {
			return "blocked"
		}
	case build.JobLimiting, build.JobLimited, build.JobReserved:
		return "scheduled"
	}
	return string(j.State)
}
