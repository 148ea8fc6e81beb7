package builds

import "github.com/bridle-ci/bridle/internal/core/build"

// ShownState is a job's state under its REST name (docs/contract/pipelines.md, section 4.2). Jobs behind a block have been
// through markBlocked.
func ShownState(j *build.Job) string {
	switch j.State {
	case build.JobFinished:
		switch {
		case j.Type == build.Manual:
			return string(build.JobUnblocked)
		case j.Passed():
			return "passed"
		}
		return "failed"
	case build.JobLimiting, build.JobLimited, build.JobReserved:
		return string(build.JobScheduled)
	case build.JobWaiting:
		if j.Type == build.Manual {
			return string(build.JobBlocked)
		}
	}
	return string(j.State)
}

// MatchesState reports whether a job is in a state of the list filter. A running job that promised to fail is among the
// failed and not among the running.
func MatchesState(j *build.Job, state string) bool {
	promised := j.State == build.JobRunning && j.PromisedExitStatus != nil
	switch state {
	case "limited":
		return j.State == build.JobLimited
	case "failed":
		return promised || ShownState(j) == "failed"
	case "running":
		return !promised && j.State == build.JobRunning
	}
	return ShownState(j) == state
}

// Unblockable reports whether a manual job may be unblocked now.
func Unblockable(j *build.Job) bool { return j.Type == build.Manual && j.State == build.JobBlocked }
