package pipeline

import (
	"slices"

	"github.com/buildkite/go-pipeline/ordered"
)

// softFail reads `soft_fail`: a boolean, or a list of exit statuses (docs/contract/pipelines.md, section 11).
func (c *compiler) softFail(r *reader) SoftFail {
	const name = "soft_fail"
	v := r.value(name)
	if v == nil {
		return SoftFail{}
	}
	if b, ok := boolOf(v); ok {
		return SoftFail{Any: b, All: b}
	}
	list, ok := v.([]any)
	if !ok {
		r.fail(refuse("`soft_fail` must be true, false or a list of `{exit_status}`, but it is %s", noun(v)), name)
		return SoftFail{}
	}
	if len(list) > c.limits.ExitStatuses {
		r.fail(c.tooManyStatuses(name), name)
		return SoftFail{}
	}
	var soft SoftFail
	for i, item := range list {
		m, ok := item.(*ordered.MapSA)
		if !ok || !m.Contains("exit_status") {
			r.fail(refuse("Each item of `soft_fail` must be a mapping with an `exit_status`, but it is %s", noun(item)), name, i)
			continue
		}
		entry := &reader{values: m}
		entry.only("a `soft_fail` entry", "exit_status")
		status := entry.value("exit_status")
		if status == "*" {
			soft.Any = true
		} else if n, ok := exitStatus(status); !ok {
			entry.fail(badExitStatus(status), "exit_status")
		} else if !slices.Contains(soft.Statuses, n) {
			soft.Statuses = append(soft.Statuses, n)
		}
		r.fail(entry.err, name, i)
	}
	return soft
}

func (c *compiler) tooManyStatuses(name string) *Error {
	return refuse("`%s` can list at most %d exit statuses", name, c.limits.ExitStatuses)
}

// exitStatus reads an exit status: -1 stands for a job that reported none (docs/contract/pipelines.md, section 4.5).
func exitStatus(v any) (int, bool) {
	n, ok := intOf(v)
	return n, ok && n >= -1<<31 && n < 1<<32
}

func badExitStatus(v any) *Error {
	return refuse("`exit_status` must be a whole number or \"*\", but it is %s", noun(v))
}
