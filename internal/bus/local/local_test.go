package local_test

import (
	"testing"

	"github.com/bridle-ci/bridle/internal/bus"
	"github.com/bridle-ci/bridle/internal/bus/bustest"
	"github.com/bridle-ci/bridle/internal/bus/local"
)

func TestBus(t *testing.T) {
	t.Parallel()

	bustest.Run(t, func(*testing.T) (here, there bus.Bus) {
		b := local.New()
		return b, b
	})
}

func TestPublishMissed(t *testing.T) {
	t.Parallel()

	b := local.New()
	one, _ := b.Subscribe("one")
	other, _ := b.Subscribe("other")
	b.PublishMissed()
	for _, events := range []<-chan string{one, other} {
		if got := <-events; got != bus.Missed {
			t.Errorf("got %q, want Missed", got)
		}
	}
}
