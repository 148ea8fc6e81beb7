package badge_test

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/bridle-ci/bridle/internal/core/badge"
	"github.com/bridle-ci/bridle/internal/core/build"
)

func TestOfBuild(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		state, blocked build.State
		want           badge.Status
	}{
		"passed":                 {build.Passed, "", badge.Passing},
		"failed":                 {build.Failed, "", badge.Failing},
		"about to fail":          {build.Failing, "", badge.Failing},
		"blocked after success":  {build.Blocked, build.Passed, badge.Passing},
		"blocked after failure":  {build.Blocked, build.Failed, badge.Failing},
		"blocked and in the way": {build.Blocked, build.Running, badge.Passing},
		"canceled":               {build.Canceled, "", badge.Unknown},
		"not run":                {build.NotRun, "", badge.Unknown},
		"running":                {build.Running, "", badge.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := badge.OfBuild(c.state, c.blocked); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestOfStep(t *testing.T) {
	t.Parallel()
	step := func(label, key string, state build.StepState, outcome build.Outcome) *build.Step {
		return &build.Step{Label: label, Key: key, State: state, Outcome: outcome}
	}
	passed := step("Test", "a", build.StepFinished, build.OutcomeOK)
	for name, c := range map[string]struct {
		steps []*build.Step
		want  badge.Status
	}{
		"no such step":  {[]*build.Step{step("Other", "b", build.StepFinished, build.OutcomeOK)}, badge.Unknown},
		"by label":      {[]*build.Step{passed}, badge.Passing},
		"by key":        {[]*build.Step{step("", "Test", build.StepFinished, build.OutcomeOK)}, badge.Passing},
		"soft failed":   {[]*build.Step{step("Test", "", build.StepFinished, build.SoftFailedOK)}, badge.Passing},
		"one failed":    {[]*build.Step{passed, step("Test", "b", build.StepFinished, build.HardFailed)}, badge.Failing},
		"one errored":   {[]*build.Step{step("Test", "b", build.StepFinished, build.Errored), passed}, badge.Failing},
		"about to fail": {[]*build.Step{step("Test", "b", build.StepFailing, "")}, badge.Failing},
		"one is to run": {[]*build.Step{passed, step("Test", "b", build.StepRunning, "")}, badge.Unknown},
		"canceled":      {[]*build.Step{step("Test", "b", build.StepCanceled, "")}, badge.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := badge.OfStep(c.steps, "Test"); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestSVG(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status       badge.Status
		style, theme string
		has          []string
	}{
		"default":            {badge.Passing, "", "", []string{"#3fa45b", ">passing<", `rx="3"`}},
		"square":             {badge.Failing, "square", "", []string{"#d0473e", ">failing<", `rx="0"`}},
		"square's other":     {badge.Unknown, "flat-square", "mono", []string{"#a8a8a8", ">unknown<", `rx="0"`}},
		"three colors":       {badge.Unknown, "", "9c0,f93,0ad", []string{"#0ad", "#4b535c"}},
		"six colors":         {badge.Passing, "", "9c0,f93,0ad,d6d6d6,000,123456", []string{"#9c0", "#d6d6d6", "#000", "#123456"}},
		"too few colors":     {badge.Passing, "", "9c0,f93", []string{"#3fa45b"}},
		"no color":           {badge.Passing, "", `9c0,f93,"/><script>`, []string{"#3fa45b"}},
		"no theme of ours":   {badge.Passing, "", "neon", []string{"#3fa45b"}},
		"color with newline": {badge.Passing, "", "9c0,f93,0ad\n", []string{"#3fa45b"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svg := badge.SVG(c.status, c.style, c.theme)
			for _, want := range c.has {
				if !strings.Contains(svg, want) {
					t.Errorf("no %s in %s", want, svg)
				}
			}
			d := xml.NewDecoder(strings.NewReader(svg))
			for {
				if _, err := d.Token(); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					t.Fatalf("no XML: %v", err)
				}
			}
			if strings.Contains(svg, "%!") {
				t.Errorf("drawn wrongly: %s", svg)
			}
		})
	}
}
