package stats

import (
	"maps"
	"sync"
)

// Counts are exact counts by name. The zero value is ready for use, by several goroutines at once.
type Counts struct {
	mu     sync.Mutex
	counts map[string]int
}

// Add counts one more of a name.
func (c *Counts) Add(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts == nil {
		c.counts = map[string]int{}
	}
	c.counts[name]++
}

// All returns the counts so far.
func (c *Counts) All() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts == nil {
		return map[string]int{}
	}
	return maps.Clone(c.counts)
}

// Total returns the sum of all counts.
func (c *Counts) Total() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	total := 0
	for _, n := range c.counts {
		total += n
	}
	return total
}
