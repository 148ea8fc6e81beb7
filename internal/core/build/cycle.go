package build

import (
	"slices"
	"strings"

	"github.com/bridle-ci/bridle/internal/core/pipeline"
)

// node is a step as something to wait for: its own jobs, or with its parts as well.
type node struct {
	step *Step
	full bool
}

// search is a depth-first walk along what waits for what.
type search struct {
	ins *insertion
	// done nodes lead into no cycle; on the path are the ones being looked at.
	done   map[nodeID]bool
	onPath map[nodeID]bool
	path   []*Step
}

type nodeID struct {
	step string
	full bool
}

// refuseCycles looks for steps that would wait for themselves. A new cycle goes through a new step; steps that were let
// go wait for nothing any more, so the walk ends at them.
func (ins *insertion) refuseCycles() error {
	sr := &search{ins: ins, done: map[nodeID]bool{}, onPath: map[nodeID]bool{}}
	for _, p := range ins.steps {
		if err := sr.visit(node{step: p.step, full: true}); err != nil {
			return err
		}
	}
	return nil
}

func (sr *search) visit(n node) error {
	id := nodeID{n.step.ID, n.full}
	if sr.done[id] {
		return nil
	}
	sr.path = append(sr.path, n.step)
	if sr.onPath[id] {
		return refuse(Invalid, "Dependency cycle: %s", sr.describe())
	}
	sr.onPath[id] = true
	next, err := sr.ins.waitsFor(n)
	if err != nil {
		return err
	}
	for _, m := range next {
		if err := sr.visit(m); err != nil {
			return err
		}
	}
	sr.path = sr.path[:len(sr.path)-1]
	sr.onPath[id] = false
	sr.done[id] = true
	return nil
}

// describe names the steps of the cycle that the path ends with, without the parts it only passes through.
func (sr *search) describe() string {
	last := sr.path[len(sr.path)-1]
	from := slices.Index(sr.path, last)
	var names []string
	for _, s := range sr.path[from:] {
		name := nameOf(s)
		if len(names) == 0 || names[len(names)-1] != name {
			names = append(names, name)
		}
	}
	if len(names) == 1 {
		names = append(names, names[0])
	}
	return strings.Join(names, " → ")
}

func nameOf(s *Step) string {
	switch {
	case s.Key != "":
		return s.Key
	case s.Label != "" && s.Kind != pipeline.KindWait:
		return s.Label
	}
	return string(s.Kind)
}

// waitsFor returns what has to settle before the node can.
func (ins *insertion) waitsFor(n node) ([]node, error) {
	if !n.full {
		return ins.dependenciesOf(n.step)
	}
	if n.step.Settled && (n.step.Released || n.step.JobTally.Failed == 0) { // what failed with others may be revived
		return nil, nil
	}
	next := []node{{step: n.step}}
	parts, err := ins.partsOf(n.step)
	for _, s := range parts {
		next = append(next, node{step: s, full: true})
	}
	return next, err
}

func (ins *insertion) dependenciesOf(s *Step) ([]node, error) {
	if s.Released {
		return nil, nil
	}
	p := ins.byID[s.ID]
	var edges []*Edge
	if p != nil {
		edges = p.edges
	} else {
		stored, err := ins.r.Source.EdgesTo(s.ID)
		if err != nil {
			return nil, err
		}
		edges = stored
	}
	var next []node
	for _, e := range edges {
		from, err := ins.fromOf(e)
		if err != nil {
			return nil, err
		}
		if from != nil {
			next = append(next, node{step: from, full: !e.OwnOnly})
		}
	}
	return next, nil
}

// fromOf returns an edge's dependency, the one it is about to get included.
func (ins *insertion) fromOf(e *Edge) (*Step, error) {
	if e.From == "" || ins.r.removed[e.From] {
		if p := ins.byKey[e.Key]; p != nil && e.Key != "" {
			return p.step, nil
		}
		return nil, nil
	}
	if p := ins.byID[e.From]; p != nil {
		return p.step, nil
	}
	return ins.r.step(e.From)
}

// partsOf returns the parts of a step, those about to come included.
func (ins *insertion) partsOf(s *Step) ([]*Step, error) {
	var parts []*Step
	if p := ins.byID[s.ID]; p != nil {
		for _, child := range p.children {
			parts = append(parts, child.step)
		}
		return parts, nil
	}
	if s.OpenParts > 0 {
		scopes := []string{s.GroupID, ""} // of an uploader; groups it uploaded stand in the outermost scope
		if s.isGroup() {
			scopes = []string{s.ID}
		}
		for _, scope := range scopes {
			if _, err := ins.scope(scope); err != nil {
				return nil, err
			}
		}
		parts = slices.Clone(ins.parts[s.ID])
	}
	if ins.uploader == nil || s.ID != ins.uploader.ID {
		return parts, nil
	}
	for _, p := range ins.steps {
		if p.step.wholeOf() == s.ID {
			parts = append(parts, p.step)
		}
	}
	return parts, nil
}
