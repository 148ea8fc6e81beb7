package wire

import (
	"net/http"
	"strconv"
	"time"
)

// LimitWarning is sent while a budget is exhausted (contracts/rest/README.md, Rate limits).
const LimitWarning = "You have exceeded your API rate limit."

// Counter counts what happens within fixed windows of time, by key; Windows is the one in memory.
type Counter interface {
	// Add counts cost and returns what the key's window holds with it, and when the window ends.
	Add(key string, cost int) (current int, ends time.Time)
	Count(key string) (current int, ends time.Time)
}

// Budget is how much a key, such as an organization, may spend within a window.
type Budget struct {
	// Scope is the budget's name on the wire, such as `rest_user`.
	Scope   string
	Limit   int
	Counter Counter
	Now     func() time.Time
}

// Usage is the state of a key's window.
type Usage struct {
	Scope   string
	Limit   int
	Current int
	// ResetAt is when the window ends, Reset the whole seconds until then, at least 1.
	ResetAt time.Time
	Reset   int
}

// Spend takes cost from a key's budget, whether or not there is that much left.
func (b *Budget) Spend(key string, cost int) Usage {
	return b.usage(b.Counter.Add(b.Scope+":"+key, cost))
}

// Usage returns what a key has spent.
func (b *Budget) Usage(key string) Usage { return b.usage(b.Counter.Count(b.Scope + ":" + key)) }

func (b *Budget) usage(current int, ends time.Time) Usage {
	left := (ends.Sub(b.Now()) + time.Second - 1) / time.Second
	return Usage{Scope: b.Scope, Limit: b.Limit, Current: current, ResetAt: ends, Reset: max(int(left), 1)}
}

// Exceeded reports whether more was spent than there was.
func (u Usage) Exceeded() bool { return u.Current > u.Limit }

// SetHeaders tells the client about a budget under a prefix, `RateLimit-` or `RateLimit-User-`. The reset is in seconds
// left and not a time.
func (u Usage) SetHeaders(h http.Header, prefix string) {
	h.Set(prefix+"Scope", u.Scope)
	h.Set(prefix+"Limit", strconv.Itoa(u.Limit))
	h.Set(prefix+"Remaining", strconv.Itoa(max(u.Limit-u.Current, 0)))
	h.Set(prefix+"Reset", strconv.Itoa(u.Reset))
	if u.Current >= u.Limit {
		h.Set(prefix+"Warning", LimitWarning)
	}
}
