// Package stats sums up what a load run measured: durations as percentiles, repetitions as median and range, errors as
// exact counts. It knows nothing of what was measured.
package stats

import (
	"math"
	"slices"
	"sync"
	"time"
)

// Samples are durations. Every one is kept, so that percentiles are exact. The zero value is ready for use, by several
// goroutines at once.
type Samples struct {
	mu     sync.Mutex
	values []time.Duration
}

// Add keeps a sample.
func (s *Samples) Add(d time.Duration) {
	s.mu.Lock()
	s.values = append(s.values, d)
	s.mu.Unlock()
}

// Since returns the samples from the given number on, sorted, and the number of all: what to ask with next time.
func (s *Samples) Since(from int) (sorted []time.Duration, count int) {
	s.mu.Lock()
	count = len(s.values)
	sorted = slices.Clone(s.values[min(from, count):])
	s.mu.Unlock()
	slices.Sort(sorted)
	return sorted, count
}

// Sorted returns all samples, the shortest first.
func (s *Samples) Sorted() []time.Duration {
	sorted, _ := s.Since(0)
	return sorted
}

// Percentile returns the smallest sample that at least p percent of the samples do not exceed (the nearest rank), and 0
// when there is none.
func Percentile(sorted []time.Duration, p float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	rank := int(math.Ceil(p / 100 * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}

// Milliseconds is a duration as reports show it.
func Milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
