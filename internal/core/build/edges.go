package build

// truth is what an edge has to say about its dependency (docs/contract/pipelines.md, section 6.2). An edge without one
// stays as it is.
func truth(e *Edge, from front) EdgeState {
	verdict, settled, holds := from.full, from.settled, from.holds
	if e.OwnOnly {
		verdict, settled, holds = from.own, from.ownSettled, from.ownHolds
	}
	switch {
	case !settled:
		return open(holds || e.Forward)
	case verdict.Stopped:
		return EdgeFailed
	case verdict.Failed:
		return failed(e.Lenient)
	case e.Through && from.priorOpen: // something before the barrier runs again
		return open(from.priorHeld)
	case from.priorFailed && e.Through:
		return failed(e.Lenient)
	case from.priorFailed:
		return EdgeForgiven
	}
	return EdgeSatisfied
}

func open(held bool) EdgeState {
	if held {
		return EdgeHeld
	}
	return EdgeOpen
}

func (s EdgeState) open() bool { return s == EdgeOpen || s == EdgeHeld }

func failed(lenient bool) EdgeState {
	if lenient {
		return EdgeForgiven
	}
	return EdgeFailed
}

// refresh brings an edge up to date with its dependency.
func (r *run) refresh(e *Edge, from *Step) error {
	state := truth(e, r.told(from))
	if state == EdgeForgiven {
		to, err := r.step(e.To)
		if err != nil {
			return err
		}
		if !covers(e, from, to) {
			state = EdgeSatisfied
		}
	}
	if state == e.State {
		return nil
	}
	return r.setEdge(e, state)
}

// covers tells whether an edge is one of a wait to what it covers: a step of its own list, and neither one that somebody
// named nor the wait before its group. What else a wait let pass is of no concern to the next wait of the list.
func covers(e *Edge, from, to *Step) bool { return e.Key == "" && from.GroupID == to.GroupID }

// setEdge moves an edge to a state. It is the only place that writes an edge's state or counts edges.
func (r *run) setEdge(e *Edge, state EdgeState) error {
	to, err := r.step(e.To)
	if err != nil {
		return err
	}
	r.touchEdge(e)
	r.touchStep(to)
	to.countEdge(e.State, -1)
	e.State = state
	to.countEdge(e.State, 1)
	r.enqueue(to)
	return nil
}

func (s *Step) countEdge(state EdgeState, by int) {
	switch state {
	case EdgeOpen:
		s.OpenEdges += by
	case EdgeHeld:
		s.OpenEdges += by
		s.HeldEdges += by
	case EdgeFailed:
		s.FailedEdges += by
	case EdgeForgiven:
		s.ForgivenEdges += by
	}
}

// refreshFrom brings all edges to a step's dependents up to date.
func (r *run) refreshFrom(s *Step) error {
	edges, err := r.edgesFrom(s)
	if err != nil {
		return err
	}
	var dependents []string
	for _, e := range edges {
		if truth(e, r.told(s)) != e.State {
			dependents = append(dependents, e.To)
		}
	}
	if err := r.loadSteps(dependents); err != nil {
		return err
	}
	for _, e := range edges {
		if err := r.refresh(e, s); err != nil {
			return err
		}
	}
	return nil
}
