package pipelines_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/bridle-ci/bridle/internal/blob"
	"github.com/bridle-ci/bridle/internal/blob/file"
	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/patch"
	"github.com/bridle-ci/bridle/internal/queue"
	"github.com/bridle-ci/bridle/internal/service/pipelines"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/bridle-ci/bridle/internal/store/storetest"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const (
	steps      = "steps:\n  - command: make\n"
	repository = "git@github.com:acme/web.git"
)

// bundle is a service over a fresh store with one of everything in it.
type bundle struct {
	storetest.World
	service *pipelines.Service
	store   *store.Store
	queue   *queue.Queue
	blobs   *file.Store
	clock   *storetest.Clock
}

func setup(t *testing.T) bundle {
	t.Helper()
	b := bundle{clock: storetest.NewClock()}
	b.store = storetest.OpenAt(t, b.clock)
	b.World = storetest.NewWorld(t, b.store)
	b.queue = queue.New(b.store.DB(), queue.Config{})
	var err error
	if b.blobs, err = file.Open(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	b.service = pipelines.New(pipelines.Options{Store: b.store, Queue: b.queue, Blobs: b.blobs})
	return b
}

// input is what a pipeline needs at least.
func input(edit ...func(*pipelines.Input)) pipelines.Input {
	in := pipelines.Input{
		Name: patch.To("Web Shop"), Repository: patch.To(repository), Configuration: patch.To(steps),
	}
	for _, f := range edit {
		f(&in)
	}
	return in
}

// fails fails the test unless err is of a kind and its message holds a text.
func fails(t *testing.T, what string, err error, kind fault.Kind, message string) {
	t.Helper()
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != kind || !strings.Contains(f.Message, message) {
		t.Errorf("%s: got %v, want %s %q", what, err, kind, message)
	}
}

// refuses fails the test unless err is about one field and says why.
func refuses(t *testing.T, err error, field, code string) {
	t.Helper()
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Invalid || f.Message != "Validation Failed" || len(f.Fields) != 1 ||
		f.Fields[0].Field != field || !strings.Contains(f.Fields[0].Code, code) {
		t.Errorf("got %#v, want %s: %s", err, field, code)
	}
}

func same[T any](t *testing.T, what string, got T, err error, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); err != nil || diff != "" {
		t.Errorf("%s: %v (-want +got):\n%s", what, err, diff)
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	shop, err := b.service.Create(ctx, b.AdminActor(), input())
	if err != nil {
		t.Fatal(err)
	}
	storetest.NewWorld(t, b.store)
	row := &store.Build{
		Build:          build.Build{ID: store.NewID(), State: build.Running, BlockedState: build.Passed, CreatedAt: b.clock.Now()},
		OrganizationID: b.Organization.ID, PipelineID: shop.ID, Number: 1, Branch: "main", Commit: "HEAD", Source: "api",
	}
	storetest.Write(t, b.store, func(tx *sqldb.Tx) error { return store.InsertBuild(ctx, tx, row) })
	shop.Counts.RunningBuilds = 1
	other := pipelines.View{Pipeline: b.Pipeline}

	for name, c := range map[string]struct {
		filter pipelines.Filter
		page   store.Page
		want   []pipelines.View
		total  int
	}{
		"all":         {pipelines.Filter{}, store.Page{Limit: 30}, []pipelines.View{shop, other}, 2},
		"second page": {pipelines.Filter{}, store.Page{Limit: 1, Offset: 1}, []pipelines.View{other}, 2},
		"name":        {pipelines.Filter{Name: "SHOP"}, store.Page{Limit: 30}, []pipelines.View{shop}, 1},
		"repository":  {pipelines.Filter{Repository: "acme/web"}, store.Page{Limit: 30}, []pipelines.View{shop}, 1},
		"NUL":         {pipelines.Filter{Name: "\x00"}, store.Page{Limit: 30}, nil, 0},
		"broken":      {pipelines.Filter{Repository: "\xff"}, store.Page{Limit: 30}, nil, 0},
		"neither":     {pipelines.Filter{Name: "x_y"}, store.Page{Limit: 30}, nil, 0},
	} {
		before := b.store.DB().Statements()
		items, total, err := b.service.List(ctx, b.MemberActor(), c.filter, c.page)
		same(t, name, items, err, c.want)
		same(t, "total of "+name, total, err, c.total)
		if n := b.store.DB().Statements() - before; n > 5 {
			t.Errorf("%s took %d statements", name, n)
		}
	}
}

func TestArchive(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx, actor := t.Context(), b.MemberActor()
	_, err := b.service.Unarchive(ctx, actor, b.Pipeline.Slug)
	fails(t, "unarchive first", err, fault.Invalid, "Pipeline could not be unarchived.")
	got, err := b.service.Archive(ctx, actor, b.Pipeline.Slug)
	same(t, "archived", got.ArchivedAt, err, new(b.clock.Now()))
	b.clock.Advance(time.Hour)
	_, err = b.service.Archive(ctx, actor, b.Pipeline.Slug)
	fails(t, "again", err, fault.Invalid, "Pipeline could not be archived.")
	got, err = b.service.Unarchive(ctx, actor, b.Pipeline.Slug)
	same(t, "unarchived", got.Pipeline, err, b.Pipeline)
}

func TestDelete(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx, actor := t.Context(), b.MemberActor()
	own, other := "pipelines/"+b.Pipeline.ID+"/builds/1/logs/1", "pipelines/other/builds/1/logs/1"
	for _, key := range []string{own, other} {
		if _, err := b.blobs.Put(ctx, key, strings.NewReader("log")); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.service.Delete(ctx, actor, b.Pipeline.Slug); err != nil {
		t.Fatal(err)
	}
	if err := b.queue.Drain(ctx, b.clock.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := b.blobs.Stat(ctx, own); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("the pipeline's log: %v", err)
	}
	if _, err := b.blobs.Stat(ctx, other); err != nil {
		t.Errorf("another pipeline's log: %v", err)
	}
	_, err := b.service.Get(ctx, actor, b.Pipeline.Slug)
	fails(t, "get", err, fault.NotFound, "No pipeline found")
	fails(t, "again", b.service.Delete(ctx, actor, b.Pipeline.Slug), fault.NotFound, "No pipeline found")
}

// Every use case refuses actors without the scope and hides what belongs to others.
func TestGuards(t *testing.T) {
	t.Parallel()
	b := setup(t)
	other := storetest.NewWorld(t, b.store)
	ctx, s := t.Context(), b.service
	for name, c := range map[string]struct {
		scope string
		one   bool
		call  func(a access.Actor, slug string) error
	}{
		"list": {"read_pipelines", false, func(a access.Actor, _ string) error {
			_, _, err := s.List(ctx, a, pipelines.Filter{}, store.Page{Limit: 1})
			return err
		}},
		"get":    {"read_pipelines", true, func(a access.Actor, slug string) error { _, err := s.Get(ctx, a, slug); return err }},
		"create": {"write_pipelines", false, func(a access.Actor, _ string) error { _, err := s.Create(ctx, a, input()); return err }},
		"update": {"write_pipelines", true, func(a access.Actor, slug string) error {
			_, err := s.Update(ctx, a, slug, pipelines.Changes{})
			return err
		}},
		"delete":    {"write_pipelines", true, func(a access.Actor, slug string) error { return s.Delete(ctx, a, slug) }},
		"archive":   {"write_pipelines", true, func(a access.Actor, slug string) error { _, err := s.Archive(ctx, a, slug); return err }},
		"unarchive": {"write_pipelines", true, func(a access.Actor, slug string) error { _, err := s.Unarchive(ctx, a, slug); return err }},
		"webhook":   {"write_pipelines", true, func(a access.Actor, slug string) error { return s.AddWebhook(ctx, a, slug) }},
	} {
		t.Run(name, func(t *testing.T) {
			bare := b.AdminActor()
			bare.Scopes = nil
			fails(t, "without scopes", c.call(bare, b.Pipeline.Slug), fault.Forbidden, "Your access token doesn't have the "+c.scope+" scope")
			nobody := b.AdminActor()
			nobody.Role = ""
			fails(t, "without a role", c.call(nobody, b.Pipeline.Slug), fault.Forbidden, "Forbidden")
			if !c.one {
				return
			}
			for _, slug := range []string{other.Pipeline.Slug, "", "\x00", strings.Repeat("a", 1000)} {
				fails(t, "slug "+slug, c.call(b.AdminActor(), slug), fault.NotFound, "No pipeline found")
			}
		})
	}
	fails(t, "webhook", s.AddWebhook(ctx, b.AdminActor(), b.Pipeline.Slug), fault.Invalid, "Auto-creating webhooks is not supported for your repository.")
}
