package scenario

import (
	"slices"
	"time"

	"github.com/bridle-ci/bridle/internal/server/agentapi/agenttest"
)

// How long to wait until the contract's times are surely over (docs/contract/pipelines.md, sections 14 and 33, and
// docs/contract/agent-api.md, section 4).
const (
	untilReturned = 2 * time.Minute
	untilLost     = 5 * time.Minute
	untilTimedOut = (timeoutMinutes + 1) * time.Minute
	untilExpired  = 31 * 24 * time.Hour

	// timeoutMinutes is the timeout of jobs in scenarios where one times out. It is longer than an agent's loss takes.
	timeoutMinutes = 10
	// tick is how often agents show that they are alive.
	tick = 20 * time.Second
)

// pass lets time pass in ticks; what is due is done after each.
func (s *stage) pass(span, tick time.Duration) error {
	for passed := time.Duration(0); passed < span; passed += tick {
		s.clock.Advance(tick)
		for _, a := range s.alive {
			if err := a.Heartbeat(s.ctx); err != nil {
				return err
			}
		}
		if err := s.drain(s.ctx); err != nil {
			return err
		}
	}
	return ErrUntold
}

// lose lets the agent of a job be silent until it counts as lost.
func (s *stage) lose(j jobObject) error {
	s.alive = slices.DeleteFunc(s.alive, func(a *agenttest.Agent) bool { return a == s.runs[j.ID].agent })
	return s.pass(untilLost, tick)
}
