package conditional

import (
	"fmt"
	"slices"
	"strings"
)

// builtInPrefix starts the names that users cannot define and of which only some may be read.
const builtInPrefix = "BUILDKITE_"

// builtIns are the built-in environment variables a condition may read, without their prefix
// (docs/contract/pipelines.md, section 7.5).
var builtIns = strings.Fields(`
	BRANCH TAG MESSAGE COMMIT
	PIPELINE_SLUG PIPELINE_NAME PIPELINE_ID ORGANIZATION_SLUG
	TRIGGERED_FROM_BUILD_ID TRIGGERED_FROM_BUILD_NUMBER TRIGGERED_FROM_BUILD_PIPELINE_SLUG TRIGGERED_FROM_BUILD_JOB_ID
	REBUILT_FROM_BUILD_ID REBUILT_FROM_BUILD_NUMBER
	REPO PULL_REQUEST PULL_REQUEST_BASE_BRANCH PULL_REQUEST_REPO PULL_REQUEST_USING_MERGE_REFSPEC
	MERGE_QUEUE_BASE_BRANCH MERGE_QUEUE_BASE_COMMIT GIT_DIFF_BASE
	GITHUB_DEPLOYMENT_ID GITHUB_DEPLOYMENT_TASK GITHUB_DEPLOYMENT_ENVIRONMENT GITHUB_DEPLOYMENT_PAYLOAD
	GITHUB_DEPLOYMENT_STATUS_ENVIRONMENT GITHUB_DEPLOYMENT_STATUS_STATE
	GITHUB_ACTION GITHUB_EVENT GITHUB_COMMENT_ID
	GITHUB_CHECK_RUN_CONCLUSION GITHUB_CHECK_RUN_NAME
	GITHUB_RELEASE_DRAFT GITHUB_RELEASE_PRERELEASE GITHUB_RELEASE_TAG
	GITHUB_REVIEW_ID GITHUB_REVIEW_STATE`)

// envNameProblem returns why a condition may not read the environment variable name, or "".
func envNameProblem(name string) string {
	switch {
	case strings.TrimSpace(name) == "":
		return "the name of an environment variable must not be blank"
	case strings.Contains(name, "$"):
		return fmt.Sprintf("%q is not a valid environment variable name: write it without `$`", name)
	case strings.ContainsFunc(name, func(r rune) bool { return r > 0x7f || !isNamePart(byte(r)) }):
		return fmt.Sprintf("%q is not a valid environment variable name: use letters, digits and underscores", name)
	}
	builtIn, ok := strings.CutPrefix(name, builtInPrefix)
	if !ok || slices.Contains(builtIns, builtIn) {
		return ""
	}
	if near := closest(builtIn, slices.Values(builtIns)); near != "" {
		return fmt.Sprintf("%q is not a valid environment variable - did you mean %q?", name, builtInPrefix+near)
	}
	return fmt.Sprintf("Interpolation of %q is not supported: a condition is evaluated before any job runs and can read "+
		"only some of the built-in variables; use it in the step's command instead", name)
}
