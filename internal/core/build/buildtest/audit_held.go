package buildtest

import (
	"fmt"

	"github.com/bridle-ci/bridle/internal/core/build"
)

// auditHeld finds out anew, by walking up to where it comes from, which open edges are held.
func (w *World) auditHeld() error {
	h := holding{w: w, own: map[string]bool{}, full: map[string]bool{}}
	for _, e := range w.Edges() {
		if !isOpen(e) {
			continue
		}
		if held := h.edge(e); held != (e.State == build.EdgeHeld) {
			return fmt.Errorf("the edge from %s to %s is %s, but its being held is %t",
				w.steps[e.From].Path, w.steps[e.To].Path, e.State, held)
		}
	}
	return nil
}

// holding remembers which steps hold what depends on their own jobs, or on all their parts.
type holding struct {
	w         *World
	own, full map[string]bool
}

func (h *holding) edge(e build.Edge) bool {
	from, to := h.w.steps[e.From], h.w.steps[e.To]
	settled := from.Settled
	if e.OwnOnly {
		settled = from.OwnSettled
	}
	switch {
	case e.From == "" || !settled && from.Path > to.Path:
		return true
	case settled: // a barrier that passes on what is before it
		return h.behind(from)
	case e.OwnOnly:
		return h.owns(from)
	}
	return h.holds(from)
}

// behind reports whether an edge to a step is held.
func (h *holding) behind(s build.Step) bool {
	for id := range h.w.index.to[s.ID] {
		if e := h.w.edges[id]; isOpen(e) && h.edge(e) {
			return true
		}
	}
	return false
}

func (h *holding) owns(s build.Step) bool {
	held, known := h.own[s.ID]
	if !known {
		held = s.Settings.Manual != nil && !s.OwnSettled || !s.Released && h.behind(s)
		h.own[s.ID] = held
	}
	return held
}

func (h *holding) holds(s build.Step) bool {
	held, known := h.full[s.ID]
	if known {
		return held
	}
	held = h.owns(s)
	for _, p := range h.w.partsOf(s) {
		held = held || !p.Settled && h.holds(p)
	}
	h.full[s.ID] = held
	return held
}

func (w *World) auditHeldParts(s build.Step) error {
	held := 0
	for _, p := range w.partsOf(s) {
		manual := p.Settings.Manual != nil && !p.OwnSettled
		if !p.Settled && (manual || p.Held() || p.HeldParts > 0) {
			held++
		}
	}
	return differ("held parts", s.HeldParts, held)
}
