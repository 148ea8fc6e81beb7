package pipeline

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// starts is the least of a step of each kind.
var starts = map[Kind]string{
	KindCommand: "command: make",
	KindWait:    "wait: ~",
	KindBlock:   "block: Go",
	KindInput:   "input: Ask",
	KindTrigger: "trigger: other",
	KindGroup:   "group: All\nsteps: [wait]",
}

func intp(n int) *int { return &n }

// attributeCases says for every attribute what one value of it does to the step.
var attributeCases = map[string]struct {
	value string
	got   func(Step) any
	want  any
}{
	"key":                      {"k", func(s Step) any { return s.Key }, "k"},
	"label":                    {"L", func(s Step) any { return s.Label }, "L"},
	"if":                       {`build.branch != "main"`, func(s Step) any { return s.If }, `build.branch != "main"`},
	"branches":                 {"[dev, test]", func(s Step) any { return [2]string{s.Branches, s.BrokenReason} }, [2]string{"dev test", BrokenBranch}},
	"depends_on":               {"[x]", func(s Step) any { return s.DependsOn }, Dependencies{Explicit: true, On: []Dependency{{Key: "x"}}}},
	"allow_dependency_failure": {`"true"`, func(s Step) any { return s.AllowDependencyFailure }, true},
	"skip":                     {"why", skipped, "why"},

	"command":                 {"[a, b]", func(s Step) any { return s.Command.Jobs[0].Command }, "a\nb"},
	"agents":                  {"{ queue: q, n: 1 }", func(s Step) any { return s.Command.Jobs[0].Agents }, []string{"queue=q", "n=1"}},
	"artifact_paths":          {"[a, b/*]", func(s Step) any { return s.Command.ArtifactPaths }, "a;b/*"},
	"cache":                   {"{ paths: a }", raw, `{"command":"make","cache":{"paths":"a"}}`},
	"cancel_on_build_failing": {"true", func(s Step) any { return s.Command.CancelOnBuildFailing }, true},
	"checkout":                {"{ skip: true }", func(s Step) any { return s.Command.Jobs[0].Env }, map[string]string{"BUILDKITE_SKIP_CHECKOUT": "true"}},
	"concurrency":             {`"2"` + "\n  concurrency_group: g", limit, Concurrency{Group: "g", Limit: 2, Method: Ordered}},
	"concurrency_group":       {"7\n  concurrency: 1", limit, Concurrency{Group: "7", Limit: 1, Method: Ordered}},
	"concurrency_method":      {"eager\n  concurrency: 1\n  concurrency_group: g", limit, Concurrency{Group: "g", Limit: 1, Method: Eager}},
	"env":                     {"{ A: 1, B: ~ }", func(s Step) any { return s.Command.Jobs[0].Env }, map[string]string{"A": "1", "B": ""}},
	"image":                   {"alpine", func(s Step) any { return s.Command.Jobs[0].Env }, map[string]string{"BUILDKITE_IMAGE": "alpine"}},
	"matrix":                  {"[a, b]", func(s Step) any { return s.Command.Jobs[1].Matrix }, map[string]string{"": "b"}},
	"notify":                  {"[github_check]", func(s Step) any { return s.Notify }, []Notification{{GitHubCheck: &GitHubCheck{}}}},
	"plugins":                 {"[org/name#v1]", func(s Step) any { return string(s.Command.Jobs[0].Plugins) }, `[{"github.com/org/name-buildkite-plugin#v1":null}]`},
	"priority":                {"-2", func(s Step) any { return s.Command.Priority }, -2},
	"retry":                   {"{ automatic: true }", func(s Step) any { return s.Command.Retry.Automatic }, []RetryRule{{Limit: 2}}},
	"secrets":                 {"{ A: b }", raw, `{"command":"make","secrets":[{"key":"b","environment_variable":"A"}]}`},
	"signature":               {"{ value: v }", func(s Step) any { return string(s.Command.Signature) }, `{"value":"v"}`},
	"timeout_in_minutes":      {`"5"`, func(s Step) any { return s.Command.TimeoutMinutes }, 5},
	"parallelism":             {"2", parallelIndex, intp(1)},
	"soft_fail":               {"true", softFails, SoftFail{Any: true, All: true}},

	"wait":                {"W", func(s Step) any { return s.Label }, "W"},
	"continue_on_failure": {"true", func(s Step) any { return s.Wait.ContinueOnFailure }, true},

	"block":         {"B", func(s Step) any { return s.Label }, "B"},
	"input":         {"I", func(s Step) any { return s.Label }, "I"},
	"prompt":        {"P", func(s Step) any { return s.Manual.Prompt }, "P"},
	"submit":        {"S", func(s Step) any { return s.Manual.Submit }, "S"},
	"fields":        {"[{ text: T, key: t }]", func(s Step) any { return s.Manual.Fields }, []Field{{Key: "t", Text: "T", Required: true}}},
	"blocked_state": {"failed", func(s Step) any { return s.Manual.BlockedState }, "failed"},
	"allowed_teams": {"ops", func(s Step) any { return s.Manual.AllowedTeams }, []string{"ops"}},

	"trigger": {"slug", func(s Step) any { return s.Trigger.Pipeline }, "slug"},
	"build":   {"{ branch: b }", func(s Step) any { return s.Trigger.Build }, TriggeredBuild{Branch: "b"}},
	"async":   {"true", func(s Step) any { return s.Trigger.Async }, true},

	"group": {"G", func(s Step) any { return s.Label }, "G"},
	"steps": {"[wait, { command: a }]", func(s Step) any { return len(s.Steps) }, 2},
}

func limit(s Step) any { return s.Command.Concurrency }

func raw(s Step) any { return string(s.Raw) }

func skipped(s Step) any {
	if s.Kind == KindGroup {
		return s.Steps[0].BrokenReason
	}
	return s.BrokenReason
}

func parallelIndex(s Step) any {
	if s.Kind == KindTrigger {
		return s.Trigger.Jobs[1].ParallelIndex
	}
	return s.Command.Jobs[1].ParallelIndex
}

func softFails(s Step) any {
	if s.Kind == KindTrigger {
		return s.Trigger.SoftFail
	}
	return s.Command.Jobs[0].SoftFail
}

// overridden reports whether the kind's own value goes before the attribute.
func overridden(kind Kind, name string) bool {
	return name == "label" && slices.Contains([]Kind{KindBlock, KindInput, KindGroup}, kind)
}

func TestEveryAttribute(t *testing.T) {
	t.Parallel()
	for _, a := range attributes {
		c, ok := attributeCases[a.names[0]]
		if !ok {
			if a.names[0] != "type" {
				t.Errorf("no case for %s", a.names[0])
			}
			continue
		}
		for _, kind := range a.kinds {
			for _, name := range a.names {
				t.Run(string(kind)+"/"+name, func(t *testing.T) {
					t.Parallel()
					doc := "- " + indented(starts[kind]) + "\n  type: " + string(kind) + "\n  " + name + ": " + c.value + "\n"
					if a.names[0] == string(kind) || name == "steps" {
						// The attribute is the start itself.
						doc = "- type: " + string(kind) + "\n  " + name + ": " + c.value + "\n"
						if name == "group" {
							doc += "  steps: [wait]\n"
						}
					}
					step := mustCompile(t, doc, upload()).Steps[0]
					if step.Kind != kind {
						t.Fatalf("kind is %s", step.Kind)
					}
					want := c.want
					if overridden(kind, a.names[0]) {
						want = map[Kind]string{KindBlock: "Go", KindInput: "Ask", KindGroup: "All"}[kind]
					}
					if diff := cmp.Diff(want, c.got(step)); diff != "" {
						t.Errorf("(-want +got):\n%s", diff)
					}
				})
			}
		}
	}
}

func indented(lines string) string {
	var b []byte
	for i := range len(lines) {
		b = append(b, lines[i])
		if lines[i] == '\n' {
			b = append(b, "  "...)
		}
	}
	return string(b)
}

func TestAttributesOfOtherKindsAreRefused(t *testing.T) {
	t.Parallel()
	for _, a := range attributes {
		for _, kind := range everyKind {
			if slices.Contains(a.kinds, kind) || kindByName[a.names[0]] != "" {
				continue
			}
			t.Run(string(kind)+"/"+a.names[0], func(t *testing.T) {
				t.Parallel()
				doc := "- " + indented(starts[kind]) + "\n  " + a.names[0] + ": " + attributeCases[a.names[0]].value + "\n"
				refusalOf(t, doc, upload())
			})
		}
	}
}

func TestAliasesByStrength(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		doc  string
		got  func(Step) any
		want any
	}{
		"commands before command": {"- { command: a, commands: b, script: c }", func(s Step) any { return s.Command.Command }, "b"},
		"command before script":   {"- { script: c, command: a }", func(s Step) any { return s.Command.Command }, "a"},
		"key before id":           {"- { command: a, id: i, key: k, identifier: j }", func(s Step) any { return s.Key }, "k"},
		"name when label is null": {"- { command: a, label: ~, name: n }", func(s Step) any { return s.Label }, "n"},
		"label before name":       {"- { command: a, name: n, label: l }", func(s Step) any { return s.Label }, "l"},
		"block before label":      {"- { block: b, label: l }", func(s Step) any { return s.Label }, "b"},
		"label of a null block":   {"- { block: ~, name: n }", func(s Step) any { return s.Label }, "n"},
		"inner before outer":      {"- { command: { command: a, key: in }, key: out }", func(s Step) any { return s.Key }, "in"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, tt.got(mustCompile(t, tt.doc, upload()).Steps[0])); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	known := []string{"agents", "key", "label", "timeout"}
	tests := map[string]string{"agent": "agents", "agnets": "agents", "lable": "label", "kye": "", "timeouts": "timeout", "x": "", "completely": ""}
	for name, want := range tests {
		if got := nearest(name, known); got != want {
			t.Errorf("nearest(%q) = %q, want %q", name, got, want)
		}
	}
}
