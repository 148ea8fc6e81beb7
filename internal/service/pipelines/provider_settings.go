package pipelines

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/bridle-ci/bridle/internal/core/conditional"
	"github.com/bridle-ci/bridle/internal/core/text"
)

// maxSetting bounds the characters of a text in the settings of a provider.
const maxSetting = 2000

// setting is one thing that can be set about how a source host's events become builds.
type setting struct {
	name string
	// fallback is the default: its type is the setting's, and nil is that of a text that may be null.
	fallback any
	// choices are the texts allowed; none allows all.
	choices   []string
	providers []string
}

var (
	everyProvider = []string{
		providerGitHub, providerGitHubEnterprise, providerGitLab, providerGitLabEE, providerBitbucket,
		providerBitbucketServer, providerBeanstalk, providerCodebase, providerUnknown,
	}
	everyHost      = everyProvider[:8]
	withBranches   = everyProvider[:6]
	withStatus     = everyProvider[:5]
	gitHubs        = everyProvider[:2]
	gitLabs        = everyProvider[2:4]
	gitHubsBuckets = []string{providerGitHub, providerGitHubEnterprise, providerBitbucket}
	gitHubsLabs    = everyProvider[:4]
	gitHubOnly     = everyProvider[:1]

	matchModes = []string{"exact", "contains"}
)

// settings are all settings in the contract's order (contracts/rest/objects.json, provider_settings). `repository`, the
// first key, is read from the address and cannot be set.
var settings = []setting{
	{"filter_enabled", false, nil, everyProvider},
	{"filter_condition", "", nil, everyProvider},
	{"build_branches", true, nil, withBranches},
	{"build_pull_requests", true, nil, everyHost},
	{"build_tags", false, nil, everyHost},
	{"publish_commit_status", true, nil, withStatus},
	{"publish_commit_status_per_step", false, nil, gitHubsBuckets},
	{"ignore_default_branch_pull_requests", false, nil, gitHubsBuckets},
	{"pull_request_branch_filter_enabled", false, nil, gitHubsBuckets},
	{"pull_request_branch_filter_configuration", nil, nil, gitHubsBuckets},
	{"skip_pull_request_builds_for_existing_commits", true, nil, gitHubsBuckets},
	{"build_pull_request_merge", false, nil, gitLabs},
	{"build_pull_request_base_branch_changed", false, nil, gitHubsLabs},
	{"trigger_mode", "code", []string{"code", "deployment", "fork", "none"}, gitHubs},
	{"skip_builds_for_existing_commits", false, nil, gitHubs},
	{"skip_builds_for_closed_pull_requests", false, nil, gitHubs},
	{"build_pull_request_forks", false, nil, gitHubs},
	{"prefix_pull_request_fork_branch_names", true, nil, gitHubs},
	{"build_pull_request_labels_changed", false, nil, gitHubs},
	{"build_pull_request_ready_for_review", false, nil, gitHubs},
	{"build_pull_request_stacks", false, nil, gitHubs},
	{"build_pull_request_reopened", false, nil, gitHubs},
	{"build_pull_request_edited", false, nil, gitHubs},
	{"build_pull_request_converted_to_draft", false, nil, gitHubs},
	{"build_pull_request_review_requested", false, nil, gitHubs},
	{"build_pull_request_review_submitted", false, nil, gitHubs},
	{"build_pull_request_review_dismissed", false, nil, gitHubs},
	{"build_pull_request_review_comment_created", false, nil, gitHubs},
	{"build_pull_request_dequeued", false, nil, gitHubs},
	{"build_pull_request_merge_commits", false, nil, gitHubs},
	{"build_check_run_completed", false, nil, gitHubs},
	{"build_release_published", false, nil, gitHubs},
	{"build_release_created", false, nil, gitHubs},
	{"build_release_released", false, nil, gitHubs},
	{"build_issue_comment_created", false, nil, gitHubs},
	{"issue_comment_command_word", "/bk", nil, gitHubs},
	{"issue_comment_match_mode", "exact", matchModes, gitHubs},
	{"review_comment_command_word", "/bk", nil, gitHubs},
	{"review_comment_match_mode", "exact", matchModes, gitHubs},
	{"build_deployment_status_created", false, nil, gitHubs},
	{"build_create_event", false, nil, gitHubs},
	{"cancel_deleted_branch_builds", false, nil, gitHubs},
	{"build_merge_group_checks_requested", false, nil, gitHubs},
	{"cancel_when_merge_group_destroyed", false, nil, gitHubs},
	{"use_merge_group_base_commit_for_git_diff_base", false, nil, gitHubs},
	{"publish_blocked_as_pending", false, nil, gitHubs},
	{"separate_pull_request_statuses", false, nil, gitHubs},
	{"use_step_key_as_commit_status", false, nil, gitHubs},
	{"prevent_custom_statuses_from_using_buildkite_prefix", false, nil, gitHubs},
	{"github_workflow_access_tokens_enabled", false, nil, gitHubOnly},
}

// mergeSettings returns the settings of a source's provider, complete and in the contract's order: what is asked for, or
// else what was set before, or else the default. Keys that the provider does not know are left out. The problem is for
// whoever asked.
func mergeSettings(src source, current json.RawMessage, asked *json.RawMessage) (merged json.RawMessage, problem string) {
	known, err := objectOf(current)
	if err != nil {
		return nil, "as stored are no object"
	}
	wanted := map[string]json.RawMessage{}
	if asked != nil {
		if wanted, err = objectOf(*asked); err != nil {
			return nil, "must be an object"
		}
	}
	var out bytes.Buffer
	out.WriteString(`{"repository":`)
	writeJSON(&out, src.name)
	for _, s := range settings {
		if !slices.Contains(s.providers, src.provider) {
			continue
		}
		value := s.fallback
		if raw, ok := wanted[s.name]; ok {
			if value, err = s.read(raw); err != nil {
				return nil, fmt.Sprintf("has a %s that %s", s.name, err)
			}
		} else if raw, ok := known[s.name]; ok {
			if before, err := s.read(raw); err == nil {
				value = before
			}
		}
		fmt.Fprintf(&out, ",%q:", s.name)
		writeJSON(&out, value)
	}
	out.WriteByte('}')
	return out.Bytes(), ""
}

// read checks a value of the setting; null is the default.
func (s setting) read(raw json.RawMessage) (any, error) {
	if string(raw) == "null" {
		return s.fallback, nil
	}
	if _, isBool := s.fallback.(bool); isBool {
		var b bool
		if json.Unmarshal(raw, &b) != nil {
			return nil, errors.New("is neither true nor false")
		}
		return b, nil
	}
	var value string
	if json.Unmarshal(raw, &value) != nil {
		return nil, errors.New("is no text")
	}
	if problem := text.Problem(value, maxSetting); problem != "" {
		return nil, errors.New(problem)
	}
	if s.choices != nil && !slices.Contains(s.choices, value) {
		return nil, fmt.Errorf("is not one of %s", strings.Join(s.choices, ", "))
	}
	if s.name == "filter_condition" && strings.TrimSpace(value) != "" {
		if _, err := conditional.Parse(value, conditional.ScopeFilter); err != nil {
			return nil, fmt.Errorf("is no condition: %w", err)
		}
	}
	return value, nil
}

// objectOf reads a JSON object; nothing and null are an empty one.
func objectOf(raw json.RawMessage) (map[string]json.RawMessage, error) {
	object := map[string]json.RawMessage{}
	if len(raw) == 0 || string(raw) == "null" {
		return object, nil
	}
	err := json.Unmarshal(raw, &object)
	return object, err
}

func writeJSON(out *bytes.Buffer, value any) {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value) // a bool, a string or nil
	out.Truncate(out.Len() - len("\n"))
}
