package pipeline

import "slices"

// SoftFail says which exit statuses fail a job softly (docs/contract/pipelines.md, section 11).
type SoftFail struct {
	// Any is `true` or an exit status of "*": every non-zero status.
	Any bool `json:"any,omitempty"`
	// All is set for `true` alone, which covers an individually canceled job too.
	All      bool  `json:"all,omitempty"`
	Statuses []int `json:"statuses,omitempty"`
}

// Covers reports whether a job that exited with status failed softly.
func (s SoftFail) Covers(status int) bool {
	return status != 0 && (s.Any || s.All || slices.Contains(s.Statuses, status))
}

// RetryPolicy is a step's `retry` (docs/contract/pipelines.md, section 10).
type RetryPolicy struct {
	Automatic []RetryRule `json:"automatic,omitempty"`
	Manual    ManualRetry `json:"manual"`
}

// RetryRule is one automatic rule. A nil list matches anything; "none" in Signals or SignalReasons matches absence.
type RetryRule struct {
	ExitStatuses  []int    `json:"exit_statuses,omitempty"`
	Signals       []string `json:"signals,omitempty"`
	SignalReasons []string `json:"signal_reasons,omitempty"`
	Limit         int      `json:"limit"`
}

// ManualRetry says whether a person may retry.
type ManualRetry struct {
	// Forbidden is `allowed: false`.
	Forbidden      bool   `json:"forbidden,omitempty"`
	Reason         string `json:"reason,omitempty"`
	PermitOnPassed bool   `json:"permit_on_passed,omitempty"`
}
