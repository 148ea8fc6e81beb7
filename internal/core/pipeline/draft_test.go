package pipeline

import (
	"testing"

	"github.com/bridle-ci/bridle/internal/core/conditional"
)

// draft is how a file is looked at before an agent has worked on it.
func draft() Options { return Options{Draft: true} }

func storedDraft() Options { return Options{Draft: true, Stored: true} }

func TestDraftsLetPass(t *testing.T) {
	t.Parallel()
	for name, doc := range map[string]string{
		"pattern of if_changed":     "- { command: a, if_changed: 'src/**' }",
		"patterns of if_changed":    "- { trigger: a, if_changed: [a, b] }",
		"mapping of if_changed":     "- { group: g, if_changed: { include: a, exclude: [b, c] }, steps: [{ command: { command: a, if_changed: '*.go' } }] }",
		"number that is a variable": "- { command: a, parallelism: $JOBS, priority: '${P}' }",
		"variables further down":    "- { command: a, retry: { automatic: [{ exit_status: $S, limit: '${LIMIT:-2}' }] }, soft_fail: $SOFT }",
		"keys with variables":       "- { command: a, key: ship-$TO }\n- { command: b, key: ship-$TO, depends_on: '${X}y z' }",
		"name that is a variable":   "- { command: a, $WHAT: b }",
		"target that is a variable": "notify: [{ email: $TEAM }, { webhook: '${URL}' }]\nsteps: [wait]",
		"condition with a variable": "- { command: a, if: 'build.branch == ${BRANCH' }",
		"env with a variable":       "env: $ENV\nsteps: [wait]",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mustCompile(t, doc, draft())
			if refusal := refusalOf(t, doc, upload()); refusal.Line == 0 {
				t.Errorf("the refusal of the upload has no line: %v", refusal)
			}
		})
	}
}

func TestDraftsRefuse(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		doc     string
		options Options
		want    string
	}{
		"misspelled beside if_changed": {
			"- command: a\n  if_changed: b\n  lable: c", draft(),
			"line 3 (steps[0]): `lable` is not a valid property on the `command` step, perhaps you meant `label`?",
		},
		"beside a variable": {
			"- command: $CMD\n  parallelism: $N\n  priority: high", draft(),
			"line 3 (steps[0]): `priority` must be a whole number, but it is the string \"high\"",
		},
		"missing command beside a variable": {
			"- plugins: []\n  label: $X", draft(), "line 1 (steps[0]): A `command` step must have a `command` or `plugins`",
		},
		"condition": {
			"- command: a\n  if: build.brunch == 'x'", draft(),
			"line 2 (steps[0]): `build.brunch` is not a variable - did you mean `build.branch`?",
		},
		"number as if_changed": {
			"- command: a\n  if_changed: [a, [b]]", draft(),
			"line 2 (steps[0]): `if_changed` must be a string or a list of strings, but it has a list in it",
		},
		"if_changed without include": {
			"- command: a\n  if_changed: { exclude: b }", draft(), "line 2 (steps[0]): `if_changed` must have patterns to `include`",
		},
		"unknown property of if_changed": {
			"- command: a\n  if_changed: { includes: b }", draft(),
			"line 2 (steps[0]): `includes` is not a valid property on `if_changed`, perhaps you meant `include`?",
		},
		"if_changed of a wait": {
			"- wait: ~\n  if_changed: b", draft(),
			"line 2 (steps[0]): `if_changed` is not a valid property on the `wait` step. Please check the documentation to get a full list of supported properties.",
		},
		"if_changed in stored steps": {
			"- command: a\n  if_changed: b", storedDraft(),
			"line 2 (steps[0]): `if_changed` is applied by the agent during `pipeline upload` and has no meaning in a pipeline's stored steps: move the step into a file that a job uploads, or remove `if_changed`",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := refusalOf(t, tt.doc, tt.options).Error(); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestDraftsRunEveryStep(t *testing.T) {
	t.Parallel()
	doc := `
- { command: a, if: build.branch == "other" }
- { command: b, if: '["x", build.tag] includes "x"' }
- { command: c, if: '${REQUIRED?} == "x"' }
- { command: d, branches: other }
- { group: g, if: 'false', steps: [{ command: e }] }
`
	o := storedDraft()
	o.Vars = conditional.Vars{}
	for i, s := range mustCompile(t, doc, o).Steps {
		if s.Broken || len(s.Steps) > 0 && s.Steps[0].Broken {
			t.Errorf("step %d does not run: %+v", i, s)
		}
	}
}

func TestIfChangedIsNotKept(t *testing.T) {
	t.Parallel()
	step := mustCompile(t, "- { command: a, if_changed: b }", draft()).Steps[0]
	if got, want := string(step.Raw), `{"command":"a"}`; got != want {
		t.Errorf("raw is %s, want %s", got, want)
	}
}
