package pipelines

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/bridle-ci/bridle/internal/core/pipeline"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestYAMLOfVisualSteps(t *testing.T) {
	t.Parallel()
	const steps = `[
		{"type": "script", "name": ":go: Test", "command": "make test\nmake lint", "artifact_paths": "logs/*;pkg/*",
			"branch_configuration": "main !wip", "env": {"A": "1", "B": 2, "C": true, "D": null},
			"timeout_in_minutes": 10, "agent_query_rules": ["queue=linux", "os=*"], "parallelism": 3,
			"plugins": [{"docker#v5.0.0": {"zebra": 1, "apple": ["x", "yes"]}}, {"cache": null}]},
		{"type": "waiter"},
		{"type": "waiter", "name": "Everything"},
		{"type": "manual", "label": "Ship it?"},
		{"type": "manual"},
		{"type": "trigger", "name": "Deploy", "trigger_project_slug": "deploy", "trigger_commit": "HEAD",
			"trigger_branch": "main", "trigger_async": true, "env": {"X": "$Y"}, "branch_configuration": "main"},
		{"type": "trigger", "trigger_project_slug": "notify"},
		{"type": "script", "command": "echo $HOME \\$PATH $(pwd) 100%", "timeout_in_minutes": null, "plugins": null}
	]`
	const want = `env:
    TOP: $LEVEL
steps:
    - label: ':go: Test'
      command: |-
        make test
        make lint
      branches: main !wip
      artifact_paths: logs/*;pkg/*
      env:
        A: "1"
        B: "2"
        C: "true"
        D: ""
      agents:
        - queue=linux
        - os=*
      timeout_in_minutes: 10
      parallelism: 3
      plugins:
        - "docker#v5.0.0":
            "zebra": 1
            "apple":
                - "x"
                - "yes"
        - "cache": null
    - wait
    - wait: Everything
    - block: Ship it?
    - block: Continue
    - trigger: deploy
      label: Deploy
      branches: main
      async: true
      build:
        commit: HEAD
        branch: main
        env:
            X: $Y
    - trigger: notify
    - command: echo $HOME \$PATH $(pwd) 100%
`
	got, err := yamlOfVisualSteps("p", json.RawMessage(steps), map[string]string{"TOP": "$LEVEL"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if problem := configurationProblem(got); problem != "" {
		t.Errorf("does not compile: %s", problem)
	}
}

func TestYAMLOfVisualStepsKeepsConcurrency(t *testing.T) {
	t.Parallel()
	got, err := yamlOfVisualSteps("p", json.RawMessage(`[
		{"type":"script","command":"x","concurrency":2,"concurrency_group":"g"},
		{"type":"script","command":"y","concurrency":1},
		{"type":"script","command":"z","concurrency":null}]`), nil)
	want := "steps:\n    - command: x\n      concurrency: 2\n      concurrency_group: g\n" +
		"    - command: \"y\"\n      concurrency: 1\n      concurrency_group: pipelines/p/steps/2\n    - command: z\n"
	if err != nil || got != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	if problem := configurationProblem(got); problem != "" {
		t.Errorf("problem %q", problem)
	}
}

func TestYAMLOfVisualStepsRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ steps, want string }{
		"no list":      {`{"type": "script"}`, "must be a list"},
		"no steps":     {`[]`, "at least one step"},
		"null":         {`null`, "at least one step"},
		"a word":       {`["wait"]`, "must be a list of step objects"},
		"unknown type": {`[{"type": "waiter"}, {"type": "group"}]`, `bad step 2: its type is "group"`},
		"no type":      {`[{}]`, `bad step 1: its type is ""`},
		"wrong kind":   {`[{"type": "script", "command": 5}]`, "command can't be a JSON number"},
		"nested env":   {`[{"type": "script", "env": {"A": {}}}]`, `value of its variable "A"`},
		"too many":     {"[" + strings.Repeat(`{"type":"waiter"},`, 500) + `{"type":"waiter"}]`, "too many (maximum is 500)"},
		"too large":    {`[{"type":"script","command":"` + strings.Repeat("a", 1<<20) + `"}]`, "too large"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if out, err := yamlOfVisualSteps("p", json.RawMessage(c.steps), nil); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %q, %v, want %q", out, err, c.want)
			}
		})
	}
}

// A command of a visual step reaches the agent as it was written, whatever YAML makes of its characters.
func TestVisualCommandsSurvive(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		piece := rapid.OneOf(
			rapid.SampledFrom([]string{"$", `\`, "$$", `\$`, "${A}", "$(x)", "\n", " ", "'", `"`, ":", "#", "- ", "yes", "~", "|", "\t"}),
			rapid.StringMatching(`[a-zA-Z0-9]{1,5}`),
		)
		command := strings.Join(rapid.SliceOfN(piece, 1, 12).Draw(t, "pieces"), "")
		steps, err := json.Marshal([]visualStep{{Type: "script", Command: command, Name: "x"}})
		if err != nil {
			t.Fatal(err)
		}
		configuration, err := yamlOfVisualSteps("p", steps, map[string]string{"VALUE": command})
		if err != nil {
			t.Fatal(err)
		}
		document, err := pipeline.Parse([]byte(configuration))
		if err != nil {
			t.Fatalf("%q: %v", configuration, err)
		}
		plan, err := document.Compile(pipeline.Options{Stored: true, Draft: true})
		if err != nil {
			t.Fatalf("%q: %v", configuration, err)
		}
		if got := plan.Steps[0].Command.Command; got != command {
			t.Fatalf("got %q, want %q from %q", got, command, configuration)
		}
		if got := plan.Env["VALUE"]; got != command {
			t.Fatalf("env: got %q, want %q from %q", got, command, configuration)
		}
	})
}

func FuzzVisualSteps(f *testing.F) {
	f.Add(`[{"type":"script","command":"make","plugins":[{"a":{"b":1}}]},{"type":"waiter"}]`)
	f.Add(`[{"type":"trigger","trigger_project_slug":"x","env":{"A":1}}]`)
	f.Fuzz(func(t *testing.T, steps string) {
		configuration, err := yamlOfVisualSteps("p", json.RawMessage(steps), nil)
		if err != nil {
			return
		}
		if problem := configurationProblem(configuration); problem == stepsMissing {
			t.Errorf("%q became %q", steps, configuration)
		}
	})
}
