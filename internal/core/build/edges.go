package build

// truth is what an edge has to say about its dependency (docs/contract/pipelines.md, section 6.2). An edge without one
// stays as it is.
func truth(e *Edge, from *Step) EdgeState {
	verdict, settled := from.Full, from.Settled
	if e.OwnOnly {
		verdict, settled = from.Own, from.OwnSettled
	}
	switch {
	case !settled:
		return EdgeOpen
	case verdict.Stopped:
		return EdgeFailed
	case verdict.Failed:
		return failed(e.Lenient)
	case !from.isBarrier():
		return EdgeSatisfied
	case e.Through && from.OpenEdges > 0: // something before the barrier runs again
		return EdgeOpen
	case from.PriorFailed && e.Through:
		return failed(e.Lenient)
	case from.PriorFailed:
		return EdgeForgiven
	}
	return EdgeSatisfied
}

func failed(lenient bool) EdgeState {
	if lenient {
		return EdgeForgiven
	}
	return EdgeFailed
}

// refresh brings an edge up to date with its dependency.
func (r *run) refresh(e *Edge, from *Step) error {
	state := truth(e, from)
	if state == e.State {
		return nil
	}
	return r.setEdge(e, state)
}

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
		if truth(e, s) != e.State {
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
