package build

import (
	"slices"

	"github.com/bridle-ci/bridle/internal/core/pipeline"
)

// section is what a step at some place of a scope has before it.
type section struct {
	// outer is the barrier before the group, for a scope that inherits it.
	outer *Step
	// barrier is the last wait or block of the scope: the dependency of what follows without a depends_on.
	barrier *Step
	// covering is the last barrier that itself waits for all before it; since are the steps after it, which the
	// next such barrier has to cover. A barrier with a depends_on of its own covers nothing, and is in since.
	covering *Step
	since    []*Step
}

func (sec *section) last() *Step {
	if sec.barrier != nil {
		return sec.barrier
	}
	return sec.outer
}

func (sec *section) pass(s *Step) {
	switch {
	case s.State == StepIgnored || s.Kind == pipeline.KindInput:
	case !s.isBarrier():
		sec.since = append(sec.since, s)
	case s.Settings.ExplicitDependsOn:
		sec.barrier = s
		sec.since = append(sec.since, s)
	default:
		sec.barrier, sec.covering, sec.since = s, s, nil
	}
}

// connect works out the dependencies of the new steps, scope by scope (docs/contract/pipelines.md, section 6.1).
func (ins *insertion) connect() error {
	scopes := []string{""}
	if ins.uploader != nil && ins.uploader.GroupID != "" {
		scopes = append(scopes, ins.uploader.GroupID)
	}
	for _, scope := range scopes {
		if err := ins.connectScope(scope); err != nil {
			return err
		}
	}
	return ins.connectGroups()
}

// connectScope walks a scope of the build, what it has and what is new in it.
func (ins *insertion) connectScope(groupID string) error {
	var all []*Step
	for _, p := range ins.steps {
		if p.step.GroupID == groupID {
			all = append(all, p.step)
		}
	}
	if len(all) == 0 {
		return nil
	}
	steps, err := ins.scope(groupID)
	if err != nil {
		return err
	}
	all = append(all, steps...)
	slices.SortFunc(all, byPath)
	sec, err := ins.open(groupID)
	if err != nil {
		return err
	}
	for _, s := range all {
		if p := ins.byID[s.ID]; p != nil {
			if err := ins.connectStep(p, sec); err != nil {
				return err
			}
		}
		sec.pass(s)
	}
	return nil
}

// open starts the walk of a scope: an existing group inherits the barrier before it.
func (ins *insertion) open(groupID string) (*section, error) {
	if groupID == "" {
		return &section{}, nil
	}
	group, err := ins.r.step(groupID)
	if err != nil || group.Settings.ExplicitDependsOn {
		return &section{}, err
	}
	steps, err := ins.scope(group.GroupID)
	if err != nil {
		return nil, err
	}
	outer := &section{}
	for _, s := range steps {
		if s.Path >= group.Path {
			break
		}
		outer.pass(s)
	}
	return &section{outer: outer.last()}, nil
}

func (ins *insertion) scope(groupID string) ([]*Step, error) {
	if ins.uploader == nil {
		return nil, nil
	}
	if steps, known := ins.scopes[groupID]; known {
		return steps, nil
	}
	steps, err := ins.r.stepsAround(groupID)
	if err != nil {
		return nil, err
	}
	for _, s := range steps {
		ins.r.steps[s.ID] = s
		if whole := s.wholeOf(); whole != "" {
			ins.parts[whole] = append(ins.parts[whole], s)
		}
	}
	ins.scopes[groupID] = steps
	return steps, nil
}

// connectStep gives a step its edges; a group passes them on to its children.
func (ins *insertion) connectStep(p *placed, sec *section) error {
	if p.step.isGroup() {
		inner := &section{outer: sec.last()}
		if p.step.Settings.ExplicitDependsOn {
			inner.outer = nil
		}
		for _, child := range p.children {
			if err := ins.connectStep(child, inner); err != nil {
				return err
			}
			inner.pass(child.step)
		}
		return nil
	}
	if p.step.State == StepIgnored {
		return nil
	}
	group, err := ins.groupOf(p)
	if err != nil {
		return err
	}
	c := connector{ins: ins, p: p, named: map[string]*Edge{}, groups: map[string][]*Edge{}, allow: p.step.Settings.AllowDependencyFailure}
	inherited := c.allow || group != nil && group.Settings.AllowDependencyFailure
	switch {
	case p.step.Settings.ExplicitDependsOn:
		err = c.dependOn(p.step.Settings.DependsOn, c.allow)
	case p.step.isBarrier():
		c.cover(sec)
	case sec.barrier != nil:
		c.edge(sec.barrier, c.allow)
	case sec.outer != nil:
		c.edge(sec.outer, inherited)
	}
	if err == nil && group != nil {
		err = c.dependOn(group.Settings.DependsOn, inherited)
	}
	if err == nil {
		c.dependOnUploader(inherited)
	}
	if len(c.groups) > 0 {
		ins.limited = append(ins.limited, &c)
	}
	return err
}

func (ins *insertion) groupOf(p *placed) (*Step, error) {
	switch {
	case p.group != nil:
		return p.group.step, nil
	case p.step.GroupID == "":
		return nil, nil
	}
	return ins.r.step(p.step.GroupID)
}

// connector collects the edges of one step.
type connector struct {
	ins *insertion
	p   *placed
	// named are the explicit edges by key, groups those to members of a concurrency group by the group's name.
	named  map[string]*Edge
	groups map[string][]*Edge
	// allow is the step's allow_dependency_failure.
	allow bool
}

// edge adds a dependency on a step. Whatever the step was uploaded by, directly or further up, is waited for alone and
// without its uploads, the step itself being one.
func (c *connector) edge(from *Step, lenient bool) *Edge {
	e := &Edge{
		ID: c.ins.r.NewID(), BuildID: c.p.step.BuildID, From: from.ID, To: c.p.step.ID, Lenient: lenient,
		OwnOnly: c.ins.uploaders[from.ID], Forward: from.Path > c.p.step.Path,
	}
	c.p.edges = append(c.p.edges, e)
	return e
}

// dependOn adds explicit dependencies. A key the build does not have may still come.
func (c *connector) dependOn(list []Dependency, allow bool) error {
	for _, d := range list {
		lenient := allow || d.AllowFailure
		if e := c.named[d.Key]; e != nil {
			e.Lenient = e.Lenient && lenient
			continue
		}
		from, err := c.ins.find(d.Key)
		if err != nil {
			return err
		}
		var e *Edge
		if from != nil {
			e = c.edge(from, lenient)
			if name := from.Settings.Concurrency.Group; name != "" {
				c.groups[name] = append(c.groups[name], e)
			}
		} else {
			e = &Edge{ID: c.ins.r.NewID(), BuildID: c.p.step.BuildID, To: c.p.step.ID, Lenient: lenient}
			c.p.edges = append(c.p.edges, e)
		}
		e.Key = d.Key
		c.named[d.Key] = e
	}
	return nil
}

func (ins *insertion) find(key string) (*Step, error) {
	if p := ins.byKey[key]; p != nil {
		return p.step, nil
	}
	if ins.uploader == nil {
		return nil, nil
	}
	return ins.r.stepByKey(key)
}

// cover adds the edges of a wait or block without a depends_on: to all since the last barrier that covers, and to that
// barrier.
func (c *connector) cover(sec *section) {
	proceed := c.p.step.Settings.ContinueOnFailure
	for _, s := range sec.since {
		if c.ins.uploader != nil && s.ID == c.ins.uploader.ID {
			continue // dependOnUploader
		}
		previous := s == sec.barrier
		c.edge(s, c.allow || proceed && !previous)
	}
	switch {
	case sec.covering != nil:
		e := c.edge(sec.covering, c.allow)
		e.Through = !proceed
	case sec.outer != nil:
		c.edge(sec.outer, c.allow)
	}
}

// dependOnUploader makes an uploaded step wait for the job that uploads it, unless it names that step itself. One that
// asks for no dependency runs whatever becomes of the uploader (docs/contract/pipelines.md, section 15.3).
func (c *connector) dependOnUploader(allow bool) {
	uploader := c.ins.uploader
	if uploader == nil {
		return
	}
	if e := c.named[uploader.Key]; e != nil && e.From == uploader.ID {
		return
	}
	settings := c.p.step.Settings
	c.edge(uploader, allow || settings.ExplicitDependsOn && len(settings.DependsOn) == 0)
}
