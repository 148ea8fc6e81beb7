package conditional

import (
	"fmt"
	"strings"
	"testing"
)

func TestBuiltInsMayBeRead(t *testing.T) {
	t.Parallel()
	names := strings.Fields(`BRANCH TAG MESSAGE COMMIT PIPELINE_SLUG PIPELINE_NAME PIPELINE_ID ORGANIZATION_SLUG
		TRIGGERED_FROM_BUILD_ID TRIGGERED_FROM_BUILD_NUMBER TRIGGERED_FROM_BUILD_PIPELINE_SLUG REBUILT_FROM_BUILD_ID
		REBUILT_FROM_BUILD_NUMBER REPO PULL_REQUEST PULL_REQUEST_BASE_BRANCH PULL_REQUEST_REPO MERGE_QUEUE_BASE_BRANCH
		MERGE_QUEUE_BASE_COMMIT GITHUB_DEPLOYMENT_ID GITHUB_DEPLOYMENT_TASK GITHUB_DEPLOYMENT_ENVIRONMENT
		GITHUB_DEPLOYMENT_PAYLOAD GITHUB_DEPLOYMENT_STATUS_ENVIRONMENT GITHUB_DEPLOYMENT_STATUS_STATE GITHUB_ACTION
		GITHUB_EVENT GITHUB_COMMENT_ID GITHUB_CHECK_RUN_CONCLUSION GITHUB_CHECK_RUN_NAME GITHUB_RELEASE_DRAFT
		GITHUB_RELEASE_PRERELEASE GITHUB_RELEASE_TAG GITHUB_REVIEW_ID GITHUB_REVIEW_STATE TRIGGERED_FROM_BUILD_JOB_ID
		PULL_REQUEST_USING_MERGE_REFSPEC GIT_DIFF_BASE`)
	for _, name := range names {
		for _, form := range []string{`env("BUILDKITE_%s") == ""`, `build.env("BUILDKITE_%s") == ""`, `$BUILDKITE_%s == ""`} {
			if _, err := Parse(fmt.Sprintf(form, name), ScopeStep); err != nil {
				t.Error(err)
			}
		}
	}
	if len(names) != len(builtIns) {
		t.Errorf("the test knows %d names, the package %d", len(names), len(builtIns))
	}
}

func TestEnvNameProblem(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, env, want string
	}{
		{"user-defined", "DEPLOY", ""},
		{"lower case", "deploy_2", ""},
		{"starts with a digit", "2FAST", ""},
		{"close to the prefix", "BUILDKIT_BRANCH", ""},
		{"letter left out", "BUILDKITE_PIPELINE_SLG", `did you mean "BUILDKITE_PIPELINE_SLUG"?`},
		{"letters swapped", "BUILDKITE_REOP", `did you mean "BUILDKITE_REPO"?`},
		{"other built-in", "BUILDKITE_AGENT_ACCESS_TOKEN", `Interpolation of "BUILDKITE_AGENT_ACCESS_TOKEN" is not supported`},
		{"known only at run time", "BUILDKITE_JOB_ID", `Interpolation of "BUILDKITE_JOB_ID" is not supported`},
		{"only the prefix", "BUILDKITE_", `Interpolation of "BUILDKITE_" is not supported`},
		{"very long", "BUILDKITE_" + strings.Repeat("A", 5000), "is not supported"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := envNameProblem(tt.env)
			if (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestForbiddenBuiltInInSubstitution(t *testing.T) {
	t.Parallel()
	for _, src := range []string{
		`$BUILDKITE_JOB_ID == ""`, `"a${BUILDKITE_JOB_ID}" == ""`, `${A:-$BUILDKITE_JOB_ID} == ""`, `${A:1:$BUILDKITE_JOB_ID} == ""`,
	} {
		if _, err := Parse(src, ScopeStep); err == nil || !strings.Contains(err.Error(), "BUILDKITE_JOB_ID") {
			t.Errorf("%s: got %v", src, err)
		}
	}
}
