// Package bustest holds the behaviors that every bus.Bus has.
package bustest

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bridle-ci/bridle/internal/bus"
)

// patience bounds how long a hint may take to fail a test that would otherwise hang.
const patience = 30 * time.Second

// Run checks a bus, given two nodes of it; they may be the same for a bus with one node.
func Run(t *testing.T, open func(t *testing.T) (here, there bus.Bus)) {
	t.Helper()
	for name, test := range map[string]func(t *testing.T, here, there bus.Bus){
		"reaches every subscriber":   reachesEverySubscriber,
		"keeps topics apart":         keepsTopicsApart,
		"carries any text":           carriesAnyText,
		"large payload":              largePayload,
		"slow subscriber":            slowSubscriber,
		"watch":                      watch,
		"cancel":                     cancel,
		"nobody listens":             nobodyListens,
		"concurrent use":             concurrentUse,
		"keeps the order of a topic": keepsOrder,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			here, there := open(t)
			test(t, here, there)
		})
	}
}

// Await returns the next hint, or fails the test.
func Await(t *testing.T, events <-chan string) string {
	t.Helper()
	select {
	case payload, ok := <-events:
		if !ok {
			t.Fatal("the subscription ended")
		}
		return payload
	case <-time.After(patience):
		t.Fatal("no hint arrived")
	}
	return ""
}

func expect(t *testing.T, events <-chan string, want string) {
	t.Helper()
	if got := Await(t, events); got != want {
		t.Fatalf("got %q, want %q", got, want)
	}
}

func subscribe(t *testing.T, b bus.Bus, topic string) <-chan string {
	t.Helper()
	events, cancel := b.Subscribe(topic)
	t.Cleanup(cancel)
	return events
}

func reachesEverySubscriber(t *testing.T, here, there bus.Bus) {
	subscribers := []<-chan string{
		subscribe(t, here, "jobs"), subscribe(t, here, "jobs"), subscribe(t, there, "jobs"), subscribe(t, there, "jobs"),
	}
	for _, publisher := range []bus.Bus{here, there} {
		publisher.Publish("jobs", "42")
		for _, events := range subscribers {
			expect(t, events, "42")
		}
	}
}

func keepsTopicsApart(t *testing.T, here, there bus.Bus) {
	jobs, logs := subscribe(t, there, "jobs"), subscribe(t, there, "logs")
	here.Publish("logs", "1")
	here.Publish("jobs", "2")
	here.Publish("logs", "3")
	expect(t, jobs, "2")
	expect(t, logs, "1")
	expect(t, logs, "3")
}

func carriesAnyText(t *testing.T, here, there bus.Bus) {
	texts := []string{`"quotes" and \ and '`, "größe 🚀", "line\nbreak", "NUL\x00", "$1", strings.Repeat("x", bus.MaxPayload/2)}
	for _, topic := range []string{"plain", `odd "topic" ü`} {
		events := subscribe(t, there, topic)
		for _, text := range texts {
			here.Publish(topic, text)
			expect(t, events, text)
		}
	}
}

func largePayload(t *testing.T, here, there bus.Bus) {
	near, far := subscribe(t, here, "jobs"), subscribe(t, there, "jobs")
	for _, large := range []string{strings.Repeat("x", bus.MaxPayload+1), strings.Repeat("\x00", bus.MaxPayload+1)} {
		here.Publish("jobs", large)
		expect(t, near, bus.Missed)
		expect(t, far, bus.Missed)
	}
	worst := strings.Repeat("\x00", bus.MaxPayload-len("jobs")) // grows when it is escaped
	here.Publish("jobs", worst)
	expect(t, near, worst)
	if got := Await(t, far); got != worst && got != bus.Missed {
		t.Errorf("got %q", got)
	}
}

func slowSubscriber(t *testing.T, here, there bus.Bus) {
	slow, marker := subscribe(t, there, "jobs"), subscribe(t, there, "marker")
	for i := range 10_000 {
		here.Publish("jobs", fmt.Sprint(i))
	}
	here.Publish("marker", "all sent")
	Await(t, marker)
	for Await(t, slow) != bus.Missed {
	}
}

func watch(t *testing.T, here, there bus.Bus) {
	events, cancel := there.Watch("agent")
	marker := subscribe(t, there, "marker")
	here.Publish("agent", "42")
	expect(t, events, "42")
	for i := range 50 {
		here.Publish("agent", fmt.Sprint(i))
	}
	here.Publish("marker", "all sent")
	Await(t, marker)
	missed := false
	for len(events) > 0 {
		missed = Await(t, events) == bus.Missed || missed
	}
	if !missed {
		t.Error("it is not told that it missed hints")
	}
	cancel()
	here.Publish("agent", "43")
	if payload, ok := <-events; ok {
		t.Errorf("a canceled watch got %q", payload)
	}
}

func cancel(t *testing.T, here, there bus.Bus) {
	gone, cancel := there.Subscribe("jobs")
	staying := subscribe(t, there, "jobs")
	cancel()
	cancel()
	here.Publish("jobs", "42")
	expect(t, staying, "42")
	if payload, ok := <-gone; ok {
		t.Errorf("a canceled subscription got %q", payload)
	}
}

func nobodyListens(t *testing.T, here, there bus.Bus) {
	here.Publish("nobody", "42")
	events := subscribe(t, there, "jobs")
	here.Publish("jobs", "43")
	expect(t, events, "43")
}

func concurrentUse(t *testing.T, here, there bus.Bus) {
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 100 {
				events, cancel := there.Subscribe("jobs")
				here.Publish("jobs", fmt.Sprint(i))
				Await(t, events)
				cancel()
			}
		})
	}
	wg.Wait()
}

func keepsOrder(t *testing.T, here, there bus.Bus) {
	events := subscribe(t, there, "jobs")
	for i := range 50 {
		here.Publish("jobs", fmt.Sprint(i))
	}
	for i := range 50 {
		expect(t, events, fmt.Sprint(i))
	}
}
