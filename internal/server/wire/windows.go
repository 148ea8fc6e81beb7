package wire

import (
	"context"
	"sync"
	"time"
)

// Windows is a Counter in the memory of one node: several nodes count apart. It is safe for concurrent use.
type Windows struct {
	length time.Duration
	now    func() time.Time

	mu      sync.Mutex
	began   time.Time
	counted map[string]int
}

// NewWindows returns counters over windows of a length. All keys share the window's beginning, so that a window's
// counters are dropped at once and nothing is kept of the past.
func NewWindows(length time.Duration, now func() time.Time) *Windows {
	return &Windows{length: length, now: now, counted: map[string]int{}}
}

// Add implements Counter.
func (w *Windows) Add(_ context.Context, cost int, keys []Key) (current []int, ends time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	ends = w.roll()
	current = make([]int, len(keys))
	for i, k := range keys {
		w.counted[k.Name] += cost
		current[i] = w.counted[k.Name]
	}
	return current, ends
}

// Count implements Counter.
func (w *Windows) Count(_ context.Context, key string) (current int, ends time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	ends = w.roll()
	return w.counted[key], ends
}

// exceeded reports whether a key's window is known to hold more than the key's limit.
func (w *Windows) exceeded(keys []Key) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.roll()
	for _, k := range keys {
		if w.counted[k.Name] > k.Limit {
			return true
		}
	}
	return false
}

// learn takes over what was counted elsewhere, unless more is known already.
func (w *Windows) learn(keys []Key, current []int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.roll()
	for i, k := range keys {
		w.counted[k.Name] = max(w.counted[k.Name], current[i])
	}
}

// roll begins a new window when the last one is over. Callers hold the lock.
func (w *Windows) roll() time.Time {
	if now := w.now(); now.Sub(w.began) >= w.length {
		w.began = now.Truncate(w.length)
		clear(w.counted)
	}
	return w.began.Add(w.length)
}
