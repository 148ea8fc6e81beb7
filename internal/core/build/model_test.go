package build_test

import (
	"fmt"
	"slices"

	"pgregory.net/rapid"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/pipeline"
)

// fate is how a job of the model ends once it can run.
type fate string

const (
	passes   fate = "passes"
	fails    fate = "fails"
	softly   fate = "fails softly"
	cancels  fate = "is canceled"
	expires  fate = "expires"
	timesOut fate = "times out"
)

// ends are how a step of the model came out, as its dependents see it.
type ends struct{ failed, stopped bool }

func (e ends) and(o ends) ends { return ends{e.failed || o.failed, e.stopped || o.stopped} }

// modelStep is a step whose fate is known beforehand.
type modelStep struct {
	pipeline.Step
	fates []fate
	// end is how the step came out, once that is known. ran says that its dependencies have let it go, which is not
	// taken back when one of them is retried.
	known bool
	end   ends
	ran   bool
	// missing says that the step did not run for a key that never came, and not for another reason.
	missing bool
	// before are the steps of the scope in front of it, parent its group.
	before   []*modelStep
	parent   *modelStep
	children []*modelStep
}

// model works out how a build ends by reading docs/contract/pipelines.md, sections 6.1 and 6.2, word for word: without
// counters, order or time.
type model struct {
	byKey map[string]*modelStep
	all   []*modelStep
	// kinds and fates are those that the model's steps may have.
	kinds []pipeline.Kind
	fates []fate
}

func (m *model) work(s *modelStep) ends {
	if s.known {
		return s.end
	}
	s.known = true
	switch {
	case s.Broken:
		return s.end
	case s.Kind == pipeline.KindGroup:
		for _, child := range s.children {
			s.end = s.end.and(m.work(child))
		}
		return s.end
	}
	refused, missing := m.dependencies(s)
	if s.ran = s.ran || !refused && !missing; !s.ran {
		s.end.failed, s.missing = true, !refused
		return s.end
	}
	for _, f := range s.fates {
		s.end = s.end.and(ends{failed: f == fails || f == timesOut, stopped: f == cancels || f == expires})
	}
	return s.end
}

// dependencies tells whether some dependency refuses the step, and whether one never comes.
func (m *model) dependencies(s *modelStep) (refused, missing bool) {
	need := func(e ends, lenient bool) { refused = refused || e.stopped || e.failed && !lenient }
	named := func(d pipeline.Dependencies, allow bool) {
		strict := map[string]bool{} // of two dependencies on one step the strict one counts
		for _, on := range d.On {
			strict[on.Key] = strict[on.Key] || !on.AllowFailure && !allow
		}
		for key, isStrict := range strict {
			if on := m.byKey[key]; on == nil {
				missing = true
			} else {
				need(m.work(on), !isStrict)
			}
		}
	}
	allow := s.AllowDependencyFailure
	barrier := lastBarrier(s.before)
	switch {
	case s.DependsOn.Explicit:
		named(s.DependsOn, allow)
	case s.isBarrier():
		m.cover(s, need)
	case barrier != nil:
		need(m.work(barrier), allow)
	case s.parent != nil && !s.parent.DependsOn.Explicit:
		if outer := lastBarrier(s.parent.before); outer != nil {
			need(m.work(outer), allow || s.parent.AllowDependencyFailure)
		}
	}
	if s.parent != nil {
		named(s.parent.DependsOn, allow || s.parent.AllowDependencyFailure)
	}
	return refused, missing
}

// cover is what a wait or block depends on: strictly all before it, or with continue_on_failure the barrier before it and
// the end of what is since. Inputs make no edges.
func (m *model) cover(s *modelStep, need func(ends, bool)) {
	since := true
	for i := len(s.before) - 1; i >= 0; i-- {
		on := s.before[i]
		switch {
		case on.Kind == pipeline.KindInput:
		case s.Wait == nil || !s.Wait.ContinueOnFailure:
			need(m.work(on), false)
		case since:
			need(m.work(on), !on.isBarrier())
		}
		since = since && !on.isBarrier()
	}
	if lastBarrier(s.before) == nil && s.parent != nil && !s.parent.DependsOn.Explicit {
		if outer := lastBarrier(s.parent.before); outer != nil {
			need(m.work(outer), false)
		}
	}
}

// isBarrier tells whether what follows the step waits for it.
func (s *modelStep) isBarrier() bool {
	return (s.Kind == pipeline.KindWait || s.Kind == pipeline.KindBlock) && !s.Broken
}

func lastBarrier(steps []*modelStep) *modelStep {
	for i := len(steps) - 1; i >= 0; i-- {
		if steps[i].isBarrier() {
			return steps[i]
		}
	}
	return nil
}

// drawModel draws a pipeline with the fates of its jobs. Whoever waits for a person is let go at once. Where there are
// blocks or inputs nothing makes the build fail, since it is a matter of time whether they are offered before it has.
func drawModel(t *rapid.T) (*model, pipeline.Plan) {
	m := &model{
		byKey: map[string]*modelStep{},
		kinds: []pipeline.Kind{pipeline.KindCommand, pipeline.KindCommand, pipeline.KindCommand, pipeline.KindWait},
		fates: []fate{passes, passes, passes, softly},
	}
	p := &planner{t: t}
	n := rapid.IntRange(1, 8).Draw(t, "steps")
	for i := range n {
		p.keys = append(p.keys, fmt.Sprintf("k%d", i))
	}
	if p.chance(30, "manual") {
		m.kinds = append(m.kinds, pipeline.KindBlock, pipeline.KindInput)
	} else {
		m.fates = append(m.fates, fails, cancels, expires, timesOut)
		p.keys = append(p.keys, "missing")
	}
	var plan pipeline.Plan
	var scope []*modelStep
	for i := range n {
		s := m.draw(p, fmt.Sprintf("k%d", i), scope, nil)
		scope = append(scope, s)
		plan.Steps = append(plan.Steps, s.Step)
	}
	return m, plan
}

func (m *model) draw(p *planner, key string, before []*modelStep, parent *modelStep) *modelStep {
	kinds := m.kinds
	if parent == nil {
		kinds = append(slices.Clone(kinds), pipeline.KindGroup)
	}
	s := &modelStep{before: before[:len(before):len(before)], parent: parent}
	s.Kind, s.Key = rapid.SampledFrom(kinds).Draw(p.t, "kind"), key
	if barrier := s.Kind == pipeline.KindWait || s.Kind == pipeline.KindBlock; !barrier {
		if p.chance(30, "depends") {
			s.DependsOn = p.dependencies()
		}
		s.AllowDependencyFailure = p.chance(15, "allow")
	}
	s.Broken = s.Kind != pipeline.KindGroup && p.chance(8, "broken")
	switch s.Kind {
	case pipeline.KindWait:
		s.Wait = &pipeline.Wait{ContinueOnFailure: p.chance(50, "continue")}
	case pipeline.KindBlock, pipeline.KindInput:
		s.Manual = &pipeline.Manual{BlockedState: "passed"}
	case pipeline.KindCommand:
		s.Command = &pipeline.Command{}
		for range rapid.IntRange(1, 2).Draw(p.t, "jobs") {
			f := rapid.SampledFrom(m.fates).Draw(p.t, "fate")
			s.fates = append(s.fates, f)
			s.Command.Jobs = append(s.Command.Jobs, pipeline.JobSpec{SoftFail: pipeline.SoftFail{All: f == softly, Any: f == softly}})
		}
	case pipeline.KindGroup:
		for i := range rapid.IntRange(1, 4).Draw(p.t, "children") {
			child := m.draw(p, fmt.Sprintf("%s_%d", key, i), s.children, s)
			s.children = append(s.children, child)
			s.Steps = append(s.Steps, child.Step)
		}
	}
	m.byKey[key] = s
	m.all = append(m.all, s)
	return s
}

// want is the state in which a job of the step has to end.
func (s *modelStep) want(j build.Job) build.JobState {
	switch {
	case s.Broken:
		return build.JobBroken
	case !s.ran && s.Manual != nil:
		return build.JobBlockedFailed
	case !s.ran:
		return build.JobWaitingFailed
	case s.Manual != nil:
		return build.JobUnblocked
	case s.Wait != nil:
		return build.JobFinished
	}
	switch s.fates[j.Index] {
	case cancels:
		return build.JobCanceled
	case expires:
		return build.JobExpired
	case timesOut:
		return build.JobTimedOut
	}
	return build.JobFinished
}

// result is the build's state in the end (docs/contract/pipelines.md, section 3.3).
func (m *model) result() build.State {
	ran, failed := false, false
	for _, s := range m.all {
		ran = ran || (s.Command != nil || s.Manual != nil) && !s.Broken
		failed = failed || s.missing
		for _, f := range s.fates {
			failed = failed || s.ran && f != passes && f != softly
		}
	}
	switch {
	case failed:
		return build.Failed
	case !ran:
		return build.NotRun
	}
	return build.Passed
}
