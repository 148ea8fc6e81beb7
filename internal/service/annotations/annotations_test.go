package annotations_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/bridle-ci/bridle/internal/bus/local"
	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/annotation"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/service/annotations"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// bundle is a service with a running job.
type bundle struct {
	*annotations.Service
	store *store.Store
	world storetest.World
	job   *store.Job
	actor access.Actor
}

// links resolve paths and count how often they are asked.
type links struct {
	mu    sync.Mutex
	asked int
}

func (l *links) Links(_ context.Context, _ string, paths []string) (map[string]string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked++
	found := map[string]string{}
	for _, p := range paths {
		if !strings.HasPrefix(p, "missing") {
			found[p] = "/blobs/" + p
		}
	}
	return found, nil
}

func each(t *testing.T, test func(t *testing.T, b bundle, l *links)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		b := bundle{store: st, world: storetest.NewWorld(t, st)}
		job := storetest.RunningJob(t, st, b.world.Pipeline)
		b.job, b.actor = &job, b.world.MemberActor()
		l := &links{}
		b.Service = annotations.New(annotations.Config{Store: st, Bus: local.New(), Artifacts: l})
		test(t, b, l)
	})
}

func (b bundle) annotate(t *testing.T, scope string, c annotation.Change) {
	t.Helper()
	if err := b.Annotate(t.Context(), b.job, scope, c); err != nil {
		t.Fatalf("annotate: %v", err)
	}
}

func (b bundle) ofBuild() annotations.Owner { return annotations.Owner{BuildID: b.job.BuildID} }
func (b bundle) ofJob() annotations.Owner {
	return annotations.Owner{BuildID: b.job.BuildID, JobID: b.job.ID}
}

// list tells of annotations in a line.
func (b bundle) list(t *testing.T, o annotations.Owner, f annotations.Filter) string {
	t.Helper()
	views, total, err := b.List(t.Context(), b.actor, o, f, store.Page{Limit: 10})
	if err != nil {
		t.Fatalf("list: %v", err)
	}
	words := []string{fmt.Sprintf("%d:", total)}
	for _, v := range views {
		words = append(words, fmt.Sprintf("%s/%s %s %d %q", v.Context, v.Scope, v.Style, v.Priority, strings.TrimSpace(v.BodyHTML)))
	}
	return strings.Join(words, " | ")
}

func TestAnnotate(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle, _ *links) {
		b.annotate(t, "", annotation.Change{Body: "one"})
		b.annotate(t, "build", annotation.Change{Body: " two", Append: true, Style: "info"})
		b.annotate(t, "build", annotation.Change{Context: "other", Body: "high", Priority: 9})
		b.annotate(t, "job", annotation.Change{Body: "own", Style: "error"})
		for name, c := range map[string]struct {
			owner  annotations.Owner
			filter annotations.Filter
			want   string
		}{
			"of the build":   {b.ofBuild(), annotations.Filter{}, `2: | other/build default 9 "<p>high</p>" | default/build info 3 "<p>one two</p>"`},
			"of jobs":        {b.ofBuild(), annotations.Filter{Scope: "job"}, `1: | default/job error 3 "<p>own</p>"`},
			"all":            {b.ofBuild(), annotations.Filter{Scope: "all", OmitBody: true}, `3: | other/build default 9 "" | default/build info 3 "" | default/job error 3 ""`},
			"of the job":     {b.ofJob(), annotations.Filter{}, `1: | default/job error 3 "<p>own</p>"`},
			"of another job": {annotations.Owner{BuildID: b.job.BuildID, JobID: store.NewID()}, annotations.Filter{}, "0:"},
		} {
			if got := b.list(t, c.owner, c.filter); got != c.want {
				t.Errorf("%s: got %s, want %s", name, got, c.want)
			}
		}
		b.annotate(t, "job", annotation.Change{Style: "success"})
		if got, want := b.list(t, b.ofJob(), annotations.Filter{}), `1: | default/job success 3 "<p>own</p>"`; got != want {
			t.Errorf("style alone: got %s, want %s", got, want)
		}
	})
}

func TestAnnotateManyAtOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle, _ *links) {
		var wg sync.WaitGroup
		const n = 8
		for range n {
			wg.Go(func() {
				if err := b.Annotate(t.Context(), b.job, "", annotation.Change{Body: "x", Append: true}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got, want := b.list(t, b.ofBuild(), annotations.Filter{}), `1: | default/build default 3 "<p>`+strings.Repeat("x", n)+`</p>"`; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

func TestAnnotateRefusals(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle, _ *links) {
		b.annotate(t, "", annotation.Change{Body: strings.Repeat("x", annotation.MaxBody)})
		for name, c := range map[string]struct {
			scope  string
			change annotation.Change
		}{
			"unknown scope":     {"pipeline", annotation.Change{Body: "x"}},
			"unknown style":     {"", annotation.Change{Body: "x", Style: "danger"}},
			"nothing to change": {"", annotation.Change{Context: "new", Style: "info"}},
			"one byte too many": {"", annotation.Change{Body: "x", Append: true}},
		} {
			if err := b.Annotate(t.Context(), b.job, c.scope, c.change); !fault.Is(err, fault.Invalid) {
				t.Errorf("%s: got %v, want invalid", name, err)
			}
		}
		if _, total, err := b.List(t.Context(), b.actor, b.ofBuild(), annotations.Filter{OmitBody: true}, store.Page{Limit: 1}); err != nil || total != 1 {
			t.Errorf("%d annotations, %v", total, err)
		}
		if _, _, err := b.List(t.Context(), b.actor, b.ofBuild(), annotations.Filter{Scope: "x"}, store.Page{Limit: 1}); !fault.Is(err, fault.Invalid) {
			t.Errorf("list of an unknown scope: got %v", err)
		}
	})
}

func TestRemove(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle, _ *links) {
		b.annotate(t, "", annotation.Change{Body: "x"})
		b.annotate(t, "job", annotation.Change{Body: "y", Context: "a/b"})
		if err := b.Remove(t.Context(), b.job, "job", ""); !fault.Is(err, fault.NotFound) {
			t.Errorf("another scope: got %v", err)
		}
		if err := b.Remove(t.Context(), b.job, "x", ""); !fault.Is(err, fault.Invalid) {
			t.Errorf("unknown scope: got %v", err)
		}
		for _, c := range [][2]string{{"build", ""}, {"job", "a/b"}} {
			if err := b.Remove(t.Context(), b.job, c[0], c[1]); err != nil {
				t.Errorf("remove %v: %v", c, err)
			}
			if err := b.Remove(t.Context(), b.job, c[0], c[1]); !fault.Is(err, fault.NotFound) {
				t.Errorf("remove %v again: got %v", c, err)
			}
		}
		if got := b.list(t, b.ofBuild(), annotations.Filter{Scope: "all"}); got != "0:" {
			t.Errorf("left: %s", got)
		}
	})
}

func TestCreateAndDelete(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle, _ *links) {
		v, err := b.Create(t.Context(), b.actor, b.ofJob(), annotation.Change{Body: "**x**", Style: "info"})
		if err != nil || v.JobID != b.job.ID || v.BodyHTML != "<p><strong>x</strong></p>\n" || v.Priority != 3 {
			t.Fatalf("got %+v, %v", v, err)
		}
		again, err := b.Create(t.Context(), b.actor, b.ofJob(), annotation.Change{Body: "y"})
		if err != nil || again.ID != v.ID || again.BodyHTML != "<p>y</p>\n" {
			t.Errorf("again: %+v, %v", again, err)
		}
		if _, err := b.Create(t.Context(), b.actor, b.ofJob(), annotation.Change{Style: "error"}); !fault.Is(err, fault.Invalid) {
			t.Errorf("without a body: got %v", err)
		}
		reader := b.actor
		reader.Scopes = []access.Scope{access.ReadArtifacts}
		if _, err := b.Create(t.Context(), reader, b.ofJob(), annotation.Change{Body: "z"}); !fault.Is(err, fault.Forbidden) {
			t.Errorf("create without the scope: got %v", err)
		}
		if _, _, err := b.List(t.Context(), reader, b.ofJob(), annotations.Filter{}, store.Page{Limit: 1}); !fault.Is(err, fault.Forbidden) {
			t.Errorf("list without the scope: got %v", err)
		}
		for name, c := range map[string]struct {
			actor access.Actor
			owner annotations.Owner
			id    string
			want  fault.Kind
		}{
			"without the scope": {reader, b.ofJob(), v.ID, fault.Forbidden},
			"another job":       {b.actor, annotations.Owner{BuildID: b.job.BuildID, JobID: store.NewID()}, v.ID, fault.NotFound},
			"another build":     {b.actor, annotations.Owner{BuildID: store.NewID()}, v.ID, fault.NotFound},
			"no id":             {b.actor, b.ofBuild(), "x", fault.NotFound},
		} {
			if err := b.Delete(t.Context(), c.actor, c.owner, c.id); fault.KindOf(err) != c.want {
				t.Errorf("delete, %s: got %v, want %s", name, err, c.want)
			}
		}
		if err := b.Delete(t.Context(), b.actor, b.ofBuild(), strings.ToUpper(v.ID)); err != nil {
			t.Errorf("delete by way of the build: %v", err)
		}
		if err := b.Delete(t.Context(), b.actor, b.ofJob(), v.ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("delete again: got %v", err)
		}
	})
}

func TestArtifactsInAnnotations(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle, l *links) {
		b.annotate(t, "", annotation.Change{Body: "![a](artifact://a.png)"})
		b.annotate(t, "", annotation.Change{Context: "b", Body: "[b](artifact://b.txt) [c](artifact://missing)"})
		want := `2: | default/build default 3 "<p><img src=\"/blobs/a.png\" alt=\"a\"/></p>"` +
			` | b/build default 3 "<p><a href=\"/blobs/b.txt\" rel=\"nofollow noreferrer\">b</a> <a rel=\"nofollow noreferrer\">c</a></p>"`
		if got := b.list(t, b.ofBuild(), annotations.Filter{}); got != want {
			t.Errorf("got %s\nwant %s", got, want)
		}
		if l.asked != 1 {
			t.Errorf("asked for artifacts %d times, want once", l.asked)
		}
	})
}
