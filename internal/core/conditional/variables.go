package conditional

import "strings"

// scmPrefix starts the second spelling of the `scm.` variables: conditions in the wild write `build.scm.author.name`.
const scmPrefix = "build."

// variables holds every variable of docs/contract/pipelines.md, section 7.4, by name.
var variables = declareVariables()

func declareVariables() map[string]variable {
	everywhere := in(ScopeStep, ScopeBuildNotify, ScopeStepNotify, ScopeFilter)
	// A step's notification may not read the state of the build, and a filter runs before there is one.
	ofBuildState := in(ScopeStep, ScopeBuildNotify)

	table := map[string]variable{}
	declare := func(k kind, s scopes, names ...string) {
		for _, name := range names {
			table[name] = variable{kind: k, scopes: s, key: name}
		}
	}
	declareEnum := func(s scopes, e *enum) {
		table[e.name] = variable{kind: kindString, enum: e, scopes: s, key: e.name}
	}

	declare(kindInt, everywhere, "build.number")
	declare(kindString, everywhere,
		"build.id", "build.branch", "build.commit", "build.message", "build.tag",
		"build.source_event", "build.source_action",
		"build.author.id", "build.author.name", "build.author.email",
		"build.creator.id", "build.creator.name", "build.creator.email",
		"build.pull_request.id", "build.pull_request.base_branch", "build.pull_request.label",
		"build.pull_request.repository",
		"build.merge_queue.base_branch", "build.merge_queue.base_commit",
		"scm.author.name", "scm.author.email", "scm.committer.name", "scm.committer.email",
		"pipeline.id", "pipeline.slug", "pipeline.default_branch", "pipeline.repository",
		"organization.id", "organization.slug")
	declare(kindBool, everywhere,
		"build.fixed", "build.creator.verified", "build.pull_request.draft", "build.pull_request.repository.fork")
	declare(kindArray, everywhere, "build.author.teams", "build.creator.teams", "build.pull_request.labels")
	declare(kindBool, in(ScopeBuildNotify), "pipeline.started_passing", "pipeline.started_failing")
	declare(kindString, in(ScopeStepNotify), "step.id", "step.key", "step.label")

	declareEnum(everywhere, newEnum("build.source", "ui api webhook trigger_job schedule pipeline_trigger"))
	declareEnum(ofBuildState, buildStateEnum())
	declareEnum(ofBuildState, newEnum("build.blocked_state", "running passed failed"))
	declareEnum(in(ScopeStepNotify), newEnum("step.type", "command wait input trigger group"))
	declareEnum(in(ScopeStepNotify), newEnum("step.state",
		"ignored waiting_for_dependencies ready waiting_for_input running failing finished canceled"))
	declareEnum(in(ScopeStepNotify), newEnum("step.outcome", "neutral passed soft_failed hard_failed errored"))

	for name, v := range table {
		if strings.HasPrefix(name, "scm.") {
			table[scmPrefix+name] = v
		}
	}
	return table
}

func newEnum(name, values string) *enum {
	e := &enum{name: name, values: map[string]bool{}}
	for value := range strings.FieldsSeq(values) {
		e.values[value] = true
	}
	return e
}

// buildStateEnum knows the two other names of states: `started` (docs/contract/pipelines.md, section 3.1) and
// `started_failing` (section 32, row 11).
func buildStateEnum() *enum {
	e := newEnum("build.state",
		"creating running scheduled blocked passed failing failed canceling canceled skipped not_run")
	e.aliases = map[string]string{"started": "running", "started_failing": "failing"}
	return e
}
