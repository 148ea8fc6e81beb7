package pipeline

import (
	"slices"
	"strings"

	"github.com/buildkite/go-pipeline/ordered"
)

// defaultRetryLimit is how often a rule without a `limit` retries (docs/contract/pipelines.md, section 10.1).
const defaultRetryLimit = 2

// signalReasons are the reasons an agent reports (docs/contract/pipelines.md, section 4.5), and the absence of one.
var signalReasons = []string{
	"none", "cancel", "agent_stop", "agent_refused", "agent_incompatible", "process_run_error", "signature_rejected",
	"stack_error",
}

// retry reads `retry`.
func (c *compiler) retry(r *reader) RetryPolicy {
	m := r.mapping("retry")
	if m == nil {
		return RetryPolicy{}
	}
	inner := &reader{values: m}
	inner.only("`retry`", "automatic", "manual")
	policy := RetryPolicy{Automatic: c.automaticRetry(inner), Manual: manualRetry(inner)}
	r.fail(inner.err, "retry")
	return policy
}

func (c *compiler) automaticRetry(r *reader) []RetryRule {
	v := r.value("automatic")
	if b, ok := boolOf(v); ok {
		if b {
			return []RetryRule{{Limit: defaultRetryLimit}}
		}
		return nil
	}
	switch v := v.(type) {
	case nil:
		return nil
	case *ordered.MapSA:
		rule, err := c.retryRule(v)
		r.fail(err, "automatic")
		return []RetryRule{rule}
	case []any:
		if len(v) > c.limits.RetryRules {
			r.fail(refuse("`retry` can have at most %d automatic rules", c.limits.RetryRules), "automatic")
			return nil
		}
		rules := make([]RetryRule, len(v))
		for i, item := range v {
			m, ok := item.(*ordered.MapSA)
			if !ok {
				r.fail(refuse("Each rule of an `automatic` retry must be a mapping, but it is %s", noun(item)), "automatic", i)
				continue
			}
			rule, err := c.retryRule(m)
			r.fail(err, "automatic", i)
			rules[i] = rule
		}
		return rules
	default:
		r.fail(refuse("`automatic` must be true, false, a rule or a list of rules, but it is %s", noun(v)), "automatic")
		return nil
	}
}

func (c *compiler) retryRule(m *ordered.MapSA) (RetryRule, error) {
	r := &reader{values: m}
	r.only("a rule of an `automatic` retry", "exit_status", "signal", "signal_reason", "limit")
	rule := RetryRule{
		ExitStatuses:  c.exitStatuses(r),
		Signals:       wildcardTexts(r, "signal"),
		SignalReasons: wildcardTexts(r, "signal_reason"),
		Limit:         r.integer("limit", 0, defaultRetryLimit),
	}
	if rule.Limit > c.limits.RetryLimit {
		r.fail(refuse("`limit` must be at most %d, but it is %d", c.limits.RetryLimit, rule.Limit), "limit")
	}
	for _, reason := range rule.SignalReasons {
		if !slices.Contains(signalReasons, reason) {
			r.fail(refuse("%q is not a `signal_reason`: it must be \"*\" or one of %s", clip(reason), strings.Join(signalReasons, ", ")), "signal_reason")
		}
	}
	return rule, r.err
}

// exitStatuses reads a status, a list of them, or "*", which is nil.
func (c *compiler) exitStatuses(r *reader) []int {
	v := r.value("exit_status")
	list, ok := v.([]any)
	if !ok {
		if v == nil {
			return nil
		}
		list = []any{v}
	}
	if len(list) > c.limits.ExitStatuses {
		r.fail(c.tooManyStatuses("exit_status"), "exit_status")
		return nil
	}
	statuses := make([]int, 0, len(list))
	for _, item := range list {
		if item == "*" {
			return nil
		}
		n, ok := exitStatus(item)
		if !ok {
			r.fail(badExitStatus(item), "exit_status")
		}
		statuses = append(statuses, n)
	}
	return statuses
}

// wildcardTexts reads a text, a list of them, or "*", which is nil.
func wildcardTexts(r *reader, name string) []string {
	texts := r.texts(name)
	if len(texts) == 0 || slices.Contains(texts, "*") {
		return nil
	}
	return texts
}

func manualRetry(r *reader) ManualRetry {
	v := r.value("manual")
	if b, ok := boolOf(v); ok {
		return ManualRetry{Forbidden: !b}
	}
	m := r.mapping("manual")
	if m == nil {
		return ManualRetry{}
	}
	inner := &reader{values: m}
	inner.only("`manual` of `retry`", "allowed", "reason", "permit_on_passed")
	manual := ManualRetry{
		Forbidden:      !inner.boolean("allowed", true),
		Reason:         inner.text("reason"),
		PermitOnPassed: inner.boolean("permit_on_passed", false),
	}
	r.fail(inner.err, "manual")
	return manual
}
