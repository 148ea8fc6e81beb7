package rest

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/storetest"
	"github.com/google/go-cmp/cmp"
)

// newPipeline is a body with a name and a repository and what else is given.
func newPipeline(rest string) string {
	return `{"name": "Fresh", "repository": "git@github.com:acme/fresh.git", ` + rest + `}`
}

func TestStepsOfNewPipelines(t *testing.T) {
	t.Parallel()
	const yaml = "steps: [{command: make}]"
	for name, c := range map[string]struct{ body, want string }{
		"configuration":                   {`"configuration": "` + yaml + `"`, yaml},
		"YAML under steps":                {`"steps": {"yaml": "` + yaml + `"}`, yaml},
		"configuration wins over steps":   {`"configuration": "` + yaml + `", "steps": {"yaml": "steps: [wait]"}`, yaml},
		"configuration wins over visual":  {`"configuration": "` + yaml + `", "steps": [{"type": "waiter"}]`, yaml},
		"env of visual steps beside YAML": {`"configuration": "` + yaml + `", "env": {"A": "b"}`, yaml},
		"no teams":                        {`"configuration": "` + yaml + `", "teams": {}, "team_uuids": null`, yaml},
		"no list of teams":                {`"configuration": "` + yaml + `", "teams": [], "team_uuids": []`, yaml},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			res := w.do(t, "POST", w.path("pipelines"), newPipeline(c.body))
			var got struct {
				Configuration *string
				Env           map[string]string
			}
			res.into(t, &got)
			if res.StatusCode != http.StatusCreated || got.Configuration == nil || *got.Configuration != c.want || got.Env != nil {
				t.Errorf("%d %s", res.StatusCode, res.body)
			}
		})
	}
}

func TestPipelinesRefused(t *testing.T) {
	t.Parallel()
	const missing = "Step configuration is missing, expected `steps: { yaml: \"...\" }`"
	w := newWorld(t)
	for name, c := range map[string]struct {
		body string
		want fault.Field
	}{
		"no steps":           {`"steps": null`, fault.Field{Field: "configuration", Code: missing}},
		"null for YAML":      {`"steps": {"yaml": null}`, fault.Field{Field: "configuration", Code: missing}},
		"number for YAML":    {`"steps": {"yaml": 1}`, fault.Field{Field: "steps", Code: "must have a string for yaml"}},
		"another object":     {`"steps": {"json": "[]"}`, fault.Field{Field: "steps", Code: "must be a list of step objects"}},
		"teams":              {`"configuration": "steps: []", "teams": {"x": "read_only"}`, fault.Field{Field: "teams", Code: "can't be set: teams are not available on this installation"}},
		"a list of teams":    {`"configuration": "steps: []", "team_uuids": ["x"]`, fault.Field{Field: "teams", Code: "can't be set: teams are not available on this installation"}},
		"a word for teams":   {`"configuration": "steps: []", "teams": "x"`, fault.Field{Field: "teams", Code: "must be an object of access levels by team, or an array of teams"}},
		"numbers for levels": {`"configuration": "steps: []", "teams": {"x": 1}`, fault.Field{Field: "teams", Code: "must be an object of access levels by team, or an array of teams"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			res := w.do(t, "POST", w.path("pipelines"), newPipeline(c.body))
			var got errorBody
			res.into(t, &got)
			if diff := cmp.Diff([]fault.Field{c.want}, got.Errors); res.StatusCode != http.StatusUnprocessableEntity || diff != "" {
				t.Errorf("status %d (-want +got):\n%s", res.StatusCode, diff)
			}
		})
	}
}

func TestTakenNamesOfPipelines(t *testing.T) {
	t.Parallel()
	taken := func(fields ...string) (list []fault.Field) {
		for _, field := range fields {
			list = append(list, fault.Field{Field: field, Code: "has already been taken"})
		}
		return list
	}
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		w := newWorldOn(t, st)
		w.do(t, "POST", w.path("pipelines"), newPipeline(`"configuration": "steps: []"`)).want(t, http.StatusCreated)
		for name, c := range map[string]struct {
			method, path, body string
			want               []fault.Field
		}{
			"name":            {"POST", "pipelines", newPipeline(`"configuration": "steps: []"`), taken("name")},
			"name and slug":   {"POST", "pipelines", newPipeline(`"configuration": "steps: []", "slug": "` + w.Pipeline.Slug + `"`), taken("name", "slug")},
			"only the name":   {"POST", "pipelines", newPipeline(`"configuration": "steps: []", "slug": "other"`), taken("name")},
			"slug":            {"POST", "pipelines", `{"name": "FRESH", "repository": "x", "configuration": "steps: []"}`, taken("slug")},
			"slug of another": {"PATCH", "pipelines/" + w.Pipeline.Slug, `{"slug": "fresh"}`, taken("slug")},
			"name of another": {"PATCH", "pipelines/" + w.Pipeline.Slug, `{"name": "Fresh"}`, taken("name")},
		} {
			var got errorBody
			w.do(t, c.method, w.path(c.path), c.body).want(t, http.StatusUnprocessableEntity).into(t, &got)
			if diff := cmp.Diff(c.want, got.Errors); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
	})
}

func TestShownStepsOfPipelines(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	res := w.do(t, "POST", w.path("pipelines"), newPipeline(`"configuration": "steps: [`+
		`{label: Test, command: make, concurrency: 2, concurrency_group: db, parallelism: 3}, `+
		`{command: a}, {trigger: other, label: Deploy}, `+
		`{command: a, plugins: [docker#v5.0.0: {always: true, image: go}, ./own]}]"`))
	var got struct {
		Steps []struct {
			Name, Label              *string
			Concurrency, Parallelism *int
			Plugins                  json.RawMessage
		}
		CloneMirrorURL *string `json:"clone_mirror_url"`
	}
	res.into(t, &got)
	if len(got.Steps) != 4 {
		t.Fatalf("%s", res.body)
	}
	if s := got.Steps[0]; s.Concurrency == nil || *s.Concurrency != 2 || *s.Parallelism != 3 {
		t.Errorf("concurrency %v, parallelism %v, want 2 and 3", s.Concurrency, s.Parallelism)
	}
	if s := got.Steps[1]; s.Concurrency != nil {
		t.Errorf("concurrency %d of a step without", *s.Concurrency)
	}
	if s := got.Steps[2]; s.Label == nil || *s.Label != "Deploy" || *s.Name != "Deploy" {
		t.Errorf("label %v of a trigger step, want Deploy", s.Label)
	}
	if want := `[{"docker#v5.0.0":{"always":true,"image":"go"}},{"./own":null}]`; string(got.Steps[3].Plugins) != want {
		t.Errorf("plugins %s, want %s", got.Steps[3].Plugins, want)
	}
	if !strings.Contains(string(res.body), `"clone_mirror_url":null`) {
		t.Error("clone_mirror_url is not there, and mirrors can be set")
	}
}

func TestGitHubWebhooks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const at = "pipelines/fresh/github-webhooks"
	w.do(t, "POST", w.path("pipelines"), newPipeline(`"configuration": "steps: []"`)).want(t, http.StatusCreated)
	expect := func(method string, enabled bool) webhooksState {
		t.Helper()
		var got webhooksState
		w.do(t, method, at, "").want(t, http.StatusOK).into(t, &got)
		if got.Enabled != enabled || (got.DisabledAt == nil) != enabled || (got.DisabledBy == nil) != enabled {
			t.Errorf("%s: %+v", method, got)
		}
		if got.URL != testBase+w.path(at) {
			t.Errorf("%s: url %q", method, got.URL)
		}
		return got
	}
	expect("GET", true)
	first := expect("DELETE", false)
	if *first.DisabledBy != w.Admin.Name {
		t.Errorf("disabled by %q, want %q", *first.DisabledBy, w.Admin.Name)
	}
	if diff := cmp.Diff(first, expect("DELETE", false)); diff != "" {
		t.Errorf("disabled again (-first +second):\n%s", diff)
	}
	expect("GET", false)
	expect("PUT", true)
	expect("PUT", true)

	w.do(t, "PATCH", "pipelines/fresh", `{"repository": "git@gitlab.com:acme/fresh.git"}`).want(t, http.StatusOK)
	for _, method := range []string{"GET", "PUT", "DELETE"} {
		w.do(t, method, at, "").wantError(t, http.StatusNotFound,
			"GitHub webhook processing is for pipelines of repositories on GitHub or GitHub Enterprise")
	}
}

// webhooksState is the object `github_webhooks` as clients read it.
type webhooksState struct {
	URL        string  `json:"url"`
	Enabled    bool    `json:"enabled"`
	DisabledAt *string `json:"disabled_at"`
	DisabledBy *string `json:"disabled_by"`
}
