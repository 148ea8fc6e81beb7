package pipelines

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSourceOf(t *testing.T) {
	t.Parallel()
	for repository, want := range map[string]source{
		"https://github.com/acme/web.git":               {"github", "acme/web"},
		"https://GitHub.com/acme/web/":                  {"github", "acme/web"},
		"https://user:secret@github.com/acme/web":       {"github", "acme/web"},
		"git@github.com:acme/web.git":                   {"github", "acme/web"},
		"ssh://git@github.com:22/acme/web.git":          {"github", "acme/web"},
		"git://github.com/acme/web.git":                 {"github", "acme/web"},
		"https://gitlab.com/acme/group/web.git":         {"gitlab", "acme/group/web"},
		"git@bitbucket.org:acme/web.git":                {"bitbucket", "acme/web"},
		"https://acme.beanstalkapp.com/web.git":         {"beanstalk", "web"},
		"git@codebasehq.com:acme/web.git":               {"codebase", "acme/web"},
		"https://github.acme.example/team/web":          {"github_enterprise", "team/web"},
		"git@gitlab.acme.example:team/web.git":          {"gitlab_ee", "team/web"},
		"https://bitbucket.acme.example/scm/team/w.git": {"bitbucket_server", "scm/team/w"},
		"https://git.acme.example/web.git":              {"unknown", "web"},
		"https://notgithub.com/acme/web":                {"unknown", "acme/web"},
		"https://github.com.evil.example/acme/web":      {"github_enterprise", "acme/web"},
		"/srv/git/web.git":                              {"unknown", "srv/git/web"},
		"file:///srv/git/web.git":                       {"unknown", "srv/git/web"},
		"./a:b":                                         {"unknown", "./a:b"},
		"https://%zz":                                   {"unknown", ""},
	} {
		if got := sourceOf(repository); got != want {
			t.Errorf("%s: got %v, want %v", repository, got, want)
		}
	}
}

func TestMergeSettings(t *testing.T) {
	t.Parallel()
	gitHub := source{providerGitHub, "acme/web"}
	object := func(t *testing.T, raw json.RawMessage) map[string]any {
		t.Helper()
		var m map[string]any
		if err := json.Unmarshal(raw, &m); err != nil {
			t.Fatalf("%s: %v", raw, err)
		}
		return m
	}
	ask := func(text string) *json.RawMessage { return new(json.RawMessage(text)) }

	t.Run("defaults of every provider", func(t *testing.T) {
		t.Parallel()
		for _, provider := range everyProvider {
			raw, problem := mergeSettings(source{provider, "acme/web"}, nil, nil)
			m := object(t, raw)
			if problem != "" || m["repository"] != "acme/web" || m["filter_enabled"] != false {
				t.Errorf("%s: %s, %s", provider, raw, problem)
			}
			_, buildsTags := m["build_tags"]
			if buildsTags != (provider != providerUnknown) {
				t.Errorf("%s: build_tags is there: %t", provider, buildsTags)
			}
			_, hasMode := m["trigger_mode"]
			if hasMode != slices.Contains(gitHubs, provider) {
				t.Errorf("%s: trigger_mode is there: %t", provider, hasMode)
			}
		}
	})
	t.Run("order is the contract's", func(t *testing.T) {
		t.Parallel()
		raw, _ := mergeSettings(source{providerUnknown, `a"<b`}, nil, nil)
		if want := `{"repository":"a\"<b","filter_enabled":false,"filter_condition":""}`; string(raw) != want {
			t.Errorf("got %s, want %s", raw, want)
		}
	})
	t.Run("asked, then stored, then default", func(t *testing.T) {
		t.Parallel()
		stored := json.RawMessage(`{"build_tags":true,"trigger_mode":"fork","pull_request_branch_filter_configuration":"x","gone":1}`)
		raw, problem := mergeSettings(gitHub, stored, ask(`{"trigger_mode":"none","repository":"evil/x","unknown":5}`))
		m := object(t, raw)
		got := []any{m["build_tags"], m["trigger_mode"], m["build_branches"], m["repository"], m["pull_request_branch_filter_configuration"], m["unknown"], m["gone"]}
		if diff := cmp.Diff([]any{true, "none", true, "acme/web", "x", nil, nil}, got); problem != "" || diff != "" {
			t.Errorf("%s (-want +got):\n%s", problem, diff)
		}
		raw, problem = mergeSettings(gitHub, raw, ask(`{"trigger_mode":null,"pull_request_branch_filter_configuration":null}`))
		if m := object(t, raw); problem != "" || m["trigger_mode"] != "code" || m["pull_request_branch_filter_configuration"] != nil || m["build_tags"] != true {
			t.Errorf("cleared: %s, %s", raw, problem)
		}
	})
	t.Run("a new provider keeps what it knows", func(t *testing.T) {
		t.Parallel()
		raw, _ := mergeSettings(gitHub, nil, ask(`{"build_tags":true,"filter_condition":"build.branch == 'main'"}`))
		raw, problem := mergeSettings(source{providerGitLab, "acme/web"}, raw, nil)
		if m := object(t, raw); problem != "" || m["build_tags"] != true || m["filter_condition"] != "build.branch == 'main'" || m["trigger_mode"] != nil {
			t.Errorf("%s, %s", raw, problem)
		}
	})
	for name, c := range map[string]struct{ asked, want string }{
		"no object":    {`[]`, "must be an object"},
		"kind":         {`{"build_tags":"yes"}`, "has a build_tags that is neither true nor false"},
		"text":         {`{"filter_condition":5}`, "has a filter_condition that is no text"},
		"choice":       {`{"trigger_mode":"always"}`, "has a trigger_mode that is not one of code, deployment, fork, none"},
		"condition":    {`{"filter_condition":"build.branch =="}`, "has a filter_condition that is no condition"},
		"NUL":          {`{"issue_comment_command_word":"\u0000"}`, "contains a NUL"},
		"endless text": {`{"filter_condition":"` + strings.Repeat("a", 3000) + `"}`, "is too long"},
	} {
		t.Run("refuses "+name, func(t *testing.T) {
			t.Parallel()
			if raw, problem := mergeSettings(gitHub, nil, ask(c.asked)); !strings.Contains(problem, c.want) {
				t.Errorf("got %s, %q, want %q", raw, problem, c.want)
			}
		})
	}
}

func FuzzSourceOf(f *testing.F) {
	for _, s := range []string{"git@github.com:a/b.git", "https://gitlab.com/a/b", "://", "a@:b", ":"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, repository string) {
		src := sourceOf(repository)
		raw, problem := mergeSettings(src, nil, nil)
		if !slices.Contains(everyProvider, src.provider) || problem != "" || !json.Valid(raw) {
			t.Errorf("%+v, %s, %s", src, raw, problem)
		}
	})
}
