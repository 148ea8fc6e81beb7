package pipeline

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDocumentShapes(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		doc   string
		steps int
	}{
		"list":                   {"- command: a\n- wait", 2},
		"mapping":                {"steps: [wait]", 1},
		"no steps":               {"env: { A: 1 }", 0},
		"null steps":             {"steps: ~", 0},
		"empty steps":            {"steps: []", 0},
		"json list":              {`["wait", {"command": "a"}]`, 2},
		"json mapping":           {` {"steps": ["wait"], "other": {"a": [1]}} `, 1},
		"flow that is not json":  {`{steps: [wait]}`, 1},
		"first of several":       {"steps: [wait]\n---\nsteps: [wait, wait]", 1},
		"last of duplicate keys": {"steps: [wait]\nsteps: [wait, block]", 2},
		"json with surrogates":   {`{"steps": [{"command": "\ud83d\ude00 \/"}]}`, 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := len(mustCompile(t, tt.doc, upload()).Steps); got != tt.steps {
				t.Errorf("%d steps, want %d", got, tt.steps)
			}
		})
	}
}

func TestDocumentLimits(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("[", 100) + strings.Repeat("]", 100)
	tests := map[string]struct{ doc, message string }{
		"bytes":        {strings.Repeat("#", 10<<20+1), "The pipeline is too large"},
		"json nesting": {`{"steps": [], "x": ` + deep + `}`, "nests too deep"},
		"yaml nesting": {"x: " + deep, "nests too deep"},
		"json values":  {`{"x": [` + strings.Repeat("0,", 1<<20) + `0]}`, "too many values"},
		"aliases":      {"a: &a [1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e]\ng: [*f,*f,*f,*f,*f,*f,*f,*f]", "too many values"},
		"merges":       {"a: &a {" + manyKeys(2000) + "}\nb: [" + strings.Repeat("{ <<: *a },", 600) + "]", "too many values"},
		"alias bytes":  {"a: &a " + strings.Repeat("x", 1<<20) + "\nb: [" + strings.Repeat("*a,", 12) + "]", "too large"},
		"raw bytes": {
			"secrets: [" + manySecrets(4000) + "]\nsteps: [" + strings.Repeat("{command: a},", 450) + "]",
			"too large once it is expanded",
		},
		"matrix bytes": {
			"steps: [" + strings.Repeat("{command: &c '"+strings.Repeat("{{matrix}}", 2000)+"', matrix: ["+fifty()+"]},", 10) + "]",
			"too large once it is expanded",
		},
		"steps": {"[" + strings.Repeat("wait,", 501) + "]", "exceeds your organization limit of 500"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := refusalOf(t, tt.doc, upload()).Message; !strings.Contains(got, tt.message) {
				t.Errorf("got %s, want %s", got, tt.message)
			}
		})
	}
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "k%d: 1, ", i)
	}
	return b.String()
}

func manySecrets(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "S%d, ", i)
	}
	return b.String()
}

func fifty() string {
	var b strings.Builder
	for i := range 25 {
		fmt.Fprintf(&b, "v%d, ", i)
	}
	return b.String()
}

func TestInterpolationLimits(t *testing.T) {
	t.Parallel()
	var env strings.Builder
	fmt.Fprintf(&env, "env:\n  V0: %s\n", strings.Repeat("x", 1000))
	for i := range 20 {
		fmt.Fprintf(&env, "  V%d: %s\n", i+1, strings.Repeat(fmt.Sprintf("$V%d", i), 10))
	}
	if got := refusalOf(t, env.String()+"steps: [wait]", stored()).Message; !strings.Contains(got, "too large once its variables are expanded") {
		t.Errorf("got %s", got)
	}
}

func TestLinesOfJSON(t *testing.T) {
	t.Parallel()
	got := refusalOf(t, "{\n \"steps\": [\n  \"wait\",\n  {\"command\": \"a\",\n   \"retry\": 3}\n ]\n}", upload())
	if diff := cmp.Diff("line 5 (steps[1]): `retry` must be a mapping, but it is the number 3", got.Error()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got, want := got.In("ci.json"), "ci.json:5: `retry` must be a mapping, but it is the number 3"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestCompileLeavesTheDocumentAlone(t *testing.T) {
	t.Parallel()
	doc := `
env: { A: $TARGET }
secrets: [X]
checkout: { depth: 1, ssh_secret: K }
steps:
  - commands: [a, b]
    name: "$TARGET {{matrix}}"
    plugins: [docker#v1: { image: "{{matrix}}" }]
    checkout: { flags: { clone: -q } }
    matrix: { setup: [x, 1], adjustments: [{ with: [x], soft_fail: true }] }
  - group: g
    steps: [wait, wait]
`
	d, err := Parse([]byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	before, err := json.Marshal(d.top)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []Options{upload(), stored()} {
		if _, err := d.Compile(o); err != nil {
			t.Fatal(err)
		}
		after, err := json.Marshal(d.top)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(before), string(after)); diff != "" {
			t.Errorf("document changed (-before +after):\n%s", diff)
		}
	}
}

func TestPlanKeys(t *testing.T) {
	t.Parallel()
	plan := mustCompile(t, "- {command: a, key: a}\n- {group: g, key: g, steps: [{command: b, key: b}, wait]}\n- {wait: ~, key: w}", upload())
	if diff := cmp.Diff([]string{"a", "g", "b", "w"}, plan.Keys()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	if err := Check([]byte("steps: [wait]"), stored()); err != nil {
		t.Errorf("a good document: %v", err)
	}
	if err := Check([]byte("steps:\n  - wat"), stored()); err == nil || err.Line != 2 {
		t.Errorf("a bad document: %v", err)
	}
}

func TestJobCountsOfExcludedSteps(t *testing.T) {
	t.Parallel()
	plan := mustCompile(t, "- {command: a, parallelism: 3, if: 'false'}\n- {command: b, parallelism: 0}\n- {group: g, skip: true, steps: [wait, {command: c, parallelism: 2}]}", upload())
	if got := plan.JobCount(); got != 3+1+1+2 {
		t.Errorf("%d jobs", got)
	}
}
