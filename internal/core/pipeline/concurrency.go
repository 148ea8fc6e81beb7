package pipeline

import (
	"math"
	"strings"
	"unicode/utf8"
)

// Concurrency limits how many jobs of a group may run when a job of it starts (docs/contract/pipelines.md, section 12).
// The zero value is no limit.
type Concurrency struct {
	// Group is the group's name, one for the whole organization; empty without a limit.
	Group  string            `json:"group,omitempty"`
	Limit  int               `json:"limit,omitempty"`
	Method ConcurrencyMethod `json:"method,omitempty"`
}

// ConcurrencyMethod says which of the jobs that wait for a slot of a group comes first.
type ConcurrencyMethod string

// The methods: in order of creation, or whichever is ready, by priority.
const (
	Ordered ConcurrencyMethod = "ordered"
	Eager   ConcurrencyMethod = "eager"
)

// concurrency reads the three attributes of a limit, of which the first two need each other.
func (c *compiler) concurrency(r *reader) Concurrency {
	const limit, group, method = "concurrency", "concurrency_group", "concurrency_method"
	limited, grouped := r.value(limit) != nil, r.value(group) != nil
	switch {
	case limited && !grouped:
		r.fail(refuse("`concurrency` needs a `concurrency_group`: concurrency_group_id can't be blank"), limit)
	case grouped && !limited:
		r.fail(refuse("`concurrency_group` needs a `concurrency`, the number of its jobs that may run at once"), group)
	case !grouped && r.value(method) != nil:
		r.fail(refuse("`concurrency_method` needs a `concurrency` and a `concurrency_group`"), method)
	}
	if !limited || !grouped {
		return Concurrency{}
	}
	out := Concurrency{Group: r.text(group), Limit: r.integer(limit, 1, 0), Method: Ordered}
	switch {
	case strings.TrimSpace(out.Group) == "":
		r.fail(refuse("`concurrency_group` can't be blank: concurrency_group_id can't be blank"), group)
	case utf8.RuneCountInString(out.Group) > c.limits.ConcurrencyGroupLength:
		r.fail(refuse("`concurrency_group` is too long. The maximum length is %d characters", c.limits.ConcurrencyGroupLength), group)
	case strings.Contains(out.Group, "\x00"):
		r.fail(refuse("`concurrency_group` may not contain a NUL character"), group)
	case out.Limit > math.MaxInt32:
		r.fail(refuse("`concurrency` must be at most %d, but it is %d", math.MaxInt32, out.Limit), limit)
	}
	if r.value(method) == nil {
		return out
	}
	out.Method = ConcurrencyMethod(r.text(method))
	if out.Method != Ordered && out.Method != Eager {
		r.fail(refuse("`concurrency_method` must be `ordered` or `eager`, but it is %s", noun(r.value(method))), method)
	}
	return out
}
