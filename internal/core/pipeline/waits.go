package pipeline

// removeRedundantWaits breaks the waits of one scope that add nothing to their neighbors
// (docs/contract/pipelines.md, section 6.4): a wait next to a block, which acts alone, and all but one of consecutive
// waits. Steps that do not run in this build do not stand between neighbors.
//
// A wait that other steps may name, or whose dependencies are its own, is left alone.
func removeRedundantWaits(steps []Step) {
	var run []*Step
	for i := range steps {
		switch s := &steps[i]; {
		case s.Broken:
		case isPlainBarrier(s):
			run = append(run, s)
		default:
			thin(run)
			run = nil
		}
	}
	thin(run)
}

// isPlainBarrier reports whether a step is a wait or block that depends on all before it.
func isPlainBarrier(s *Step) bool {
	return (s.Kind == KindWait || s.Kind == KindBlock) && !s.DependsOn.Explicit && !s.AllowDependencyFailure
}

// thin removes the redundant waits of a run of neighbors.
func thin(run []*Step) {
	if len(run) < 2 {
		return
	}
	keep := keeper(run)
	for _, s := range run {
		if s.Kind == KindWait && s != keep && s.Key == "" {
			s.Broken, s.BrokenReason = true, BrokenOptimizer
		}
	}
}

// keeper picks the barrier that does the work of all: a block, else a wait that lets no failure pass, else the first.
// Of equals one with a key goes first, as it stays anyway.
func keeper(run []*Step) *Step {
	best, bestScore := run[0], -1
	for _, s := range run {
		score := 0
		switch {
		case s.Kind == KindBlock:
			score = 4
		case !s.Wait.ContinueOnFailure:
			score = 2
		}
		if s.Key != "" {
			score++
		}
		if score > bestScore {
			best, bestScore = s, score
		}
	}
	return best
}
