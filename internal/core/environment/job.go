package environment

import (
	"maps"
	"net/url"
	"strconv"
	"strings"
)

// maxMessageBytes is where the agent would cut the message anyway (docs/contract/pipelines.md, section 30).
const maxMessageBytes = 64 << 10

// ForJob returns the environment of an accepted job. Later layers win: the configuration's top-level env, the build's
// env, that of uploads, the step's env, the standard variables (docs/contract/pipelines.md, section 16.1).
func ForJob(b Build, j Job, a Agent) map[string]string {
	env := make(map[string]string, 64)
	mergeUser(env, b.PipelineEnv)
	mergeUser(env, b.Env)
	mergeUser(env, b.UploadEnv)
	mergeUser(env, j.Env)
	overrides := pick(env, buildMayOverride)

	addBuild(env, b)
	addPullRequest(env, b.PullRequest)
	addOrigin(env, b)
	addJob(env, j)
	addAgent(env, a)
	maps.Copy(env, overrides)
	return env
}

// buildMayOverride are the standard variables that a user's env may set (docs/contract/pipelines.md, section 16.1).
var buildMayOverride = []string{
	"BUILDKITE_PULL_REQUEST", "BUILDKITE_PULL_REQUEST_BASE_BRANCH", "BUILDKITE_PULL_REQUEST_REPO",
	"BUILDKITE_CLEAN_CHECKOUT", "BUILDKITE_REFSPEC",
}

// mergeUser adds variables that people set. Names of the agent's own would only print a warning into every log, and
// the agent token must not be overridden at all (docs/contract/agent-api.md, section 15.2).
func mergeUser(env, layer map[string]string) {
	for name, value := range layer {
		if name != "" && !agentOwned[name] {
			env[name] = value
		}
	}
}

func pick(env map[string]string, names []string) map[string]string {
	picked := map[string]string{}
	for _, name := range names {
		if value, ok := env[name]; ok {
			picked[name] = value
		}
	}
	return picked
}

func addBuild(env map[string]string, b Build) {
	env["CI"] = "true"
	env["BUILDKITE"] = "true"
	env["BUILDKITE_ORGANIZATION_ID"] = b.OrganizationID
	env["BUILDKITE_ORGANIZATION_SLUG"] = b.OrganizationSlug
	env["BUILDKITE_PIPELINE_ID"] = b.PipelineID
	env["BUILDKITE_PIPELINE_NAME"] = b.PipelineName
	env["BUILDKITE_PIPELINE_SLUG"] = b.PipelineSlug
	env["BUILDKITE_PIPELINE_PROVIDER"] = b.Provider
	env["BUILDKITE_PIPELINE_DEFAULT_BRANCH"] = b.DefaultBranch
	env["BUILDKITE_PIPELINE_TEAMS"] = ""
	env["BUILDKITE_REPO"] = b.Repository
	if host := sshHost(b.Repository); host != "" {
		env["BUILDKITE_REPO_SSH_HOST"] = host
	}
	if b.CloneMirrorURL != "" {
		env["BUILDKITE_GIT_REMOTE_MIRROR_URL"] = b.CloneMirrorURL
	}
	env["BUILDKITE_BRANCH"] = b.Branch
	env["BUILDKITE_COMMIT"] = b.Commit
	env["BUILDKITE_COMMIT_RESOLVED"] = strconv.FormatBool(b.CommitResolved)
	env["BUILDKITE_TAG"] = b.Tag
	env["BUILDKITE_MESSAGE"] = cut(b.Message, maxMessageBytes)
	env["BUILDKITE_SOURCE"] = b.Source
	env["BUILDKITE_BUILD_ID"] = b.ID
	env["BUILDKITE_BUILD_NUMBER"] = strconv.FormatInt(b.Number, 10)
	env["BUILDKITE_BUILD_URL"] = b.URL
	env["BUILDKITE_BUILD_AUTHOR"] = b.Author.Name
	env["BUILDKITE_BUILD_AUTHOR_EMAIL"] = b.Author.Email
	env["BUILDKITE_BUILD_CREATOR"] = b.Creator.Name
	env["BUILDKITE_BUILD_CREATOR_EMAIL"] = b.Creator.Email
	env["BUILDKITE_BUILD_CREATOR_TEAMS"] = strings.Join(b.Creator.Teams, ":")
	if b.CleanCheckout {
		env["BUILDKITE_CLEAN_CHECKOUT"] = "true"
	}
	env["BUILDKITE_COMPUTE_TYPE"] = "self-hosted"
	if b.ClusterID != "" {
		env["BUILDKITE_CLUSTER_ID"] = b.ClusterID
		env["BUILDKITE_CLUSTER_NAME"] = b.ClusterName
	}
	if b.Unblocker != nil {
		env["BUILDKITE_UNBLOCKER"] = b.Unblocker.Name
		env["BUILDKITE_UNBLOCKER_EMAIL"] = b.Unblocker.Email
		env["BUILDKITE_UNBLOCKER_ID"] = b.Unblocker.ID
		env["BUILDKITE_UNBLOCKER_TEAMS"] = strings.Join(b.Unblocker.Teams, ":")
	}
	// Older plugins still read these.
	env["BUILDKITE_PROJECT_SLUG"] = b.OrganizationSlug + "/" + b.PipelineSlug
	env["BUILDKITE_PROJECT_PROVIDER"] = b.Provider
}

// addPullRequest sets BUILDKITE_PULL_REQUEST even without one: an agent takes a missing value for a pull request of no
// number (docs/contract/agent-api.md, section 20, row 5).
func addPullRequest(env map[string]string, pr *PullRequest) {
	if pr == nil {
		env["BUILDKITE_PULL_REQUEST"] = "false"
		env["BUILDKITE_PULL_REQUEST_BASE_BRANCH"] = ""
		env["BUILDKITE_PULL_REQUEST_REPO"] = ""
		env["BUILDKITE_PULL_REQUEST_LABELS"] = ""
		return
	}
	env["BUILDKITE_PULL_REQUEST"] = pr.ID
	env["BUILDKITE_PULL_REQUEST_BASE_BRANCH"] = pr.Base
	env["BUILDKITE_PULL_REQUEST_REPO"] = pr.Repository
	env["BUILDKITE_PULL_REQUEST_LABELS"] = strings.Join(pr.Labels, ",")
	if pr.Draft {
		env["BUILDKITE_PULL_REQUEST_DRAFT"] = "true"
	}
}

func addOrigin(env map[string]string, b Build) {
	rebuilt, triggered := Ref{}, Ref{}
	if b.RebuiltFrom != nil {
		rebuilt = *b.RebuiltFrom
	}
	if b.TriggeredFrom != nil {
		triggered = *b.TriggeredFrom
	}
	env["BUILDKITE_REBUILT_FROM_BUILD_ID"] = rebuilt.ID
	env["BUILDKITE_REBUILT_FROM_BUILD_NUMBER"] = number(rebuilt)
	env["BUILDKITE_TRIGGERED_FROM_BUILD_ID"] = triggered.ID
	env["BUILDKITE_TRIGGERED_FROM_BUILD_NUMBER"] = number(triggered)
	env["BUILDKITE_TRIGGERED_FROM_BUILD_PIPELINE_SLUG"] = triggered.PipelineSlug
}

func number(r Ref) string {
	if r.ID == "" {
		return ""
	}
	return strconv.FormatInt(r.Number, 10)
}

func addJob(env map[string]string, j Job) {
	env["BUILDKITE_JOB_ID"] = j.ID
	env["BUILDKITE_COMMAND"] = j.Command
	env["BUILDKITE_SCRIPT_PATH"] = j.Command
	env["BUILDKITE_LABEL"] = j.Label
	env["BUILDKITE_ARTIFACT_PATHS"] = j.ArtifactPaths
	env["BUILDKITE_TIMEOUT"] = "false"
	if j.TimeoutMinutes > 0 {
		env["BUILDKITE_TIMEOUT"] = strconv.Itoa(j.TimeoutMinutes)
	}
	env["BUILDKITE_RETRY_COUNT"] = strconv.Itoa(j.RetriesCount)
	// Never "null", which the agent cannot read (docs/contract/agent-api.md, section 9).
	if j.Plugins != "" {
		env["BUILDKITE_PLUGINS"] = j.Plugins
	}
	if j.ParallelIndex != nil && j.ParallelTotal != nil {
		env["BUILDKITE_PARALLEL_JOB"] = strconv.Itoa(*j.ParallelIndex)
		env["BUILDKITE_PARALLEL_JOB_COUNT"] = strconv.Itoa(*j.ParallelTotal)
	}
	env["BUILDKITE_STEP_ID"] = j.StepID
	env["BUILDKITE_STEP_KEY"] = j.StepKey
	env["BUILDKITE_STEP_IDENTIFIER"] = j.StepKey
	if j.Group != nil {
		env["BUILDKITE_GROUP_ID"] = j.Group.ID
		env["BUILDKITE_GROUP_KEY"] = j.Group.Key
		env["BUILDKITE_GROUP_LABEL"] = j.Group.Label
	}
}

func addAgent(env map[string]string, a Agent) {
	if a.ID == "" {
		return
	}
	env["BUILDKITE_AGENT_ID"] = a.ID
	env["BUILDKITE_AGENT_NAME"] = a.Name
	for _, tag := range a.Tags {
		key, value, hasValue := strings.Cut(tag, "=")
		if !hasValue {
			value = "true"
		}
		env["BUILDKITE_AGENT_META_DATA_"+variableName(key)] = value
	}
}

// variableName upper-cases a tag's key and replaces what a variable's name cannot hold.
func variableName(key string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return r
		}
		return '_'
	}, key)
}

// sshHost returns the host of an SSH clone URL, in either form, and "" for other URLs.
func sshHost(repository string) string {
	if u, err := url.Parse(repository); err == nil && u.Scheme != "" {
		if u.Scheme == "ssh" {
			return u.Hostname()
		}
		return ""
	}
	user, rest, ok := strings.Cut(repository, "@")
	if !ok || strings.ContainsAny(user, "/ ") {
		return ""
	}
	host, _, ok := strings.Cut(rest, ":")
	if !ok || strings.Contains(host, "/") {
		return ""
	}
	return host
}

// cut shortens text to at most n bytes without splitting a rune.
func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	return strings.ToValidUTF8(text[:n], "")
}
