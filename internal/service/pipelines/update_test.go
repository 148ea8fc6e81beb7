package pipelines_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/patch"
	"github.com/bridle-ci/bridle/internal/service/pipelines"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

func TestUpdate(t *testing.T) {
	t.Parallel()

	t.Run("nothing asked for changes nothing", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		created, err := b.service.Create(t.Context(), b.AdminActor(), input())
		if err != nil {
			t.Fatal(err)
		}
		got, err := b.service.Update(t.Context(), b.MemberActor(), "web-shop", pipelines.Changes{})
		same(t, "updated", got, err, created)
	})
	t.Run("names", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		ctx, admin := t.Context(), b.AdminActor()
		if _, err := b.service.Create(ctx, admin, input(func(in *pipelines.Input) { in.Slug = patch.To("custom") })); err != nil {
			t.Fatal(err)
		}
		for _, step := range []struct {
			what, slug string
			changes    pipelines.Changes
			want       string
		}{
			{"the same name keeps the slug", "custom", pipelines.Changes{Name: patch.To("Web Shop")}, "custom"},
			{"a new name makes a new slug", "custom", pipelines.Changes{Name: patch.To("Shop 2")}, "shop-2"},
			{"a slug of its own", "shop-2", pipelines.Changes{Name: patch.To("Shop 3"), Slug: patch.To("third")}, "third"},
			{"null makes it of the name", "third", pipelines.Changes{Slug: patch.Null[string]()}, "shop-3"},
		} {
			got, err := b.service.Update(ctx, admin, step.slug, step.changes)
			if err != nil || got.Slug != step.want {
				t.Errorf("%s: slug %q, %v", step.what, got.Slug, err)
			}
		}
		_, err := b.service.Get(ctx, admin, "custom")
		fails(t, "old address", err, fault.NotFound, "No pipeline found")
		_, err = b.service.Update(ctx, admin, "shop-3", pipelines.Changes{Slug: patch.To(b.Pipeline.Slug)})
		refuses(t, err, "slug", "has already been taken")
		_, err = b.service.Update(ctx, admin, "shop-3", pipelines.Changes{Name: patch.To(b.Pipeline.Name), Slug: patch.To("x")})
		refuses(t, err, "name", "has already been taken")
	})
	t.Run("values and nulls", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		ctx, admin := t.Context(), b.AdminActor()
		created, err := b.service.Create(ctx, admin, input(func(in *pipelines.Input) {
			in.Description, in.Tags, in.MaximumTimeoutMinutes = patch.To("Sells"), patch.To([]string{"go"}), patch.To(int64(5))
			in.ProviderSettings = patch.To(json.RawMessage(`{"build_tags":true}`))
		}))
		if err != nil {
			t.Fatal(err)
		}
		got, err := b.service.Update(ctx, admin, "web-shop", pipelines.Changes{
			Description: patch.Null[string](), Tags: patch.Null[[]string](), MaximumTimeoutMinutes: patch.Null[int64](),
			Visibility: patch.To("public"), AllowRebuilds: patch.To(false), Repository: patch.To("https://gitlab.com/acme/shop"),
		})
		want := created
		want.Description, want.Tags, want.MaximumTimeoutMinutes = nil, nil, nil
		want.Visibility, want.AllowRebuilds, want.Repository = "public", false, "https://gitlab.com/acme/shop"
		want.Provider, want.ProviderSettings = "gitlab", got.ProviderSettings
		same(t, "updated", got, err, want)
		for _, part := range []string{`"repository":"acme/shop"`, `"build_tags":true`} {
			if !strings.Contains(string(got.ProviderSettings), part) {
				t.Errorf("provider settings %s, want %s", got.ProviderSettings, part)
			}
		}
		_, err = b.service.Update(ctx, admin, "web-shop", pipelines.Changes{MaximumTimeoutMinutes: patch.To(int64(-1))})
		refuses(t, err, "maximum_command_step_timeout", "between 1 and")
		got, err = b.service.Get(ctx, admin, "web-shop")
		same(t, "unchanged by what was refused", got, err, want)
	})
	t.Run("steps", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		ctx, admin := t.Context(), b.AdminActor()
		if _, err := b.service.Create(ctx, admin, input()); err != nil {
			t.Fatal(err)
		}
		visual := func(command string) patch.Field[json.RawMessage] {
			return patch.To(json.RawMessage(`[{"type":"script","command":"` + command + `"}]`))
		}
		_, err := b.service.Update(ctx, admin, "web-shop", pipelines.Changes{Steps: visual("x")})
		refuses(t, err, "steps", "change its configuration")
		got, err := b.service.Update(ctx, admin, "web-shop", pipelines.Changes{Steps: visual("x"), Configuration: patch.To("steps:\n  - wait\n")})
		if err != nil || got.Configuration != "steps:\n  - wait\n" || got.VisualSteps != nil {
			t.Errorf("configuration wins: %q, %s, %v", got.Configuration, got.VisualSteps, err)
		}

		in := input(func(in *pipelines.Input) {
			in.Name, in.Configuration, in.Steps = patch.To("Visual"), patch.Field[string]{}, visual("one")
		})
		if _, err := b.service.Create(ctx, admin, in); err != nil {
			t.Fatal(err)
		}
		got, err = b.service.Update(ctx, admin, "visual", pipelines.Changes{Env: patch.To(map[string]string{"A": "1"})})
		if want := "env:\n    A: \"1\"\nsteps:\n    - command: one\n"; err != nil || got.Configuration != want || got.Env["A"] != "1" {
			t.Errorf("env: %q, %v", got.Configuration, err)
		}
		got, err = b.service.Update(ctx, admin, "visual", pipelines.Changes{Steps: visual("two")})
		if want := "env:\n    A: \"1\"\nsteps:\n    - command: two\n"; err != nil || got.Configuration != want {
			t.Errorf("steps: %q, %v", got.Configuration, err)
		}
		got, err = b.service.Update(ctx, admin, "visual", pipelines.Changes{Env: patch.Null[map[string]string]()})
		if want := "steps:\n    - command: two\n"; err != nil || got.Configuration != want || got.Env != nil {
			t.Errorf("no env: %q, %v", got.Configuration, err)
		}
		got, err = b.service.Update(ctx, admin, "visual", pipelines.Changes{Configuration: patch.To(steps)})
		if err != nil || got.Configuration != steps || got.VisualSteps != nil || got.Env != nil {
			t.Errorf("to YAML: %q, %s, %v", got.Configuration, got.VisualSteps, err)
		}
		_, err = b.service.Update(ctx, admin, "visual", pipelines.Changes{Configuration: patch.To("")})
		refuses(t, err, "configuration", "Step configuration is missing")
	})
}

func TestMove(t *testing.T) {
	t.Parallel()
	b := setup(t)
	closed := storetest.Cluster(t, b.store, b.Organization)
	maintainer := b.MemberActor()
	maintainer.Maintains = []string{closed.ID}
	both := b.MemberActor()
	both.Maintains = []string{closed.ID, b.Cluster.ID}
	to := func(id string) patch.Field[string] { return patch.To(id) }

	for name, c := range map[string]struct {
		actor   access.Actor
		from    *string
		to      patch.Field[string]
		want    *string
		refused bool
	}{
		"admin into a cluster":           {b.AdminActor(), &b.Cluster.ID, to(closed.ID), &closed.ID, false},
		"admin out of all":               {b.AdminActor(), &b.Cluster.ID, patch.Null[string](), nil, false},
		"admin out of all by a blank":    {b.AdminActor(), &b.Cluster.ID, to(""), nil, false},
		"member to where it is":          {b.MemberActor(), &closed.ID, to(closed.ID), &closed.ID, false},
		"member into the default":        {b.MemberActor(), nil, to(b.Cluster.ID), &b.Cluster.ID, false},
		"member into a cluster":          {b.MemberActor(), nil, to(closed.ID), nil, true},
		"member out of a cluster":        {b.MemberActor(), &closed.ID, to(b.Cluster.ID), nil, true},
		"maintainer into theirs":         {maintainer, nil, to(closed.ID), &closed.ID, false},
		"maintainer out of theirs":       {maintainer, &closed.ID, to(b.Cluster.ID), &b.Cluster.ID, false},
		"maintainer out of another":      {maintainer, &b.Cluster.ID, to(closed.ID), nil, true},
		"maintainer of both, either way": {both, &b.Cluster.ID, to(closed.ID), &closed.ID, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := storetest.Pipeline(t, b.store, b.Organization, func(p *store.Pipeline) { p.ClusterID = c.from })
			got, err := b.service.Update(t.Context(), c.actor, p.Slug, pipelines.Changes{ClusterID: c.to})
			if c.refused {
				fails(t, "move", err, fault.Forbidden, "Forbidden")
				return
			}
			same(t, "cluster", got.ClusterID, err, c.want)
		})
	}
	t.Run("member creates in a cluster", func(t *testing.T) {
		t.Parallel()
		in := input(func(in *pipelines.Input) { in.ClusterID = to(closed.ID) })
		_, err := b.service.Create(t.Context(), b.MemberActor(), in)
		fails(t, "create", err, fault.Forbidden, "Forbidden")
		got, err := b.service.Create(t.Context(), maintainer, in)
		same(t, "by its maintainer", got.ClusterID, err, &closed.ID)
	})
}
