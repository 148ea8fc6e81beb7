package localrun

import (
	"testing"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/localrun/render"
	"github.com/bridle-ci/bridle/internal/store"
)

// TestOnlyWhatCanBeAnsweredIsBlocked keeps jobs that wait for others, and not for the person at the terminal, from asking.
func TestOnlyWhatCanBeAnsweredIsBlocked(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		kind  build.JobType
		state build.JobState
		want  render.State
	}{
		"block":                    {build.Manual, build.JobBlocked, render.Blocked},
		"block not offered yet":    {build.Manual, build.JobWaiting, "waiting"},
		"command behind a block":   {build.Script, build.JobBlocked, "waiting"},
		"trigger behind a block":   {build.Trigger, build.JobBlocked, "waiting"},
		"command behind a command": {build.Script, build.JobWaiting, "waiting"},
		"command that did not run": {build.Script, build.JobBlockedFailed, render.BlockedFailed},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := store.Job{Job: build.Job{Type: tt.kind, State: tt.state}}
			if got := jobOf(&j, build.Step{}, "").State; got != tt.want {
				t.Errorf("shown as %s, want %s", got, tt.want)
			}
		})
	}
}
