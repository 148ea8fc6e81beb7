package environment_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/bridle-ci/bridle/internal/core/conditional"
	"github.com/bridle-ci/bridle/internal/core/environment"
)

func sample() (environment.Build, environment.Job, environment.Agent) {
	b := environment.Build{
		OrganizationID: "org-id", OrganizationSlug: "acme", PipelineID: "pipe-id", PipelineName: "App", PipelineSlug: "app",
		Provider: "github", DefaultBranch: "main", Repository: "git@github.com:acme/app.git", ID: "build-id", Number: 42,
		URL: "http://ci/acme/app/builds/42", Branch: "feature", Commit: "HEAD", Message: "Say it", Source: "api",
		Creator:   environment.Person{ID: "u", Name: "Ann", Email: "ann@acme.test", Teams: []string{"a", "b"}},
		ClusterID: "cluster-id", ClusterName: "Default",
	}
	j := environment.Job{ID: "job-id", Label: "Test", Command: "make", StepID: "step-id", StepKey: "test"}
	a := environment.Agent{ID: "agent-id", Name: "ci-1", Tags: []string{"queue=default", "os=linux", "docker", "my-tag.x=1"}}
	return b, j, a
}

func TestForJob(t *testing.T) {
	t.Parallel()
	two, five := 2, 5
	for _, c := range []struct {
		name string
		edit func(b *environment.Build, j *environment.Job)
		want map[string]string
		none []string
	}{
		{"always", nil, map[string]string{
			"CI": "true", "BUILDKITE": "true", "BUILDKITE_JOB_ID": "job-id", "BUILDKITE_BUILD_NUMBER": "42",
			"BUILDKITE_COMMIT_RESOLVED": "false", "BUILDKITE_TAG": "", "BUILDKITE_TIMEOUT": "false",
			"BUILDKITE_RETRY_COUNT": "0", "BUILDKITE_ARTIFACT_PATHS": "", "BUILDKITE_STEP_KEY": "test",
			"BUILDKITE_REPO_SSH_HOST": "github.com", "BUILDKITE_BUILD_CREATOR_TEAMS": "a:b",
			"BUILDKITE_COMPUTE_TYPE": "self-hosted", "BUILDKITE_CLUSTER_NAME": "Default",
			"BUILDKITE_REBUILT_FROM_BUILD_ID": "", "BUILDKITE_TRIGGERED_FROM_BUILD_NUMBER": "",
		}, []string{"BUILDKITE_PLUGINS", "BUILDKITE_GROUP_ID", "BUILDKITE_PARALLEL_JOB", "BUILDKITE_UNBLOCKER", "BUILDKITE_CLEAN_CHECKOUT"}},
		{"no pull request is false and not absent", nil, map[string]string{
			"BUILDKITE_PULL_REQUEST": "false", "BUILDKITE_PULL_REQUEST_REPO": "", "BUILDKITE_PULL_REQUEST_LABELS": "",
		}, []string{"BUILDKITE_PULL_REQUEST_DRAFT"}},
		{"pull request", func(b *environment.Build, _ *environment.Job) {
			b.PullRequest = &environment.PullRequest{ID: "7", Base: "main", Labels: []string{"x", "y"}, Draft: true}
		}, map[string]string{
			"BUILDKITE_PULL_REQUEST": "7", "BUILDKITE_PULL_REQUEST_BASE_BRANCH": "main",
			"BUILDKITE_PULL_REQUEST_LABELS": "x,y", "BUILDKITE_PULL_REQUEST_DRAFT": "true",
		}, nil},
		{"tags of the agent", nil, map[string]string{
			"BUILDKITE_AGENT_META_DATA_QUEUE": "default", "BUILDKITE_AGENT_META_DATA_OS": "linux",
			"BUILDKITE_AGENT_META_DATA_DOCKER": "true", "BUILDKITE_AGENT_META_DATA_MY_TAG_X": "1",
		}, nil},
		{
			"parallel", func(_ *environment.Build, j *environment.Job) { j.ParallelIndex, j.ParallelTotal = &two, &five },
			map[string]string{"BUILDKITE_PARALLEL_JOB": "2", "BUILDKITE_PARALLEL_JOB_COUNT": "5"},
			nil,
		},
		{"group", func(_ *environment.Build, j *environment.Job) {
			j.Group = &environment.Group{ID: "g", Key: "audit", Label: "Audit"}
		}, map[string]string{"BUILDKITE_GROUP_ID": "g", "BUILDKITE_GROUP_KEY": "audit", "BUILDKITE_GROUP_LABEL": "Audit"}, nil},
		{"layers, the step's strongest", func(b *environment.Build, j *environment.Job) {
			b.PipelineEnv = map[string]string{"A": "pipeline", "B": "pipeline", "C": "pipeline", "D": "pipeline"}
			b.Env = map[string]string{"B": "build", "C": "build", "D": "build"}
			b.UploadEnv = map[string]string{"C": "upload", "D": "upload"}
			j.Env = map[string]string{"D": "step"}
		}, map[string]string{"A": "pipeline", "B": "build", "C": "upload", "D": "step"}, nil},
		{"standard variables beat people's", func(b *environment.Build, j *environment.Job) {
			b.Env = map[string]string{"BUILDKITE_BRANCH": "x", "BUILDKITE_JOB_ID": "x"}
			j.Env = map[string]string{"CI": "false"}
		}, map[string]string{"BUILDKITE_BRANCH": "feature", "BUILDKITE_JOB_ID": "job-id", "CI": "true"}, nil},
		{"except the few that may be set", func(b *environment.Build, _ *environment.Job) {
			b.Env = map[string]string{"BUILDKITE_PULL_REQUEST": "9", "BUILDKITE_REFSPEC": "+refs/x:refs/y"}
		}, map[string]string{"BUILDKITE_PULL_REQUEST": "9", "BUILDKITE_REFSPEC": "+refs/x:refs/y"}, nil},
		{"the agent's own are left to it", func(b *environment.Build, j *environment.Job) {
			b.Env = map[string]string{"BUILDKITE_AGENT_TOKEN": "x", "BUILDKITE_SHELL": "x"}
			j.Env = map[string]string{"BUILDKITE_AGENT_ACCESS_TOKEN": "x"}
		}, nil, []string{"BUILDKITE_AGENT_TOKEN", "BUILDKITE_SHELL", "BUILDKITE_AGENT_ACCESS_TOKEN"}},
		{"origins", func(b *environment.Build, _ *environment.Job) {
			b.RebuiltFrom = &environment.Ref{ID: "r", Number: 41}
			b.TriggeredFrom = &environment.Ref{ID: "p", Number: 3, PipelineSlug: "parent"}
		}, map[string]string{
			"BUILDKITE_REBUILT_FROM_BUILD_ID": "r", "BUILDKITE_REBUILT_FROM_BUILD_NUMBER": "41",
			"BUILDKITE_TRIGGERED_FROM_BUILD_NUMBER": "3", "BUILDKITE_TRIGGERED_FROM_BUILD_PIPELINE_SLUG": "parent",
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b, j, a := sample()
			if c.edit != nil {
				c.edit(&b, &j)
			}
			env := environment.ForJob(b, j, a)
			for name, want := range c.want {
				if got, ok := env[name]; got != want || !ok {
					t.Errorf("%s is %q (present: %v), want %q", name, got, ok, want)
				}
			}
			for _, name := range c.none {
				if got, ok := env[name]; ok {
					t.Errorf("%s is %q, want it absent", name, got)
				}
			}
		})
	}
}

func TestLongMessageIsCutBetweenRunes(t *testing.T) {
	t.Parallel()
	b, j, a := sample()
	b.Message = "x" + strings.Repeat("é", 64<<10)
	if got := environment.ForJob(b, j, a)["BUILDKITE_MESSAGE"]; len(got) > 64<<10 || !strings.HasSuffix(got, "é") {
		t.Errorf("message of %d bytes ends with %q", len(got), got[len(got)-2:])
	}
}

// What the bootstrap refuses to run without is there whatever people set.
func TestRequiredVariablesSurvivePeople(t *testing.T) {
	t.Parallel()
	required := []string{
		"BUILDKITE_JOB_ID", "BUILDKITE_REPO", "BUILDKITE_COMMIT", "BUILDKITE_BRANCH", "BUILDKITE_AGENT_NAME",
		"BUILDKITE_ORGANIZATION_SLUG", "BUILDKITE_PIPELINE_SLUG", "BUILDKITE_PIPELINE_PROVIDER", "BUILDKITE_PULL_REQUEST",
	}
	layer := rapid.MapOf(rapid.SampledFrom(required), rapid.SampledFrom([]string{"", "x"}))
	rapid.Check(t, func(t *rapid.T) {
		b, j, a := sample()
		b.PipelineEnv, b.Env, b.UploadEnv, j.Env = layer.Draw(t, "p"), layer.Draw(t, "b"), layer.Draw(t, "u"), layer.Draw(t, "s")
		env := environment.ForJob(b, j, a)
		for _, name := range required[:8] {
			if env[name] == "" {
				t.Fatalf("%s is empty", name)
			}
		}
	})
}

func TestConditions(t *testing.T) {
	t.Parallel()
	b, _, _ := sample()
	b.Env, b.PipelineEnv = map[string]string{"A": "build"}, map[string]string{"A": "pipeline", "B": "pipeline"}
	for source, want := range map[string]bool{
		`build.branch == "feature" && build.number == 42`:       true,
		`build.tag == null && build.message =~ /^Say/`:          true,
		`build.pull_request.id == null`:                         true,
		`!build.pull_request.draft`:                             true,
		`build.env("A") == "build" && build.env("B") != null`:   true,
		`build.env("BUILDKITE_PULL_REQUEST") == "false"`:        true,
		`build.creator.teams includes "b"`:                      true,
		`organization.slug == "acme" && pipeline.slug == "app"`: true,
		`build.source == "ui"`:                                  false,
	} {
		expr, err := conditional.Parse(source, conditional.ScopeStep)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := expr.Eval(environment.Conditions(b, "creating")); err != nil || got != want {
			t.Errorf("%s is %v (%v), want %v", source, got, err, want)
		}
	}
}

func TestInterpolation(t *testing.T) {
	t.Parallel()
	b, _, _ := sample()
	b.Env = map[string]string{"A": "build"}
	look := environment.Interpolation(b)
	for name, want := range map[string]string{"A": "build", "BUILDKITE_BRANCH": "feature", "BUILDKITE_PULL_REQUEST": "false"} {
		if got, ok := look(name); !ok || got != want {
			t.Errorf("%s is %q, %v", name, got, ok)
		}
	}
	for _, name := range []string{"BUILDKITE_BUILD_NUMBER", "BUILDKITE_JOB_ID", "HOME", "BUILDKITE_REBUILT_FROM_BUILD_ID"} {
		if got, ok := look(name); ok {
			t.Errorf("%s is %q, but does not exist before the build", name, got)
		}
	}
}
