// Package local is the bus within one process.
package local

import (
	"sync"

	"github.com/bridle-ci/bridle/internal/bus"
)

// How many hints wait for a slow subscriber, and for one that watches, before they become a single bus.Missed. A hint
// takes 16 bytes, also when there is none.
const (
	bufferSize   = 64
	watchedHints = 4
)

// Bus is a bus.Bus within one process. Use New.
type Bus struct {
	mu     sync.Mutex
	topics map[string]map[*subscriber]struct{}
}

var _ bus.Bus = (*Bus)(nil)

// subscriber is guarded by the mutex of its bus: only one goroutine sends, so what was drained has room again.
type subscriber struct {
	events   chan string
	canceled bool
}

// New returns a bus without subscribers.
func New() *Bus { return &Bus{topics: make(map[string]map[*subscriber]struct{})} }

// Publish implements bus.Bus.
func (b *Bus) Publish(topic, payload string) {
	if len(topic)+len(payload) > bus.MaxPayload {
		payload = bus.Missed
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for s := range b.topics[topic] {
		s.send(payload)
	}
}

// PublishMissed tells every subscriber of every topic that hints may have been lost.
func (b *Bus) PublishMissed() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, subscribers := range b.topics {
		for s := range subscribers {
			s.send(bus.Missed)
		}
	}
}

func (s *subscriber) send(payload string) {
	select {
	case s.events <- payload:
		return
	default:
	}
	for range cap(s.events) {
		select {
		case <-s.events:
		default: // the subscriber is reading at this moment
		}
	}
	s.events <- bus.Missed
}

// Subscribe implements bus.Bus.
func (b *Bus) Subscribe(topic string) (events <-chan string, cancel func()) {
	return b.subscribe(topic, bufferSize)
}

// Watch implements bus.Bus.
func (b *Bus) Watch(topic string) (events <-chan string, cancel func()) {
	return b.subscribe(topic, watchedHints)
}

func (b *Bus) subscribe(topic string, hints int) (events <-chan string, cancel func()) {
	s := &subscriber{events: make(chan string, hints)}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.topics[topic] == nil {
		b.topics[topic] = make(map[*subscriber]struct{})
	}
	b.topics[topic][s] = struct{}{}
	return s.events, func() { b.cancel(topic, s) }
}

func (b *Bus) cancel(topic string, s *subscriber) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if s.canceled {
		return
	}
	s.canceled = true
	close(s.events)
	delete(b.topics[topic], s)
	if len(b.topics[topic]) == 0 {
		delete(b.topics, topic)
	}
}
