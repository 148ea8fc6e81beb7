package build_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/bridle-ci/bridle/internal/core/build/buildtest"
)

// TestFleetsOfBuildsDrain plays random events on several builds that share two concurrency groups: no limit is exceeded,
// and nobody waits for ever, whatever waits for whatever.
func TestFleetsOfBuildsDrain(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		fleet := &buildtest.Fleet{}
		var stories []*story
		for range rapid.IntRange(1, 4).Draw(t, "builds") {
			stories = append(stories, newStory(t, true, fleet))
		}
		for range rapid.IntRange(0, 60).Draw(t, "events") {
			stories[rapid.IntRange(0, len(stories)-1).Draw(t, "build")].happen()
		}
		unfinished := func(s *story) bool { return !s.w.Build.State.Terminal() }
		for range 300 {
			if !slices.ContainsFunc(stories, unfinished) {
				return
			}
			for _, s := range stories {
				s.advanceAll()
			}
		}
		for _, s := range stories {
			for _, j := range s.w.Latest() {
				t.Logf("%s %s: %s %+v", j.StepPath, j.ID, j.State, j.Concurrency)
			}
			for _, e := range s.w.Edges() {
				t.Logf("%+v", e)
			}
			for _, st := range s.w.Steps() {
				t.Logf("%s %s %s held %d", st.Path, st.Key, st.ID, st.HeldEdges)
			}
		}
		t.Fatal("some builds get on no more")
	})
}
