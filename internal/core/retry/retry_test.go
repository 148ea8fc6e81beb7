package retry_test

import (
	"testing"
	"time"

	"github.com/bridle-ci/bridle/internal/core/retry"
	"pgregory.net/rapid"
)

func TestDelay(t *testing.T) {
	t.Parallel()

	cases := map[string]struct {
		attempt int
		rnd     float64
		want    time.Duration
	}{
		"first, mean":      {1, 0.5, 2 * time.Second},
		"first, shortest":  {1, 0, time.Second},
		"second, mean":     {2, 0.5, 4 * time.Second},
		"fifth, mean":      {5, 0.5, 32 * time.Second},
		"late":             {30, 0.5, time.Hour},
		"very late":        {1 << 40, 0.99, time.Hour},
		"before the first": {0, 0.5, 2 * time.Second},
		"negative":         {-7, 0.5, 2 * time.Second},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := retry.Delay(c.attempt, c.rnd); got != c.want {
				t.Errorf("Delay(%d, %v) = %v, want %v", c.attempt, c.rnd, got, c.want)
			}
		})
	}
}

func TestDelayGrowsWithinBounds(t *testing.T) {
	t.Parallel()

	rapid.Check(t, func(t *rapid.T) {
		attempt := rapid.IntRange(1, 100).Draw(t, "attempt")
		rnd := rapid.Float64Range(0, 0.999999).Draw(t, "rnd")
		delay, next := retry.Delay(attempt, rnd), retry.Delay(attempt+1, rnd)
		if delay < retry.First/2 || delay > retry.Longest {
			t.Errorf("Delay(%d, %v) = %v, out of bounds", attempt, rnd, delay)
		}
		if next < delay {
			t.Errorf("Delay(%d, %v) = %v, after %v for the attempt before", attempt+1, rnd, next, delay)
		}
	})
}
