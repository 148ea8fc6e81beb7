package pipelines_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/patch"
	"github.com/bridle-ci/bridle/internal/service/pipelines"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/storetest"
	"github.com/google/go-cmp/cmp"
)

func TestCreate(t *testing.T) {
	t.Parallel()

	t.Run("with what is needed", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		got, err := b.service.Create(t.Context(), b.MemberActor(), input())
		want := pipelines.View{
			Pipeline: store.Pipeline{
				ID: got.ID, OrganizationID: b.Organization.ID, ClusterID: &b.Cluster.ID, Slug: "web-shop", Name: "Web Shop",
				Repository: repository, Configuration: steps, DefaultBranch: "main", AllowRebuilds: true,
				Provider: "github", ProviderSettings: got.ProviderSettings, Visibility: "private",
				BadgeToken: got.BadgeToken, WebhookToken: got.WebhookToken, NextBuildNumber: 1,
				CreatedByID: &b.Member.ID, CreatedAt: b.clock.Now(),
			},
			CreatedBy: &b.Member,
		}
		same(t, "created", got, err, want)
		if len(got.BadgeToken) < 32 || len(got.WebhookToken) < 32 || got.BadgeToken == got.WebhookToken {
			t.Errorf("tokens %q and %q", got.BadgeToken, got.WebhookToken)
		}
		var settings map[string]any
		if err := json.Unmarshal(got.ProviderSettings, &settings); err != nil || settings["repository"] != "acme/web" {
			t.Errorf("provider settings %s, %v", got.ProviderSettings, err)
		}
		got, err = b.service.Get(t.Context(), b.MemberActor(), "web-shop")
		same(t, "got", got, err, want)
	})
	t.Run("with everything", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		got, err := b.service.Create(t.Context(), b.AdminActor(), input(func(in *pipelines.Input) {
			in.Slug, in.Description = patch.To("shop"), patch.To("Sells")
			in.DefaultBranch, in.BranchConfiguration = patch.To("trunk"), patch.To("trunk !wip")
			in.SkipQueuedBranchBuilds, in.SkipQueuedBranchBuildsFilter = patch.To(true), patch.To("!trunk")
			in.CancelRunningBranchBuilds, in.CancelRunningBranchBuildsFilter = patch.To(true), patch.To("!trunk")
			in.AllowRebuilds, in.CloneMirrorURL = patch.To(false), patch.To("https://mirror.example.com/web.git")
			in.ProviderSettings, in.Visibility = patch.To(json.RawMessage(`{"build_tags":true}`)), patch.To("public")
			in.Tags, in.Emoji, in.Color = patch.To([]string{"go"}), patch.To(":go:"), patch.To("#fff000")
			in.DefaultTimeoutMinutes, in.MaximumTimeoutMinutes = patch.To(int64(10)), patch.To(int64(10))
		}))
		want := store.Pipeline{
			ID: got.ID, OrganizationID: b.Organization.ID, ClusterID: &b.Cluster.ID, Slug: "shop", Name: "Web Shop",
			Description: new("Sells"), Repository: repository, Configuration: steps, DefaultBranch: "trunk",
			BranchConfiguration: new("trunk !wip"), SkipQueuedBranchBuilds: true, SkipQueuedBranchBuildsFilter: new("!trunk"),
			CancelRunningBranchBuilds: true, CancelRunningBranchBuildsFilter: new("!trunk"),
			CloneMirrorURL: new("https://mirror.example.com/web.git"), Provider: "github",
			ProviderSettings: got.ProviderSettings, Visibility: "public", Tags: []string{"go"}, Emoji: new(":go:"),
			Color: new("#fff000"), DefaultTimeoutMinutes: new(int64(10)), MaximumTimeoutMinutes: new(int64(10)),
			BadgeToken: got.BadgeToken, WebhookToken: got.WebhookToken, NextBuildNumber: 1, CreatedByID: &b.Admin.ID,
			CreatedAt: b.clock.Now(),
		}
		same(t, "created", got.Pipeline, err, want)
		if !strings.Contains(string(got.ProviderSettings), `"build_tags":true`) {
			t.Errorf("provider settings %s", got.ProviderSettings)
		}
	})
	t.Run("blanks and nulls are missing", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		got, err := b.service.Create(t.Context(), b.AdminActor(), input(func(in *pipelines.Input) {
			blank, null := patch.To(""), patch.Null[string]()
			in.ClusterID, in.Slug, in.Description, in.DefaultBranch, in.BranchConfiguration = blank, blank, blank, blank, blank
			in.Emoji, in.Color, in.CloneMirrorURL, in.Visibility, in.TemplateID = blank, null, blank, blank, blank
			in.AllowRebuilds, in.SkipQueuedBranchBuilds = patch.Null[bool](), patch.Null[bool]()
			in.Tags, in.Env, in.ProviderSettings = patch.To([]string{}), patch.To(map[string]string{}), patch.Null[json.RawMessage]()
			in.DefaultTimeoutMinutes, in.MaximumTimeoutMinutes = patch.Null[int64](), patch.To(int64(0))
		}))
		want, second := got.Pipeline, pipelines.View{}
		if err == nil {
			second, err = b.service.Create(t.Context(), b.AdminActor(), input(func(in *pipelines.Input) { in.Name = patch.To("Other") }))
		}
		want.ID, want.Name, want.Slug, want.BadgeToken, want.WebhookToken = second.ID, "Other", "other", second.BadgeToken, second.WebhookToken
		same(t, "as if they were not there", second.Pipeline, err, want)
	})
	t.Run("without any cluster", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		o := storetest.Organization(t, b.store)
		actor := access.Actor{OrganizationID: o.ID, System: true}
		got, err := b.service.Create(t.Context(), actor, input())
		if err != nil || got.ClusterID != nil || got.CreatedBy != nil {
			t.Errorf("cluster %v, creator %v, %v", got.ClusterID, got.CreatedBy, err)
		}
	})
	for _, mirror := range []string{"git@mirror.example.com:acme/web.git", "ssh://git@mirror.example.com/web", "http://mirror.example.com/web"} {
		t.Run("mirrored at "+mirror, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			got, err := b.service.Create(t.Context(), b.AdminActor(), input(func(in *pipelines.Input) { in.CloneMirrorURL = patch.To(mirror) }))
			if err != nil || got.CloneMirrorURL == nil || *got.CloneMirrorURL != mirror {
				t.Errorf("mirror %v, %v", got.CloneMirrorURL, err)
			}
		})
	}
	t.Run("the env of visual steps is ignored for YAML", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		got, err := b.service.Create(t.Context(), b.AdminActor(), input(func(in *pipelines.Input) { in.Env = patch.To(map[string]string{"A": "1"}) }))
		if err != nil || got.Env != nil || got.Configuration != steps {
			t.Errorf("env %v, configuration %q, %v", got.Env, got.Configuration, err)
		}
	})
	t.Run("from visual steps", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		visual := json.RawMessage(`[{"type":"script","name":"Test","command":"make $TARGET"}]`)
		got, err := b.service.Create(t.Context(), b.AdminActor(), input(func(in *pipelines.Input) {
			in.Configuration, in.Steps = patch.Field[string]{}, patch.To(visual)
			in.Env = patch.To(map[string]string{"A": "1"})
		}))
		if err != nil {
			t.Fatal(err)
		}
		want := "env:\n    A: \"1\"\nsteps:\n    - label: Test\n      command: make $TARGET\n"
		if got.Configuration != want || string(got.VisualSteps) != string(visual) || got.Env["A"] != "1" || got.ExpandsVariables() {
			t.Errorf("configuration %q, steps %s, env %v", got.Configuration, got.VisualSteps, got.Env)
		}
	})
}

func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	b := setup(t)
	foreign := storetest.NewWorld(t, b.store)
	if _, err := b.service.Create(t.Context(), b.AdminActor(), input()); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		edit        func(*pipelines.Input)
		field, code string
	}{
		"no name":             {func(in *pipelines.Input) { in.Name = patch.Field[string]{} }, "name", "can't be blank"},
		"taken name":          {func(in *pipelines.Input) { in.Slug = patch.To("x") }, "name", "has already been taken"},
		"taken slug":          {func(in *pipelines.Input) { in.Name = patch.To("web SHOP") }, "slug", "has already been taken"},
		"nothing for a slug":  {func(in *pipelines.Input) { in.Name = patch.To(":rocket: ☃") }, "slug", "can't be made of the name"},
		"bad slug":            {func(in *pipelines.Input) { in.Slug = patch.To("a/b") }, "slug", "can only contain"},
		"no repository":       {func(in *pipelines.Input) { in.Repository = patch.To(" ") }, "repository", "can't be blank"},
		"option as a source":  {func(in *pipelines.Input) { in.Repository = patch.To("--upload-pack=evil") }, "repository", "is not the address"},
		"two lines":           {func(in *pipelines.Input) { in.Repository = patch.To("a\nb") }, "repository", "is not the address"},
		"no steps":            {func(in *pipelines.Input) { in.Configuration = patch.Field[string]{} }, "configuration", "Step configuration is missing, expected `steps: { yaml: \"...\" }`"},
		"blank configuration": {func(in *pipelines.Input) { in.Configuration = patch.To(" \n") }, "configuration", "Step configuration is missing"},
		"null configuration":  {func(in *pipelines.Input) { in.Configuration = patch.Null[string]() }, "configuration", "Step configuration is missing"},
		"bad YAML":            {func(in *pipelines.Input) { in.Configuration = patch.To("steps:\n  - command: [") }, "configuration", "line "},
		"bad step":            {func(in *pipelines.Input) { in.Configuration = patch.To("steps:\n  - command: a\n  - nonsense\n") }, "configuration", "line 3"},
		"bad visual steps": {func(in *pipelines.Input) {
			in.Configuration, in.Steps = patch.Field[string]{}, patch.To(json.RawMessage(`{}`))
		}, "steps", "must be a list"},
		"bad env": {func(in *pipelines.Input) {
			in.Configuration, in.Steps = patch.Field[string]{}, patch.To(json.RawMessage(`[{"type":"waiter"}]`))
			in.Env = patch.To(map[string]string{"A=B": "1"})
		}, "env", `has an invalid variable "A=B"`},
		"unknown cluster":               {func(in *pipelines.Input) { in.ClusterID = patch.To(store.NewID()) }, "cluster_id", "must be a cluster of the organization"},
		"cluster of others":             {func(in *pipelines.Input) { in.ClusterID = patch.To(foreign.Cluster.ID) }, "cluster_id", "must be a cluster of the organization"},
		"cluster by name":               {func(in *pipelines.Input) { in.ClusterID = patch.To("Default") }, "cluster_id", "must be a cluster of the organization"},
		"bad branch":                    {func(in *pipelines.Input) { in.DefaultBranch = patch.To("a b") }, "default_branch", "is not the name of a branch"},
		"long filter":                   {func(in *pipelines.Input) { in.BranchConfiguration = patch.To(strings.Repeat("a", 2001)) }, "branch_configuration", "is too long"},
		"long skip filter":              {func(in *pipelines.Input) { in.SkipQueuedBranchBuildsFilter = patch.To(strings.Repeat("a", 2001)) }, "skip_queued_branch_builds_filter", "is too long"},
		"NUL cancel filter":             {func(in *pipelines.Input) { in.CancelRunningBranchBuildsFilter = patch.To("\x00") }, "cancel_running_branch_builds_filter", "contains a NUL"},
		"mirror with secrets":           {func(in *pipelines.Input) { in.CloneMirrorURL = patch.To("https://u:p@mirror.example.com/a") }, "clone_mirror_url", "can't hold a user name"},
		"mirror with a query":           {func(in *pipelines.Input) { in.CloneMirrorURL = patch.To("https://mirror.example.com/a?b") }, "clone_mirror_url", "can't have a query"},
		"mirror fragment":               {func(in *pipelines.Input) { in.CloneMirrorURL = patch.To("https://mirror.example.com/a#b") }, "clone_mirror_url", "can't have a query"},
		"mirror with a token":           {func(in *pipelines.Input) { in.CloneMirrorURL = patch.To("https://token@mirror.example.com/a") }, "clone_mirror_url", "can't hold a user name"},
		"mirror by SSH with a password": {func(in *pipelines.Input) { in.CloneMirrorURL = patch.To("ssh://git:p@mirror.example.com/a") }, "clone_mirror_url", "can't hold a user name"},
		"short mirror with a query":     {func(in *pipelines.Input) { in.CloneMirrorURL = patch.To("git@mirror.example.com:a?b") }, "clone_mirror_url", "can't have a query"},
		"mirror without a path":         {func(in *pipelines.Input) { in.CloneMirrorURL = patch.To("git@mirror.example.com:") }, "clone_mirror_url", "must be the URL"},
		"teams":                         {func(in *pipelines.Input) { in.Teams = []string{"x"} }, "teams", "teams are not available"},
		"mirror is no URL":              {func(in *pipelines.Input) { in.CloneMirrorURL = patch.To("mirror") }, "clone_mirror_url", "must be the URL"},
		"provider settings":             {func(in *pipelines.Input) { in.ProviderSettings = patch.To(json.RawMessage(`{"build_tags":1}`)) }, "provider_settings", "has a build_tags that"},
		"visibility":                    {func(in *pipelines.Input) { in.Visibility = patch.To("secret") }, "visibility", "must be private or public"},
		"eleven tags":                   {func(in *pipelines.Input) { in.Tags = patch.To(strings.Split("a,b,c,d,e,f,g,h,i,j,k", ",")) }, "tags", "maximum is 10"},
		"long tag":                      {func(in *pipelines.Input) { in.Tags = patch.To([]string{strings.Repeat("a", 129)}) }, "tags", "too long (maximum is 128 characters)"},
		"blank tag":                     {func(in *pipelines.Input) { in.Tags = patch.To([]string{"a", ""}) }, "tags", "can't be blank"},
		"emoji":                         {func(in *pipelines.Input) { in.Emoji = patch.To("rocket") }, "emoji", "must be an emoji"},
		"color":                         {func(in *pipelines.Input) { in.Color = patch.To("red") }, "color", "must be a color"},
		"long description":              {func(in *pipelines.Input) { in.Description = patch.To(strings.Repeat("a", 1001)) }, "description", "is too long"},
		"time before now":               {func(in *pipelines.Input) { in.DefaultTimeoutMinutes = patch.To(int64(-1)) }, "default_command_step_timeout", "between 1 and"},
		"endless time":                  {func(in *pipelines.Input) { in.MaximumTimeoutMinutes = patch.To(int64(1) << 40) }, "maximum_command_step_timeout", "between 1 and"},
		"default over maximum": {func(in *pipelines.Input) {
			in.DefaultTimeoutMinutes, in.MaximumTimeoutMinutes = patch.To(int64(11)), patch.To(int64(10))
		}, "default_command_step_timeout", "can't be longer than maximum_command_step_timeout"},
		"template": {func(in *pipelines.Input) { in.TemplateID = patch.To(store.NewID()) }, "pipeline_template_uuid", "not available on this installation"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := input(func(in *pipelines.Input) { in.Name = patch.To(fmt.Sprint("Pipeline ", name)) })
			if name == "taken name" {
				in = input()
			}
			c.edit(&in)
			_, err := b.service.Create(t.Context(), b.AdminActor(), in)
			refuses(t, err, c.field, c.code)
		})
	}
	t.Run("all problems at once", func(t *testing.T) {
		t.Parallel()
		_, err := b.service.Create(t.Context(), b.AdminActor(), pipelines.Input{Color: patch.To("red")})
		var f *fault.Error
		if !errors.As(err, &f) {
			t.Fatalf("got %v", err)
		}
		var fields []string
		for _, field := range f.Fields {
			fields = append(fields, field.Field)
		}
		if diff := cmp.Diff([]string{"name", "repository", "configuration", "color"}, fields); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
