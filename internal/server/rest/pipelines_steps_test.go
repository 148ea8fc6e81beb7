package rest

import (
	"strings"
	"testing"
)

func TestStepsCacheForgetsWhenFull(t *testing.T) {
	t.Parallel()
	var cache stepsCache
	configuration := func(n int) string {
		return "steps: [{command: \"" + strings.Repeat("x", maxCachedConfigurations/4) + "\", parallelism: " + string(rune('1'+n)) + "}]"
	}
	for n := range 9 {
		for range 2 {
			got := cache.of(configuration(n))
			if len(got.steps) != 1 || *got.steps[0].(scriptStep).Parallelism != n+1 {
				t.Fatalf("steps of configuration %d: %d of them", n, len(got.steps))
			}
		}
		if cache.size > maxCachedConfigurations || len(cache.known) == 0 || len(cache.known) > 4 {
			t.Fatalf("holds %d configurations of %d bytes", len(cache.known), cache.size)
		}
	}
	if got := cache.of("steps: ["); len(got.steps) != 0 || got.steps == nil {
		t.Errorf("steps of no configuration: %v", got.steps)
	}
}
