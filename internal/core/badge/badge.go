// Package badge decides what a pipeline's status badge says and draws it. It knows builds and steps by their states, and
// nothing of where they are kept.
//
// The contract is docs/contract/webhooks.md, the row "Badges".
package badge

import "github.com/bridle-ci/bridle/internal/core/build"

// Status is what a badge says.
type Status string

// The statuses.
const (
	Passing Status = "passing"
	Failing Status = "failing"
	Unknown Status = "unknown"
)

// Settled are the states of builds, as lists of builds are filtered by, that say how a pipeline is: others are on their
// way to one of them, or say nothing.
var Settled = []string{
	string(build.Passed), string(build.Failed), string(build.Failing), string(build.Blocked),
}

// OfBuild is the status that a build stands for. One that waits for a person says how it went until there.
func OfBuild(state, blockedState build.State) Status {
	switch state {
	case build.Passed:
		return Passing
	case build.Failed, build.Failing:
		return Failing
	case build.Blocked:
		if blockedState == build.Failed {
			return Failing
		}
		return Passing
	}
	return Unknown
}

// OfStep is the status of the steps of a build that have a name, which is their label or their key: passing only if all of
// them passed.
func OfStep(steps []*build.Step, name string) Status {
	status := Unknown
	for _, s := range steps {
		if s.Label != name && s.Key != name {
			continue
		}
		switch {
		case s.Outcome == build.HardFailed || s.Outcome == build.Errored || s.State == build.StepFailing:
			return Failing
		case s.State != build.StepFinished:
			return Unknown
		}
		status = Passing
	}
	return status
}
