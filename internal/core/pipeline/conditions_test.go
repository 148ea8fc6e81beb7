package pipeline

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bridle-ci/bridle/internal/core/conditional"
)

// ticking returns a stopwatch that moves on by a step whenever it is asked.
func ticking(step time.Duration) func() time.Duration {
	var elapsed time.Duration
	return func() time.Duration {
		elapsed += step
		return elapsed
	}
}

func TestConditionsHaveATimeTogether(t *testing.T) {
	t.Parallel()
	var many, repeated, notify strings.Builder
	notify.WriteString("notify:\n")
	for i := range 90 {
		fmt.Fprintf(&many, "- { command: a, if: 'build.number != %d' }\n", i)
		repeated.WriteString("- { command: a, if: 'build.number != 8' }\n")
		fmt.Fprintf(&notify, "  - { slack: '#a', if: 'build.number != %d' }\n", i)
	}
	var matches strings.Builder
	matches.WriteString("- command: a\n  if: |\n    false")
	for range conditional.MaxRegexCount {
		matches.WriteString(` || build.branch =~ /^x/`)
	}
	const slow = "The conditions of this pipeline take too long to evaluate: make their regular expressions simpler, or use fewer of them"
	tests := map[string]struct {
		doc  string
		step time.Duration
		want string
	}{
		"in time":             {many.String(), time.Millisecond, ""},
		"many conditions":     {many.String(), 100 * time.Millisecond, slow},
		"the same again":      {repeated.String(), 100 * time.Millisecond, ""},
		"of notifications":    {notify.String() + "steps: []", 100 * time.Millisecond, slow},
		"regular expressions": {matches.String(), 100 * time.Millisecond, "there is no time left for this regular expression: make those of the conditions simpler"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := upload()
			o.Elapsed = ticking(tt.step)
			if tt.want == "" {
				mustCompile(t, tt.doc, o)
				return
			}
			refusal := refusalOf(t, tt.doc, o)
			if refusal.Message != tt.want || refusal.Line == 0 {
				t.Errorf("got %v, want %s", refusal, tt.want)
			}
		})
	}
}

func TestAgentsOfTheStoredConfiguration(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		doc  string
		want string
	}{
		"nothing said":    {"steps: [{ command: a }]", "queue=stored"},
		"null":            {"agents: ~\nsteps: [{ command: a }]", "queue=stored"},
		"within a group":  {"steps: [{ group: g, steps: [{ command: a }] }]", "queue=stored"},
		"the upload's":    {"agents: { queue: upload }\nsteps: [{ command: a }]", "queue=upload"},
		"none by upload":  {"agents: {}\nsteps: [{ command: a }]", ""},
		"the step's":      {"steps: [{ command: a, agents: [queue=step] }]", "queue=step"},
		"none by step":    {"steps: [{ command: a, agents: [] }]", ""},
		"step and upload": {"agents: { queue: upload }\nsteps: [{ command: a, agents: { n: 1 } }]", "n=1"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := upload()
			o.DefaultAgents = []string{"queue=stored"}
			step := mustCompile(t, tt.doc, o).Steps[0]
			if step.Kind == KindGroup {
				step = step.Steps[0]
			}
			if got := strings.Join(step.Command.Jobs[0].Agents, " "); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
