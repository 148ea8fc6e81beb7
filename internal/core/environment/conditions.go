package environment

import (
	"strconv"
	"strings"

	"github.com/bridle-ci/bridle/internal/core/conditional"
)

// Conditions returns what a step's `if` may read (docs/contract/pipelines.md, sections 7.4 and 7.5).
func Conditions(b Build, state string) conditional.Vars {
	env := builtIns(b)
	return conditional.Vars{
		Values: variables(b, state),
		Env: func(name string) (string, bool) {
			if value, ok := env[name]; ok {
				return value, true
			}
			if value, ok := b.Env[name]; ok {
				return value, true
			}
			value, ok := b.PipelineEnv[name]
			return value, ok
		},
	}
}

func variables(b Build, state string) map[string]conditional.Value {
	vars := map[string]conditional.Value{
		"build.id":                conditional.String(b.ID),
		"build.number":            conditional.Int(int(b.Number)),
		"build.branch":            conditional.String(b.Branch),
		"build.commit":            conditional.String(b.Commit),
		"build.message":           orNull(b.Message),
		"build.tag":               orNull(b.Tag),
		"build.state":             conditional.String(state),
		"build.source":            conditional.String(b.Source),
		"build.author.id":         orNull(b.Author.ID),
		"build.author.name":       orNull(b.Author.Name),
		"build.author.email":      orNull(b.Author.Email),
		"build.author.teams":      conditional.Strings(b.Author.Teams),
		"build.creator.id":        orNull(b.Creator.ID),
		"build.creator.name":      orNull(b.Creator.Name),
		"build.creator.email":     orNull(b.Creator.Email),
		"build.creator.teams":     conditional.Strings(b.Creator.Teams),
		"build.creator.verified":  conditional.Null(),
		"scm.author.name":         orNull(b.Author.Name),
		"scm.author.email":        orNull(b.Author.Email),
		"pipeline.id":             conditional.String(b.PipelineID),
		"pipeline.slug":           conditional.String(b.PipelineSlug),
		"pipeline.default_branch": orNull(b.DefaultBranch),
		"pipeline.repository":     orNull(b.Repository),
		"organization.id":         conditional.String(b.OrganizationID),
		"organization.slug":       conditional.String(b.OrganizationSlug),
	}
	if b.Creator.ID != "" {
		vars["build.creator.verified"] = conditional.Bool(true)
	}
	if pr := b.PullRequest; pr != nil {
		vars["build.pull_request.id"] = conditional.String(pr.ID)
		vars["build.pull_request.base_branch"] = orNull(pr.Base)
		vars["build.pull_request.repository"] = orNull(pr.Repository)
		vars["build.pull_request.draft"] = conditional.Bool(pr.Draft)
		vars["build.pull_request.labels"] = conditional.Strings(pr.Labels)
		vars["build.pull_request.label"] = conditional.Null()
		vars["build.pull_request.repository.fork"] = conditional.Bool(pr.Repository != "" && pr.Repository != b.Repository)
	}
	return vars
}

// orNull is the contract's null for a blank text.
func orNull(text string) conditional.Value {
	if strings.TrimSpace(text) == "" {
		return conditional.Null()
	}
	return conditional.String(text)
}

// builtIns are the standard variables that exist before any job does.
func builtIns(b Build) map[string]string {
	env := map[string]string{
		"BUILDKITE_BRANCH":            b.Branch,
		"BUILDKITE_TAG":               b.Tag,
		"BUILDKITE_MESSAGE":           b.Message,
		"BUILDKITE_COMMIT":            b.Commit,
		"BUILDKITE_PIPELINE_SLUG":     b.PipelineSlug,
		"BUILDKITE_PIPELINE_NAME":     b.PipelineName,
		"BUILDKITE_PIPELINE_ID":       b.PipelineID,
		"BUILDKITE_ORGANIZATION_SLUG": b.OrganizationSlug,
		"BUILDKITE_REPO":              b.Repository,
	}
	addPullRequest(env, b.PullRequest)
	addOrigin(env, b)
	return env
}

// Interpolation returns what `$VAR` may name in a stored configuration, where no job exists yet
// (docs/contract/pipelines.md, section 16.2).
func Interpolation(b Build) func(name string) (string, bool) {
	env := builtIns(b)
	for _, unavailable := range []string{
		"BUILDKITE_REBUILT_FROM_BUILD_ID", "BUILDKITE_REBUILT_FROM_BUILD_NUMBER", "BUILDKITE_TRIGGERED_FROM_BUILD_ID",
		"BUILDKITE_TRIGGERED_FROM_BUILD_NUMBER", "BUILDKITE_PULL_REQUEST_LABELS", "BUILDKITE_PULL_REQUEST_DRAFT",
	} {
		delete(env, unavailable)
	}
	return func(name string) (string, bool) {
		if value, ok := env[name]; ok {
			return value, true
		}
		value, ok := b.Env[name]
		return value, ok
	}
}

// ParallelEnv are the variables that the child builds of a parallel trigger step get.
func ParallelEnv(index, total *int) map[string]string {
	if index == nil || total == nil {
		return nil
	}
	return map[string]string{
		"BUILDKITE_PARALLEL_JOB":       strconv.Itoa(*index),
		"BUILDKITE_PARALLEL_JOB_COUNT": strconv.Itoa(*total),
	}
}
