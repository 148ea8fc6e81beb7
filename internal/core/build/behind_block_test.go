package build_test

import (
	"testing"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/pipeline"
)

func TestShownBehindBlock(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		kind build.JobType
		is   build.JobState
		want build.JobState
	}{
		"command":               {build.Script, build.JobWaiting, build.JobBlocked},
		"command that failed":   {build.Script, build.JobWaitingFailed, build.JobBlockedFailed},
		"trigger":               {build.Trigger, build.JobWaiting, build.JobBlocked},
		"trigger that failed":   {build.Trigger, build.JobWaitingFailed, build.JobBlockedFailed},
		"wait":                  {build.Waiter, build.JobWaiting, build.JobWaiting},
		"wait that failed":      {build.Waiter, build.JobWaitingFailed, build.JobWaitingFailed},
		"block":                 {build.Manual, build.JobWaiting, build.JobWaiting},
		"command in its queue":  {build.Script, build.JobScheduled, build.JobScheduled},
		"command at its end":    {build.Script, build.JobFinished, build.JobFinished},
		"command canceled":      {build.Script, build.JobCanceled, build.JobCanceled},
		"command of no slot":    {build.Script, build.JobLimited, build.JobLimited},
		"trigger not to be run": {build.Trigger, build.JobBroken, build.JobBroken},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := build.Job{Type: tt.kind, State: tt.is}
			if got := build.ShownBehindBlock(&j); got != tt.want {
				t.Errorf("shown as %s, want %s", got, tt.want)
			}
		})
	}
}

func TestBehindBlock(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		edge  build.EdgeState
		from  pipeline.Kind
		state build.StepState
		want  bool
	}{
		"offered block":              {build.EdgeHeld, pipeline.KindBlock, build.StepWaitingForInput, true},
		"block not offered yet":      {build.EdgeHeld, pipeline.KindBlock, build.StepWaiting, true},
		"block of an edge just made": {build.EdgeOpen, pipeline.KindBlock, build.StepWaiting, true},
		"block that failed":          {build.EdgeFailed, pipeline.KindBlock, build.StepFinished, true},
		"block that was canceled":    {build.EdgeFailed, pipeline.KindBlock, build.StepCanceled, false},
		"unblocked block":            {build.EdgeSatisfied, pipeline.KindBlock, build.StepFinished, false},
		"excluded block":             {build.EdgeSatisfied, pipeline.KindBlock, build.StepIgnored, false},
		"block whose failure passes": {build.EdgeForgiven, pipeline.KindBlock, build.StepFinished, false},
		"offered input":              {build.EdgeHeld, pipeline.KindInput, build.StepWaitingForInput, true},
		"wait behind a block":        {build.EdgeHeld, pipeline.KindWait, build.StepWaiting, false},
		"command behind a block":     {build.EdgeHeld, pipeline.KindCommand, build.StepWaiting, false},
		"group with a block":         {build.EdgeHeld, pipeline.KindGroup, build.StepReady, false},
		"key that nobody has":        {build.EdgeHeld, "", "", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := build.BehindBlock(tt.edge, tt.from, tt.state); got != tt.want {
				t.Errorf("behind a block: %t, want %t", got, tt.want)
			}
		})
	}
}
