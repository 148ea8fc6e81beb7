package build

import "github.com/bridle-ci/bridle/internal/core/pipeline"

// ShownBehindBlock is the state that a job is shown in when its step is BehindBlock. Only script and trigger jobs that
// wait, or that failed with what they waited for, are shown in another state than their own
// (docs/contract/pipelines.md, section 4.2).
func ShownBehindBlock(j *Job) JobState {
	if j.Type != Script && j.Type != Trigger {
		return j.State
	}
	switch j.State {
	case JobWaiting:
		return JobBlocked
	case JobWaitingFailed:
		return JobBlockedFailed
	}
	return j.State
}

// BehindBlock reports whether a step with a dependency in state e is behind a block (docs/contract/pipelines.md,
// section 4.2): from and state are the kind and the state of what it depends on. That is a block that nobody has let go,
// or which failed with its own dependencies; one that was canceled holds nobody back any more. An input counts like a
// block, since it is nobody's dependency unless it is named (section 6.1). What is behind a wait is behind that alone,
// wherever the wait stands.
func BehindBlock(e EdgeState, from pipeline.Kind, state StepState) bool {
	if from != pipeline.KindBlock && from != pipeline.KindInput {
		return false
	}
	return e.open() || e == EdgeFailed && state != StepCanceled
}
