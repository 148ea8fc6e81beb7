package pipeline

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	gopipeline "github.com/buildkite/go-pipeline"
	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"
	"pgregory.net/rapid"
)

// drawStep draws a valid step as the mapping it is written as.
func drawStep(t *rapid.T, inGroup bool) any {
	kinds := []string{"wait word", "command", "command", "matrix", "wait", "block", "trigger"}
	if !inGroup {
		kinds = append(kinds, "group")
	}
	kind := rapid.SampledFrom(kinds).Draw(t, "kind")
	step := map[string]any{}
	switch kind {
	case "wait word":
		return "wait"
	case "command", "matrix":
		step["command"] = drawText(t, "command")
		if rapid.Bool().Draw(t, "env") {
			step["env"] = map[string]any{"A": drawText(t, "A"), "B": rapid.IntRange(0, 9).Draw(t, "B")}
		}
		if rapid.Bool().Draw(t, "plugins") {
			step["plugins"] = []any{"docker#v1", map[string]any{"org/tool#v2": map[string]any{"image": drawText(t, "image")}}}
		}
		if rapid.Bool().Draw(t, "secrets") {
			step["secrets"] = map[string]any{"S": "secret"}
		}
		if rapid.Bool().Draw(t, "checkout") {
			step["checkout"] = map[string]any{"depth": "3", "lfs": "true", "sparse": map[string]any{"paths": "x"}}
		}
		if kind == "matrix" {
			step["matrix"] = drawMatrix(t)
			step["command"] = fmt.Sprint(step["command"], "{{matrix.a}}-{{ matrix.b }}")
			step["label"] = "{{matrix.b}}"
		} else if rapid.Bool().Draw(t, "parallel") {
			step["parallelism"] = rapid.IntRange(0, 4).Draw(t, "parallelism")
		}
	case "wait":
		step["wait"] = nil
		step["continue_on_failure"] = rapid.Bool().Draw(t, "continue")
	case "block":
		step["block"] = drawText(t, "block")
	case "trigger":
		step["trigger"] = "slug"
	case "group":
		step["group"] = "g"
		var children []any
		for range rapid.IntRange(1, 3).Draw(t, "children") {
			children = append(children, drawStep(t, true))
		}
		step["steps"] = children
	}
	if rapid.Bool().Draw(t, "conditional") {
		step["if"] = rapid.SampledFrom([]string{"true", "false", `build.branch == "main"`}).Draw(t, "if")
	}
	return step
}

func drawText(t *rapid.T, label string) string {
	return rapid.StringMatching(`[ -~é😀]{1,12}`).Filter(func(s string) bool { return !strings.Contains(s, "{{") }).Draw(t, label)
}

func drawMatrix(t *rapid.T) map[string]any {
	values := rapid.SliceOfNDistinct(rapid.OneOf(rapid.Just[any](true), rapid.Map(rapid.IntRange(0, 9), func(n int) any { return n }), rapid.Just[any]("x y")), 1, 4, func(v any) string { return fmt.Sprint(v) })
	m := map[string]any{"setup": map[string]any{"a": values.Draw(t, "a"), "b": values.Draw(t, "b")}}
	if rapid.Bool().Draw(t, "adjusted") {
		m["adjustments"] = []any{map[string]any{"with": map[string]any{"a": "new", "b": 1}, "soft_fail": true}}
	}
	return m
}

func drawDocument(t *rapid.T) map[string]any {
	steps := []any{}
	for range rapid.IntRange(0, 6).Draw(t, "steps") {
		steps = append(steps, drawStep(t, false))
	}
	return map[string]any{"steps": steps, "env": map[string]any{"E": 1}, "secrets": []any{"TOP"}}
}

func encode(t rapid.TB, v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func compiled(t *rapid.T, doc string) Plan {
	d, err := Parse([]byte(doc))
	if err != nil {
		t.Fatalf("parse: %v\n%s", err, doc)
	}
	plan, err := d.Compile(upload())
	if err != nil {
		t.Fatalf("compile: %v\n%s", err, doc)
	}
	return plan
}

func TestCompileIsDeterministicAndAlikeForYAML(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v := drawDocument(t)
		doc := encode(t, v)
		plan := compiled(t, doc)
		if diff := cmp.Diff(plan, compiled(t, doc)); diff != "" {
			t.Fatalf("second compile differs:\n%s", diff)
		}
		text, err := yaml.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(encode(t, plan), encode(t, compiled(t, string(text)))); diff != "" {
			t.Fatalf("YAML differs:\n%s\n%s", diff, text)
		}
	})
}

func TestMatrixJobsAreTheProductInOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		dims := rapid.IntRange(1, 3).Draw(t, "dims")
		var setup []string
		want := []string{""}
		for i := range dims {
			n := rapid.IntRange(1, 3).Draw(t, "n")
			var next []string
			for _, prefix := range want {
				for v := range n {
					next = append(next, fmt.Sprintf("%s%d", prefix, v))
				}
			}
			want = next
			setup = append(setup, fmt.Sprintf("d%d: [%s]", i, []string{"0", "0, 1", "0, 1, 2"}[n-1]))
		}
		var got []string
		for _, j := range compiled(t, "- {command: a, matrix: {setup: {"+strings.Join(setup, ", ")+"}}}").Steps[0].Command.Jobs {
			key := ""
			for _, name := range slices.Sorted(maps.Keys(j.Matrix)) {
				key += j.Matrix[name]
			}
			got = append(got, key)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	})
}

func TestRawRoundTrips(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		for _, s := range compiled(t, encode(t, drawDocument(t))).Steps {
			if s.Kind == KindGroup {
				continue // its raw form is without its children
			}
			again := compiled(t, `{"steps":[`+string(s.Raw)+`]}`).Steps[0]
			if s.BrokenReason == BrokenOptimizer {
				s.Broken, s.BrokenReason = false, ""
			}
			if diff := cmp.Diff(s, again); diff != "" {
				t.Fatalf("(-first +again):\n%s", diff)
			}
		}
	})
}

func TestJobsAgreeWithTheAgent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		for _, s := range compiled(t, encode(t, drawDocument(t))).Steps {
			if err := agentDisagrees(s); err != nil {
				t.Fatalf("%v\n%s", err, s.Raw)
			}
		}
	})
}

// agentDisagrees reads a command step as the agent does when it verifies a job, and compares what it would run with
// the jobs.
func agentDisagrees(s Step) error {
	if s.Command == nil {
		return nil
	}
	for _, j := range s.Command.Jobs {
		var step gopipeline.CommandStep
		if err := json.Unmarshal(s.Raw, &step); err != nil {
			return fmt.Errorf("the agent cannot read the step: %w", err)
		}
		if err := step.InterpolateMatrixPermutation(j.Matrix); err != nil {
			if strings.Contains(err.Error(), "unknown matrix tokens") {
				continue // the agent also looks into attributes that have no tokens
			}
			return fmt.Errorf("the agent refuses the combination: %w", err)
		}
		if step.Command != j.Command {
			return fmt.Errorf("command is %q, for the agent %q", j.Command, step.Command)
		}
		for name, value := range step.Env {
			if _, fromCheckout := checkoutVariables[name]; !fromCheckout && j.Env[name] != value {
				return fmt.Errorf("%s is %q, for the agent %q", name, j.Env[name], value)
			}
		}
		if got, want := string(j.Plugins), string(pluginsJSON(step.Plugins)); got != want {
			return fmt.Errorf("plugins are %s, for the agent %s", got, want)
		}
	}
	return nil
}

// checkoutVariables go before a step's env.
var checkoutVariables = map[string]bool{
	"BUILDKITE_IMAGE": true, "BUILDKITE_SKIP_CHECKOUT": true, "BUILDKITE_GIT_SUBMODULES": true,
	"BUILDKITE_GIT_LFS_ENABLED": true, "BUILDKITE_GIT_CLONE_FLAGS": true, "BUILDKITE_GIT_FETCH_FLAGS": true,
}

func TestInterpolationLeavesTextWithoutVariables(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		doc := strings.ReplaceAll(encode(t, drawDocument(t)), "$", "")
		d, err := Parse([]byte(doc))
		if err != nil {
			t.Fatal(err)
		}
		plain, plainErr := d.Compile(upload())
		o := upload()
		o.Interpolate = func(string) (string, bool) { return "never", true }
		expanded, err := d.Compile(o)
		if diff := cmp.Diff([]any{plain, fmt.Sprint(plainErr)}, []any{expanded, fmt.Sprint(err)}); diff != "" {
			t.Fatalf("(-plain +expanded):\n%s", diff)
		}
	})
}

func TestRedundantWaitsKeepABarrier(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.SampledFrom([]string{"wait", "block", "{command: a}", "{wait: ~, continue_on_failure: true}", "{wait: ~, if: 'false'}"}), 1, 8).Draw(t, "words")
		steps := compiled(t, "["+strings.Join(words, ", ")+"]").Steps
		// Between two steps that run there is a barrier exactly when one was written, and one of each run is left.
		for start := 0; start < len(steps); {
			end := start
			written, left, strict, leftStrict := 0, 0, false, false
			for ; end < len(steps) && steps[end].Kind != KindCommand; end++ {
				s := steps[end]
				if s.BrokenReason == BrokenConditional {
					continue
				}
				holds := s.Kind == KindBlock || !s.Wait.ContinueOnFailure
				written++
				strict = strict || holds
				if !s.Broken {
					left++
					leftStrict = leftStrict || holds
				}
				if s.Kind == KindBlock && s.Broken {
					t.Fatalf("a block was removed: %v", words)
				}
			}
			if (written > 0) != (left > 0) || strict != leftStrict {
				t.Fatalf("%d barriers of %d left, strict %v of %v: %v", left, written, leftStrict, strict, words)
			}
			start = end + 1
		}
	})
}
