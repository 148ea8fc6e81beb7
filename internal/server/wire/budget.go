package wire

import (
	"context"
	"net/http"
	"strconv"
	"time"
)

// LimitWarning is sent while a budget is exhausted (contracts/rest/README.md, Rate limits).
const LimitWarning = "You have exceeded your API rate limit."

// Counter counts what happens within fixed windows of time, by key. Windows counts in the memory of this node, Shared
// together with other nodes.
type Counter interface {
	// Add counts cost for each key and returns what the keys' windows hold with it, and when the windows end.
	Add(ctx context.Context, cost int, keys []Key) (current []int, ends time.Time)
	// Count returns what a key's window holds.
	Count(ctx context.Context, key string) (current int, ends time.Time)
}

// Key is what is counted by.
type Key struct {
	Name string
	// Limit is the count beyond which nobody cares how far it goes.
	Limit int
}

// Budget is how much somebody, such as an organization, may spend within a window.
type Budget struct {
	// Scope is the budget's name on the wire, such as `rest_user`.
	Scope   string
	Limit   int
	Counter Counter
	Now     func() time.Time
}

// Usage is the state of somebody's window.
type Usage struct {
	Scope   string
	Limit   int
	Current int
	// ResetAt is when the window ends, Reset the whole seconds until then, at least 1.
	ResetAt time.Time
	Reset   int
}

// Draw is somebody's spending from a budget.
type Draw struct {
	*Budget
	// From names whose budget it is, such as an organization's id.
	From string
}

// Spend takes cost from budgets with the same counter, whether or not there is that much left in them, and returns how
// they stand.
func Spend(ctx context.Context, cost int, draws ...Draw) []Usage {
	if len(draws) == 0 {
		return nil
	}
	keys := make([]Key, len(draws))
	for i, d := range draws {
		keys[i] = Key{Name: d.key(d.From), Limit: d.Limit}
	}
	current, ends := draws[0].Counter.Add(ctx, cost, keys)
	usages := make([]Usage, len(draws))
	for i, d := range draws {
		usages[i] = d.usage(current[i], ends)
	}
	return usages
}

// Usage returns what somebody has spent.
func (b *Budget) Usage(ctx context.Context, from string) Usage {
	return b.usage(b.Counter.Count(ctx, b.key(from)))
}

func (b *Budget) key(from string) string { return b.Scope + ":" + from }

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
