package wire

import (
	"sync"
	"time"
)

// Windows counts what happens within fixed windows of time, by key. It lives in the memory of one node: several nodes
// count apart. It is safe for concurrent use.
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

// Add counts cost for a key and returns what the key's window holds with it and when the window ends.
func (w *Windows) Add(key string, cost int) (current int, ends time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	ends = w.roll()
	w.counted[key] += cost
	return w.counted[key], ends
}

// Count returns what a key's window holds.
func (w *Windows) Count(key string) (current int, ends time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	ends = w.roll()
	return w.counted[key], ends
}

// roll begins a new window when the last one is over. Callers hold the lock.
func (w *Windows) roll() time.Time {
	if now := w.now(); now.Sub(w.began) >= w.length {
		w.began = now.Truncate(w.length)
		clear(w.counted)
	}
	return w.began.Add(w.length)
}
