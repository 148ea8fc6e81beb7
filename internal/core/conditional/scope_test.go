package conditional

import (
	"strings"
	"testing"
)

// probes are conditions that read the variable %, by type.
const (
	probeString = `% == "x" || % =~ /x/`
	probeInt    = `% == 1`
	probeBool   = `%`
	probeArray  = `% includes "x"`
)

func TestScopes(t *testing.T) {
	t.Parallel()
	all := []Scope{ScopeStep, ScopeBuildNotify, ScopeStepNotify, ScopeFilter}
	tests := []struct {
		probe  string
		scopes []Scope
		names  string
	}{
		{probeString, all, `build.id build.branch build.commit build.message build.tag build.source_event build.source_action
			build.author.id build.author.name build.author.email build.creator.id build.creator.name build.creator.email
			build.pull_request.id build.pull_request.base_branch build.pull_request.label build.pull_request.repository
			build.merge_queue.base_branch build.merge_queue.base_commit pipeline.id pipeline.slug pipeline.default_branch
			pipeline.repository organization.id organization.slug scm.author.name scm.author.email scm.committer.name
			scm.committer.email build.scm.author.name build.scm.author.email build.scm.committer.name
			build.scm.committer.email`},
		{probeInt, all, `build.number`},
		{probeBool, all, `build.fixed build.creator.verified build.pull_request.draft build.pull_request.repository.fork`},
		{probeArray, all, `build.author.teams build.creator.teams build.pull_request.labels`},
		{`% == "pipeline_trigger" || % == "ui" || % == "api" || % == "webhook" || % == "trigger_job" || % == "schedule"`, all, `build.source`},
		{`["creating", "started"] includes % || % == "creating" || % == "started" || % == "running" || % == "scheduled" ||
			% == "blocked" || % == "passed" || % == "failing" || % == "failed" || % == "canceling" || % == "canceled" ||
			% == "skipped" || % == "not_run" || % == "started_failing"`, []Scope{ScopeStep, ScopeBuildNotify}, `build.state`},
		{`% == "running" || % == "passed" || % == "failed"`, []Scope{ScopeStep, ScopeBuildNotify}, `build.blocked_state`},
		{probeBool, []Scope{ScopeBuildNotify}, `pipeline.started_passing pipeline.started_failing`},
		{probeString, []Scope{ScopeStepNotify}, `step.id step.key step.label`},
		{`% == "command" || % == "wait" || % == "input" || % == "trigger" || % == "group"`, []Scope{ScopeStepNotify}, `step.type`},
		{`% == "ignored" || % == "waiting_for_dependencies" || % == "ready" || % == "waiting_for_input" || % == "running" ||
			% == "failing" || % == "finished" || % == "canceled"`, []Scope{ScopeStepNotify}, `step.state`},
		{`% == "neutral" || % == "passed" || % == "soft_failed" || % == "hard_failed" || % == "errored"`, []Scope{ScopeStepNotify}, `step.outcome`},
	}
	seen := 0
	for _, tt := range tests {
		for name := range strings.FieldsSeq(tt.names) {
			seen++
			for _, scope := range all {
				_, err := Parse(strings.ReplaceAll(tt.probe, "%", name), scope)
				if want := in(tt.scopes...).has(scope); (err == nil) != want {
					t.Errorf("%s in %s: got %v, want available: %v", name, scope, err, want)
				}
			}
		}
	}
	if seen != len(variables) {
		t.Errorf("the test knows %d variables, the package %d", seen, len(variables))
	}
}

func TestVariableOfAnotherScope(t *testing.T) {
	t.Parallel()
	tests := []struct {
		scope Scope
		src   string
		want  string
	}{
		{ScopeStep, `step.key == "x"`, "`step.key` is not a variable of the condition of a step (line 1, column 1)"},
		{ScopeBuildNotify, `step.key == "x"`, "`step.key` is not a variable of the condition of a build notification (line 1, column 1)"},
		{ScopeStepNotify, `build.state == "passed"`, "`build.state` is not a variable of the condition of a step notification (line 1, column 1)"},
		{ScopeFilter, `build.state == "passed"`, "`build.state` is not a variable of the filter of a pipeline (line 1, column 1)"},
	}
	for _, tt := range tests {
		if _, err := Parse(tt.src, tt.scope); err == nil || err.Error() != tt.want {
			t.Errorf("%s: got %v, want %s", tt.src, err, tt.want)
		}
	}
}

func TestStepState(t *testing.T) {
	t.Parallel()
	expr, err := Parse(`step.outcome == "hard_failed" && step.key =~ /^test/`, ScopeStepNotify)
	if err != nil {
		t.Fatal(err)
	}
	vars := Vars{Values: map[string]Value{"step.outcome": String("hard_failed"), "step.key": String("test-unit")}}
	if got, err := expr.Eval(vars); err != nil || !got {
		t.Errorf("got %v, %v", got, err)
	}
}
