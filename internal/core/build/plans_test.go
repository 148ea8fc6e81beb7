package build_test

import (
	"fmt"

	"pgregory.net/rapid"

	"github.com/bridle-ci/bridle/internal/core/pipeline"
)

// planner draws plans in which everything that the rules look at occurs.
type planner struct {
	t *rapid.T
	// prefix keeps the keys of several documents apart; keys are those of all of them.
	prefix string
	keys   []string
	// failFast lets steps ask for cancel_on_build_failing.
	failFast bool
}

func (p *planner) chance(percent int, label string) bool {
	return rapid.IntRange(1, 100).Draw(p.t, label) <= percent
}

func (p *planner) plan() pipeline.Plan {
	n := rapid.IntRange(1, 7).Draw(p.t, "steps")
	for i := range n + 3 {
		p.keys = append(p.keys, fmt.Sprintf("%s%d", p.prefix, i)) // the last ones name no step
	}
	var plan pipeline.Plan
	for i := range n {
		plan.Steps = append(plan.Steps, p.step(fmt.Sprintf("%s%d", p.prefix, i), true))
	}
	return plan
}

func (p *planner) step(key string, outer bool) pipeline.Step {
	kinds := []pipeline.Kind{
		pipeline.KindCommand, pipeline.KindCommand, pipeline.KindCommand, pipeline.KindWait, pipeline.KindBlock,
		pipeline.KindInput, pipeline.KindTrigger,
	}
	if outer {
		kinds = append(kinds, pipeline.KindGroup)
	}
	s := pipeline.Step{Kind: rapid.SampledFrom(kinds).Draw(p.t, "kind"), Key: key}
	s.AllowDependencyFailure = p.chance(15, "allow")
	if p.chance(30, "depends") {
		s.DependsOn = p.dependencies()
	}
	switch s.Kind {
	case pipeline.KindCommand:
		s.Command = p.command()
	case pipeline.KindWait:
		s.Wait = &pipeline.Wait{ContinueOnFailure: p.chance(40, "continue")}
	case pipeline.KindBlock, pipeline.KindInput:
		s.Manual = &pipeline.Manual{BlockedState: rapid.SampledFrom([]string{"passed", "failed", "running"}).Draw(p.t, "blocked state")}
	case pipeline.KindTrigger:
		s.Trigger = &pipeline.Trigger{Async: p.chance(30, "async")}
		soft := p.softFail()
		for range rapid.IntRange(1, 2).Draw(p.t, "children") {
			s.Trigger.Jobs = append(s.Trigger.Jobs, pipeline.JobSpec{SoftFail: soft})
		}
	case pipeline.KindGroup:
		for i := range rapid.IntRange(1, 3).Draw(p.t, "children") {
			s.Steps = append(s.Steps, p.step(fmt.Sprintf("%s_%d", key, i), false))
		}
	}
	s.Broken = s.Kind != pipeline.KindGroup && p.chance(10, "broken")
	return s
}

func (p *planner) dependencies() pipeline.Dependencies {
	d := pipeline.Dependencies{Explicit: true}
	for range rapid.IntRange(0, 2).Draw(p.t, "dependencies") {
		d.On = append(d.On, pipeline.Dependency{
			Key: rapid.SampledFrom(p.keys).Draw(p.t, "key"), AllowFailure: p.chance(30, "allow failure"),
		})
	}
	return d
}

func (p *planner) command() *pipeline.Command {
	c := &pipeline.Command{SoftFail: p.softFail(), CancelOnBuildFailing: p.failFast && p.chance(20, "fail fast")}
	matrix := p.chance(20, "matrix") // whose adjustments say for each job what is soft
	for range rapid.IntRange(1, 3).Draw(p.t, "jobs") {
		job := pipeline.JobSpec{SoftFail: c.SoftFail}
		if matrix {
			job.SoftFail = p.softFail()
		}
		c.Jobs = append(c.Jobs, job)
	}
	if p.chance(30, "retry") {
		c.Retry.Automatic = []pipeline.RetryRule{
			{Signals: []string{"SIGKILL"}, Limit: 2}, {ExitStatuses: []int{2}, Limit: 1}, {SignalReasons: []string{"none"}, Limit: 1},
		}
	}
	if p.chance(40, "limited") {
		c.Concurrency = pipeline.Concurrency{
			Group: rapid.SampledFrom([]string{"g", "h"}).Draw(p.t, "group"), Limit: rapid.IntRange(1, 2).Draw(p.t, "limit"),
			Method: rapid.SampledFrom([]pipeline.ConcurrencyMethod{pipeline.Ordered, pipeline.Ordered, pipeline.Eager}).Draw(p.t, "method"),
		}
	}
	c.Retry.Manual.PermitOnPassed = p.chance(50, "permit")
	c.Retry.Manual.Forbidden = p.chance(10, "forbid")
	return c
}

func (p *planner) softFail() pipeline.SoftFail {
	switch rapid.IntRange(0, 5).Draw(p.t, "soft") {
	case 0:
		return pipeline.SoftFail{All: true, Any: true}
	case 1:
		return pipeline.SoftFail{Statuses: []int{3}}
	}
	return pipeline.SoftFail{}
}
