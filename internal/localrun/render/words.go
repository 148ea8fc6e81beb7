package render

import (
	"fmt"
	"strings"

	"github.com/bridle-ci/bridle/internal/localrun/logview"
)

// saying is how a job's state is told.
type saying struct {
	symbol string
	word   string
	tone   tone
	text   string
}

// inTable is the text for a row that shows the time in a column of its own.
func (s saying) inTable() string {
	text, _, _ := strings.Cut(s.text, " after ")
	text, _, _ = strings.Cut(text, " in ")
	return text
}

// say words a job's state; ok is false for states that are not told.
func say(j Job) (saying, bool) {
	if j.Type == "waiter" {
		return saying{}, false
	}
	took := duration(j.Took())
	switch j.State {
	case Running:
		if j.Type != "script" {
			return saying{"▶", "START", busy, "triggered"}, true
		}
		if j.Attempt > 1 {
			return saying{"▶", "START", busy, fmt.Sprintf("started, attempt %d", j.Attempt)}, true
		}
		return saying{"▶", "START", busy, "started"}, true
	case Passed:
		if j.StartedAt == nil {
			return saying{"✓", "PASS", good, "passed"}, true
		}
		return saying{"✓", "PASS", good, "passed in " + took}, true
	case Failed:
		return failed(j, took), true
	case TimedOut:
		return saying{"✗", "FAIL", bad, "timed out after " + took}, true
	case Blocked:
		return saying{"⏸", "WAIT", warn, "waits for you"}, true
	case Unblocked:
		return saying{"✓", "PASS", good, "unblocked"}, true
	case Canceling:
		return saying{"■", "CANCEL", warn, "is being canceled"}, true
	case Canceled:
		return saying{"■", "CANCEL", warn, "canceled"}, true
	case Broken, Skipped:
		return saying{"-", "SKIP", quiet, "skipped" + because(j.Reason)}, true
	case WaitingFailed, BlockedFailed:
		why := because(j.Reason)
		if why == "" {
			why = ": a step it depends on failed"
		}
		return saying{"-", "SKIP", quiet, "did not run" + why}, true
	case Expired:
		return saying{"✗", "FAIL", bad, "expired: no agent took it"}, true
	}
	return saying{}, false
}

func failed(j Job, took string) saying {
	how := "failed"
	switch {
	case j.ExitStatus != nil && *j.ExitStatus == -1 && j.Signal != "":
		how = "ended by signal " + j.Signal
	case j.ExitStatus != nil:
		how = fmt.Sprintf("failed with exit status %d", *j.ExitStatus)
	}
	if why := because(j.Reason); why != "" {
		how += " (" + strings.TrimPrefix(why, ": ") + ")"
	}
	if j.StartedAt != nil {
		how += " after " + took
	}
	if j.SoftFailed {
		return saying{"!", "SOFT", warn, how + ", which is allowed"}
	}
	return saying{"✗", "FAIL", bad, how}
}

// reasons are the contract's broken reasons in words (docs/contract/pipelines.md, section 4.4). Others are the step's
// own.
var reasons = map[string]string{
	"conditional_failed": "its condition is false",
	"branch_mismatch":    "it is for other branches",
	"parallelism_zero":   "its parallelism is 0",
	"optimizer_removed":  "another wait does its work",
	"dependency_missing": "a step it depends on does not exist",
	"agent_refused":      "the agent refused it",
	"agent_stop":         "the agent stopped",
	"process_run_error":  "the process did not start",
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	if words, known := reasons[reason]; known {
		reason = words
	}
	return ": " + logview.Clean(reason)
}

// ending words how the build ended.
func ending(state State) (tone, string) {
	switch state {
	case Passed:
		return good, "passed"
	case Failed:
		return bad, "failed"
	case Canceled:
		return warn, "canceled"
	case Blocked:
		return warn, "is blocked"
	}
	return bad, strings.ReplaceAll(string(state), "_", " ")
}
