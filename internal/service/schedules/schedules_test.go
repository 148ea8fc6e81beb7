package schedules_test

import (
	"strings"
	"testing"
	"time"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/patch"
	"github.com/bridle-ci/bridle/internal/service/schedules"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

func TestCreate(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		next := start.Add(30 * time.Minute)
		bare := b.create(" @hourly ")
		b.same("defaults", bare, schedules.View{
			Schedule: store.Schedule{
				ID: bare.ID, PipelineID: b.Pipeline.ID, Cronline: "@hourly", Commit: "HEAD", Enabled: true, NextBuildAt: &next,
				CreatedByID: &b.Admin.ID, CreatedAt: start,
			},
			Pipeline: b.Pipeline, CreatedBy: &b.Admin,
		})
		b.same("stored", b.reload(bare.ID), bare)
		b.same("branch", bare.BuildBranch(), b.Pipeline.DefaultBranch)

		midnight := time.Date(2026, 8, 3, 22, 0, 0, 0, time.UTC)
		full := b.create("0 0 * * 2 Europe/Berlin", func(in *schedules.Changes) {
			in.Label, in.Message, in.Commit, in.Branch = patch.To("Nightly"), patch.To("Build it"), patch.To("abc123"), patch.To("next")
			in.Env, in.Enabled = patch.To(map[string]string{"A": "1"}), patch.To(true)
		})
		b.same("everything", full.Schedule, store.Schedule{
			ID: full.ID, PipelineID: b.Pipeline.ID, Cronline: "0 0 * * 2 Europe/Berlin", Label: new("Nightly"), Message: new("Build it"),
			Commit: "abc123", Branch: new("next"), Env: map[string]string{"A": "1"}, Enabled: true, NextBuildAt: &midnight,
			CreatedByID: &b.Admin.ID, CreatedAt: start,
		})
		b.same("stored", b.reload(full.ID), full)
		b.same("branch", full.BuildBranch(), "next")

		disabled := b.create("@hourly", func(in *schedules.Changes) {
			in.Enabled, in.Label, in.Message, in.Branch, in.Commit = patch.To(false), patch.To(" "), patch.To(""), patch.To(""), patch.Null[string]()
		})
		b.same("disabled and blank", disabled.Schedule, store.Schedule{
			ID: disabled.ID, PipelineID: b.Pipeline.ID, Cronline: "@hourly", Commit: "HEAD", CreatedByID: &b.Admin.ID, CreatedAt: start,
		})

		system, err := b.service.Create(t.Context(), access.Actor{OrganizationID: b.Organization.ID, System: true}, b.Pipeline.Slug,
			schedules.Changes{Cronline: patch.To("@hourly")})
		b.must(err)
		if system.CreatedByID != nil || system.CreatedBy != nil {
			t.Errorf("the installation's schedule was created by %v", system.CreatedBy)
		}
	})
}

func TestInvalid(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		existing := b.create("@hourly")
		many := map[string]string{}
		for i := range 1001 {
			many[strings.Repeat("A", i+1)] = ""
		}
		for name, c := range map[string]struct {
			edit func(*schedules.Changes)
			want string
		}{
			"no line":            {func(c *schedules.Changes) { c.Cronline = patch.Null[string]() }, "Validation failed: Cronline can't be blank"},
			"a line":             {func(c *schedules.Changes) { c.Cronline = patch.To("60 * * * *") }, `Validation failed: Cronline has "60" for a minute: use 0 to 59`},
			"too often":          {func(c *schedules.Changes) { c.Cronline = patch.To("*/5 * * * *") }, "Validation failed: Cronline has times only 5 min apart"},
			"a zone":             {func(c *schedules.Changes) { c.Cronline = patch.To("0 0 * * * Mars/Base") }, `Validation failed: Cronline has an unknown time zone "Mars/Base"`},
			"February 30":        {func(c *schedules.Changes) { c.Cronline = patch.To("0 0 30 2 *") }, "Validation failed: Cronline never comes"},
			"a long label":       {func(c *schedules.Changes) { c.Label = patch.To(strings.Repeat("ä", 256)) }, "Validation failed: Label is too long (maximum is 255 characters)"},
			"a NUL":              {func(c *schedules.Changes) { c.Label = patch.To("a\x00") }, "Validation failed: Label contains a NUL"},
			"a long message":     {func(c *schedules.Changes) { c.Message = patch.To(strings.Repeat("ä", 33<<10)) }, "Validation failed: Message is too long (maximum is 65536 bytes)"},
			"a broken message":   {func(c *schedules.Changes) { c.Message = patch.To("\xff") }, "Validation failed: Message is not valid UTF-8"},
			"an option":          {func(c *schedules.Changes) { c.Branch = patch.To("--upload-pack=x") }, "Validation failed: Branch is invalid"},
			"two lines":          {func(c *schedules.Changes) { c.Commit = patch.To("a\nb") }, "Validation failed: Commit is invalid"},
			"a long commit":      {func(c *schedules.Changes) { c.Commit = patch.To(strings.Repeat("a", 1025)) }, "Validation failed: Commit is too long"},
			"a variable":         {func(c *schedules.Changes) { c.Env = patch.To(map[string]string{"A=B": ""}) }, `Validation failed: Env has an invalid variable "A=B"`},
			"a value":            {func(c *schedules.Changes) { c.Env = patch.To(map[string]string{"A": "\x00"}) }, `Validation failed: Env has an invalid variable "A"`},
			"many variables":     {func(c *schedules.Changes) { c.Env = patch.To(many) }, "Validation failed: Env has too many variables (maximum is 1000)"},
			"large variables":    {func(c *schedules.Changes) { c.Env = patch.To(map[string]string{"A": strings.Repeat("a", 256<<10)}) }, "Validation failed: Env is too large"},
			"several things":     {func(c *schedules.Changes) { c.Branch, c.Commit = patch.To("-a"), patch.To("-b") }, "Validation failed: Commit is invalid, Branch is invalid"},
			"even when disabled": {func(c *schedules.Changes) { c.Cronline, c.Enabled = patch.To("never"), patch.To(false) }, "Validation failed: Cronline has 1 fields"},
		} {
			in := schedules.Changes{Cronline: patch.To("@hourly")}
			c.edit(&in)
			_, err := b.service.Create(t.Context(), b.AdminActor(), b.Pipeline.Slug, in)
			fails(t, "create with "+name, err, fault.Invalid, c.want)
			_, err = b.service.Update(t.Context(), b.AdminActor(), b.Pipeline.Slug, existing.ID, in)
			fails(t, "update with "+name, err, fault.Invalid, c.want)
		}
		b.same("after all of it", b.reload(existing.ID), existing)
		_, total, err := b.service.List(t.Context(), b.AdminActor(), b.Pipeline.Slug, store.Page{Limit: 10})
		b.must(err)
		b.same("schedules", total, 1)
	})
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		v := b.create("0 12 * * *", func(in *schedules.Changes) {
			in.Label, in.Message, in.Branch = patch.To("Noon"), patch.To("Build it"), patch.To("next")
			in.Commit, in.Env = patch.To("abc"), patch.To(map[string]string{"A": "1"})
		})
		want := v.Schedule
		want.Label = new("Lunch")
		b.same("only the label", b.update(v.ID, schedules.Changes{Label: patch.To("Lunch")}).Schedule, want)
		b.same("nothing", b.update(v.ID, schedules.Changes{}).Schedule, want)

		want.Label, want.Message, want.Branch, want.Commit, want.Env = nil, nil, nil, "HEAD", nil
		b.same("all cleared", b.update(v.ID, schedules.Changes{
			Label: patch.Null[string](), Message: patch.Null[string](), Branch: patch.Null[string](), Commit: patch.Null[string](),
			Env: patch.Null[map[string]string](), Enabled: patch.Null[bool](),
		}).Schedule, want)

		b.update(v.ID, schedules.Changes{Enabled: patch.To(false)})
		b.wantNext(v.ID, "")
		b.wait(24 * time.Hour)
		b.wantBuilds()
		b.update(v.ID, schedules.Changes{Cronline: patch.To("0 13 * * *")})
		b.wantNext(v.ID, "")
		b.update(v.ID, schedules.Changes{Enabled: patch.To(true)})
		b.wantNext(v.ID, "2026-08-04 13:00")

		b.update(v.ID, schedules.Changes{Cronline: patch.To("0 15 * * *")})
		b.wait(4 * time.Hour) // 13:30
		b.wantBuilds()
		b.update(v.ID, schedules.Changes{Cronline: patch.To("0 14 * * *")})
		b.wait(time.Hour) // 14:30
		b.wantBuilds("2026-08-04 14:00")
		b.wantNext(v.ID, "2026-08-05 14:00")
	})
}

func TestDelete(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		v := b.create("@hourly")
		b.wait(time.Hour)
		b.must(b.service.Delete(t.Context(), b.AdminActor(), b.Pipeline.Slug, v.ID))
		b.wait(24 * time.Hour)
		b.wantBuilds("2026-08-03 10:00")
		err := b.service.Delete(t.Context(), b.AdminActor(), b.Pipeline.Slug, v.ID)
		fails(t, "again", err, fault.NotFound, "No pipeline schedule found")
	})
}

func TestList(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		first, second := b.create("@hourly"), b.create("@daily")
		items, total, err := b.service.List(t.Context(), b.MemberActor(), b.Pipeline.Slug, store.Page{Limit: 10})
		b.must(err)
		b.same("newest first", items, []schedules.View{second, first})
		b.same("total", total, 2)
		items, total, err = b.service.List(t.Context(), b.MemberActor(), b.Pipeline.Slug, store.Page{Limit: 1, Offset: 1})
		b.must(err)
		b.same("second page", items, []schedules.View{first})
		b.same("its total", total, 2)

		other := storetest.Pipeline(t, b.store, b.Organization)
		items, total, err = b.service.List(t.Context(), b.MemberActor(), other.Slug, store.Page{Limit: 10})
		b.must(err)
		b.same("of another pipeline", items, []schedules.View{})
		b.same("its total", total, 0)
	})
}

func TestNotFound(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		v := b.create("@hourly")
		ctx, other := t.Context(), storetest.Pipeline(t, b.store, b.Organization)
		foreign := storetest.NewWorld(t, b.store).AdminActor()
		for name, c := range map[string]struct {
			actor    access.Actor
			slug, id string
			want     string
		}{
			"unknown":                 {b.AdminActor(), b.Pipeline.Slug, store.NewID(), "No pipeline schedule found"},
			"no id":                   {b.AdminActor(), b.Pipeline.Slug, "1' OR 1", "No pipeline schedule found"},
			"of another pipeline":     {b.AdminActor(), other.Slug, v.ID, "No pipeline schedule found"},
			"of no pipeline":          {b.AdminActor(), "nothing", v.ID, "No pipeline found"},
			"of no name":              {b.AdminActor(), "-\x00", v.ID, "No pipeline found"},
			"of another organization": {foreign, b.Pipeline.Slug, v.ID, "No pipeline found"},
		} {
			_, err := b.service.Get(ctx, c.actor, c.slug, c.id)
			fails(t, "get "+name, err, fault.NotFound, c.want)
			_, err = b.service.Update(ctx, c.actor, c.slug, c.id, schedules.Changes{Label: patch.To("x")})
			fails(t, "update "+name, err, fault.NotFound, c.want)
			fails(t, "delete "+name, b.service.Delete(ctx, c.actor, c.slug, c.id), fault.NotFound, c.want)
		}
		_, err := b.service.Create(ctx, foreign, b.Pipeline.Slug, schedules.Changes{Cronline: patch.To("@hourly")})
		fails(t, "create in another organization", err, fault.NotFound, "No pipeline found")
		_, _, err = b.service.List(ctx, foreign, b.Pipeline.Slug, store.Page{Limit: 10})
		fails(t, "list of another organization", err, fault.NotFound, "No pipeline found")
		b.same("after all of it", b.reload(v.ID), v)
	})
}

func TestForbidden(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		v := b.create("@hourly")
		ctx, reader, writer := t.Context(), b.AdminActor(), b.AdminActor()
		reader.Scopes, writer.Scopes = []access.Scope{access.ReadPipelines}, []access.Scope{access.WritePipelines}
		const read, write = "doesn't have the read_pipelines scope", "doesn't have the write_pipelines scope"
		_, _, err := b.service.List(ctx, writer, b.Pipeline.Slug, store.Page{Limit: 10})
		fails(t, "list", err, fault.Forbidden, read)
		_, err = b.service.Get(ctx, writer, b.Pipeline.Slug, v.ID)
		fails(t, "get", err, fault.Forbidden, read)
		_, err = b.service.Create(ctx, reader, b.Pipeline.Slug, schedules.Changes{})
		fails(t, "create", err, fault.Forbidden, write)
		_, err = b.service.Update(ctx, reader, b.Pipeline.Slug, v.ID, schedules.Changes{})
		fails(t, "update", err, fault.Forbidden, write)
		fails(t, "delete", b.service.Delete(ctx, reader, b.Pipeline.Slug, v.ID), fault.Forbidden, write)
		_, err = b.service.Get(ctx, reader, b.Pipeline.Slug, v.ID)
		b.must(err)
		_, err = b.service.Update(ctx, writer, b.Pipeline.Slug, v.ID, schedules.Changes{})
		b.must(err)
	})
}
