package build

import (
	"maps"
	"slices"
)

// connectGroups makes steps that name a member of a concurrency group wait for the rest of that group, as far as it is in
// this build and stands before them (docs/contract/pipelines.md, section 6.1). It needs all other edges to be there.
func (ins *insertion) connectGroups() error {
	for _, c := range ins.limited {
		for _, name := range slices.Sorted(maps.Keys(c.groups)) {
			if err := c.dependOnRest(name); err != nil {
				return err
			}
		}
	}
	return nil
}

// dependOnRest adds the edges to the members of a group that the step does not name itself. Members that wait for steps
// further down are left out: the step may be one of those.
func (c *connector) dependOnRest(name string) error {
	members, err := c.ins.groupMembers(name)
	if err != nil {
		return err
	}
	named := map[string]bool{c.p.step.ID: true}
	for _, e := range c.named {
		named[e.From] = true
	}
	strict := slices.ContainsFunc(c.groups[name], func(e *Edge) bool { return !e.Lenient })
	for _, m := range members {
		if named[m.ID] || m.Path > c.p.step.Path {
			continue
		}
		ahead, err := c.ins.leadsAhead(node{step: m, full: true})
		if err != nil {
			return err
		}
		if !ahead {
			c.edge(m, !strict)
		}
	}
	return nil
}

// leadsAhead reports whether something that a node waits for, directly or not, waits for a step further down than itself.
func (ins *insertion) leadsAhead(n node) (bool, error) {
	id := nodeID{n.step.ID, n.full}
	if ahead, known := ins.ahead[id]; known {
		return ahead, nil
	}
	ins.ahead[id] = false
	next, err := ins.waitsFor(n)
	if err != nil {
		return false, err
	}
	for _, m := range next {
		ahead := !n.full && m.step.Path > n.step.Path
		if !ahead {
			if ahead, err = ins.leadsAhead(m); err != nil {
				return false, err
			}
		}
		if ahead {
			ins.ahead[id] = true
			break
		}
	}
	return ins.ahead[id], nil
}

// groupMembers returns the steps of a concurrency group, those about to come included. Excluded steps are in no group.
func (ins *insertion) groupMembers(name string) ([]*Step, error) {
	if members, known := ins.members[name]; known {
		return members, nil
	}
	var members []*Step
	if ins.uploader != nil {
		stored, err := ins.r.Source.StepsOfGroup(name)
		if err != nil {
			return nil, err
		}
		for _, s := range stored {
			if !ins.r.removed[s.ID] {
				ins.r.steps[s.ID] = s
				members = append(members, s)
			}
		}
	}
	for _, p := range ins.steps {
		if p.step.Settings.Concurrency.Group == name {
			members = append(members, p.step)
		}
	}
	members = slices.DeleteFunc(members, func(s *Step) bool { return s.State == StepIgnored })
	ins.members[name] = members
	return members, nil
}
