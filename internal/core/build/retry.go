package build

import (
	"slices"
	"strings"

	"github.com/bridle-ci/bridle/internal/core/pipeline"
)

// exit is how a job ended on its agent.
type exit struct {
	status       int
	signal       string
	signalReason string
}

// retryRule returns the automatic rule that retries a job which ended so. Only the first rule that matches counts, be
// it exhausted (docs/contract/pipelines.md, section 10.1); done holds the retries so far per rule.
func retryRule(policy pipeline.RetryPolicy, x exit, done []int) (rule int, ok bool) {
	if x.status == 0 {
		return 0, false
	}
	for i, rule := range policy.Automatic {
		if !matches(rule, x) {
			continue
		}
		used := 0
		if i < len(done) {
			used = done[i]
		}
		return i, used < rule.Limit
	}
	return 0, false
}

func matches(rule pipeline.RetryRule, x exit) bool {
	return (rule.ExitStatuses == nil || slices.Contains(rule.ExitStatuses, x.status)) &&
		matchesWord(rule.Signals, signalName(x.signal), signalName) &&
		matchesWord(rule.SignalReasons, x.signalReason, strings.ToLower)
}

// matchesWord compares with a list of words in which "none" stands for absence and no list for anything.
func matchesWord(words []string, value string, normal func(string) string) bool {
	if words == nil {
		return true
	}
	for _, w := range words {
		if value == "" && w == "none" || value != "" && normal(w) == normal(value) {
			return true
		}
	}
	return false
}

// signalName brings the spellings of a signal together: SIGTERM, term.
func signalName(s string) string { return strings.TrimPrefix(strings.ToUpper(s), "SIG") }

// countRetry adds one to the retries attributed to a rule.
func countRetry(done []int, rule int) []int {
	counts := make([]int, max(len(done), rule+1))
	copy(counts, done)
	counts[rule]++
	return counts
}

// promisedHard tells whether a running job has promised an end that will fail the build: not a soft one, and not one to
// be retried by itself (docs/contract/pipelines.md, section 11).
func promisedHard(j *Job, s *Step) bool {
	if j.PromisedExitStatus == nil || !j.State.OnAgent() || j.Spec.SoftFail.Covers(*j.PromisedExitStatus) {
		return false
	}
	_, retried := retryRule(s.Settings.Retry, exit{status: *j.PromisedExitStatus}, j.RuleRetries)
	return !retried
}

// effectiveStatus is the status a job counts with: a promise of failure holds against a final status that would not
// fail hard.
func effectiveStatus(j *Job, status int) int {
	if j.PromisedExitStatus != nil && (status == 0 || j.Spec.SoftFail.Covers(status)) {
		return *j.PromisedExitStatus
	}
	return status
}
