package document_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bridle-ci/bridle/internal/localrun/document"
)

func TestLocate(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		files []string
		want  string
		err   string
	}{
		"usual":   {files: []string{".buildkite/pipeline.yml"}, want: ".buildkite/pipeline.yml"},
		"json":    {files: []string{".buildkite/pipeline.json"}, want: ".buildkite/pipeline.json"},
		"top":     {files: []string{"buildkite.yaml"}, want: "buildkite.yaml"},
		"folder":  {files: []string{"buildkite/pipeline.yaml"}, want: "buildkite/pipeline.yaml"},
		"none":    {files: []string{"pipeline.yml"}, err: "there is no pipeline file"},
		"several": {files: []string{"buildkite.yml", ".buildkite/pipeline.yml"}, err: "there are several pipeline files: .buildkite/pipeline.yml, buildkite.yml"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := document.Locate(func(path string) bool { return slices.Contains(tt.files, path) })
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("error %v, want one with %q", err, tt.err)
				}
				return
			}
			if err != nil || got != tt.want {
				t.Errorf("got %q, %v, want %q", got, err, tt.want)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ file, want string }{
		"OK":                    {"steps:\n  - command: make\n", ""},
		"empty":                 {"# nothing\n", "p.yml: The pipeline is empty: it needs a list of `steps`"},
		"no bytes":              {"", "p.yml: The pipeline is empty: it needs a list of `steps`"},
		"yaml":                  {"steps:\n  - command: \"make\n", "p.yml:2: The pipeline is not valid YAML: found unexpected end of stream"},
		"misspelled":            {"steps:\n  - command: make\n    lable: Make\n", "p.yml:3: `lable` is not a valid property on the `command` step, perhaps you meant `label`?"},
		"condition":             {"steps:\n  - command: make\n    if: build.brunch == 'main'\n", "p.yml:3: "},
		"variable":              {"steps:\n  - command: make\n    parallelism: ${JOBS}\n", ""},
		"variable further down": {"steps:\n  - command: make\n    retry:\n      automatic:\n        - exit_status: $STATUS\n", ""},
		"if_changed":            {"steps:\n  - command: make\n    if_changed: src/**\n  - group: g\n    if_changed: lib/**\n    steps:\n      - command: {command: make, if_changed: a}\n", ""},
		"beside if_changed": {
			"steps:\n  - command: make\n    if_changed: src/**\n  - group: Tests\n    steps:\n      - command: test\n        lable: Test\n",
			"p.yml:7: `lable` is not a valid property",
		},
		"list": {"- command: make\n  if_changed: a\n- command: test\n  lable: b\n", "p.yml:4: `lable` is not"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := document.Check("p.yml", []byte(tt.file))
			if tt.want == "" {
				if err != nil {
					t.Errorf("error %v", err)
				}
				return
			}
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

const sample = `
env:
  COLOR: blue
agents: &agents
  queue: linux
steps:
  - command: lint
    key: lint
  - wait
  - label: Build
    key: build
    command: build
    agents: *agents
    depends_on: lint
  - group: Tests
    key: tests
    depends_on: [build]
    steps:
      - command: unit
        key: unit
      - command: browser
        key: browser
        depends_on:
          - step: unit
            allow_failure: true
  - block: Ship?
    key: ship
    depends_on: tests
  - command:
      command: deploy
      id: deploy
      depends_on: ship
  - command: broken
    key: broken
    depends_on: nothing
  - command: loop
    key: loop
    depends_on: pool
  - command: pool
    key: pool
    depends_on: loop
`

// commands lists the steps of a document by what they do, those of groups in brackets.
func commands(t *testing.T, steps []any) string {
	t.Helper()
	var words []string
	for _, step := range steps {
		m := step.(map[string]any)
		switch {
		case m["group"] != nil:
			words = append(words, "["+commands(t, m["steps"].([]any))+"]")
		case m["block"] != nil:
			words = append(words, "block")
		default:
			command := m["command"]
			if nested, ok := command.(map[string]any); ok {
				command = nested["command"]
			}
			words = append(words, command.(string))
		}
	}
	return strings.Join(words, " ")
}

func TestOnly(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ key, want string }{
		"first":                 {"lint", "lint"},
		"dependency":            {"build", "lint build"},
		"within a group":        {"unit", "lint build [unit]"},
		"neighbor in the group": {"browser", "lint build [unit browser]"},
		"group":                 {"tests", "lint build [unit browser]"},
		"through a block":       {"deploy", "lint build [unit browser] block deploy"},
		"circle":                {"loop", "loop pool"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cut, err := document.Only("p.yml", []byte(sample), tt.key)
			if err != nil {
				t.Fatal(err)
			}
			var got struct {
				Env   map[string]string `json:"env"`
				Steps []any             `json:"steps"`
			}
			if err := json.Unmarshal(cut, &got); err != nil {
				t.Fatal(err)
			}
			if steps := commands(t, got.Steps); steps != tt.want {
				t.Errorf("steps %q, want %q", steps, tt.want)
			}
			if diff := cmp.Diff(map[string]string{"COLOR": "blue"}, got.Env); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOnlyRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ file, key, want string }{
		"unknown":            {sample, "tset", "--step tset: no step of p.yml has that key; it has lint, build, tests, unit, "},
		"unknown dependency": {sample, "broken", `--step broken: it depends on "nothing", which no step`},
		"no keys":            {"steps:\n- wait\n- command: a\n", "a", "give the step a `key` first"},
		"several documents":  {"steps: []\n---\nsteps: []\n", "a", "--step a: p.yml holds several documents"},
		"broken":             {"steps: [", "a", "p.yml: yaml: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := document.Only("p.yml", []byte(tt.file), tt.key)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

func FuzzOnly(f *testing.F) {
	f.Add(sample, "deploy")
	f.Add("steps:\n- group: a\n  key: a\n  depends_on: a\n  steps: [{command: b, key: b, depends_on: a}]\n", "b")
	f.Add("- command: a\n  key: &k a\n- command: b\n  key: b\n  depends_on: *k\n", "b")
	f.Fuzz(func(t *testing.T, file, key string) {
		cut, err := document.Only("p.yml", []byte(file), key)
		if err == nil && !json.Valid(cut) {
			t.Errorf("not JSON: %s", cut)
		}
		_ = document.Check("p.yml", []byte(file))
	})
}
