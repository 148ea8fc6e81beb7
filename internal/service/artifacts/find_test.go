package artifacts_test

import (
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/iotest"
	"time"

	"github.com/bridle-ci/bridle/internal/blob"
	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/service/artifacts"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

// in is the bundle with another job.
func (b bundle) in(job store.Job) bundle {
	b.job = &job
	return b
}

func TestSearch(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle) {
		step := storetest.Step(t, b.store, b.build, func(s *build.Step) { s.Key, s.Label = "unit", "Unit tests" })
		first := storetest.Job(t, b.store, b.build, step, func(j *store.Job) { j.RetriedInJobID = store.NewID() })
		second := storetest.Job(t, b.store, b.build, step, func(j *store.Job) { j.Spec.Label = "Unit tests 2" })
		b.upload(t, "log/a.xml", "1", "log/sub/b.xml", "2")
		b.in(first).upload(t, "log/a.xml", "3")
		b.in(second).upload(t, "log/a.xml", "4", "other.txt", "5")
		b.create(t, batch(item("log/new.xml", "6")))

		for name, c := range map[string]struct {
			search artifacts.Search
			want   string
		}{
			"all":               {artifacts.Search{Query: "*"}, "[2 4 5]"},
			"below a folder":    {artifacts.Search{Query: "log/*.xml"}, "[2 4]"},
			"one":               {artifacts.Search{Query: "other.txt"}, "[5]"},
			"none":              {artifacts.Search{Query: "nothing"}, "[]"},
			"duplicates":        {artifacts.Search{Query: "log/a.xml", IncludeDuplicates: true}, "[1 4]"},
			"retried as well":   {artifacts.Search{Query: "log/a.xml", IncludeDuplicates: true, IncludeRetriedJobs: true}, "[1 3 4]"},
			"by step key":       {artifacts.Search{Query: "*", Scope: "unit"}, "[4 5]"},
			"by step label":     {artifacts.Search{Query: "*", Scope: "Unit tests", IncludeRetriedJobs: true, IncludeDuplicates: true}, "[3 4 5]"},
			"by job label":      {artifacts.Search{Query: "*", Scope: "Unit tests 2"}, "[4 5]"},
			"by job":            {artifacts.Search{Query: "*", Scope: b.job.ID}, "[1 2]"},
			"by an unknown job": {artifacts.Search{Query: "*", Scope: store.NewID()}, "[]"},
			"by no step":        {artifacts.Search{Query: "*", Scope: "nope"}, "[]"},
		} {
			c.search.BuildID = b.job.BuildID
			found, err := b.Search(t.Context(), b.job, c.search)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			contents := make([]string, len(found))
			for i, f := range found {
				contents[i] = b.download(t, f.URL)
			}
			if got := fmt.Sprint(contents); got != c.want {
				t.Errorf("%s: got %s, want %s", name, got, c.want)
			}
		}
	})
}

func TestSearchOtherBuilds(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle) {
		elsewhere := storetest.NewWorld(t, b.store)
		otherCluster := storetest.Cluster(t, b.store, b.world.Organization)
		pipeline := func(o store.Organization, c store.Cluster) store.Pipeline {
			return storetest.Pipeline(t, b.store, o, func(p *store.Pipeline) { p.ClusterID = &c.ID })
		}
		for name, c := range map[string]struct {
			build string
			want  fault.Kind
		}{
			"same pipeline":        {storetest.Build(t, b.store, b.world.Pipeline).ID, ""},
			"same cluster":         {storetest.Build(t, b.store, pipeline(b.world.Organization, b.world.Cluster)).ID, ""},
			"another cluster":      {storetest.Build(t, b.store, pipeline(b.world.Organization, otherCluster)).ID, fault.Forbidden},
			"another organization": {storetest.Build(t, b.store, elsewhere.Pipeline).ID, fault.NotFound},
			"unknown":              {store.NewID(), fault.NotFound},
			"no id":                {"x", fault.NotFound},
		} {
			if _, err := b.Search(t.Context(), b.job, artifacts.Search{BuildID: c.build, Query: "*"}); fault.KindOf(err) != c.want || (err != nil) != (c.want != "") {
				t.Errorf("%s: got %v, want %s", name, err, c.want)
			}
		}
		if _, err := b.Search(t.Context(), b.job, artifacts.Search{BuildID: b.job.BuildID}); !fault.Is(err, fault.Invalid) {
			t.Errorf("no query: got %v", err)
		}
	})
}

func TestList(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle) {
		other := b.in(storetest.Job(t, b.store, b.build, storetest.Step(t, b.store, b.build)))
		b.upload(t, "a/1.txt", "x", "a/2.txt", "x", "b.txt", "x")
		other.upload(t, "a/3.txt", "x")
		b.create(t, batch(item("new.txt", "x")))
		ofBuild, ofJob := artifacts.Owner{BuildID: b.job.BuildID}, artifacts.Owner{BuildID: b.job.BuildID, JobID: b.job.ID}
		page := store.Page{Limit: 2}
		for name, c := range map[string]struct {
			owner  artifacts.Owner
			filter artifacts.Filter
			page   store.Page
			want   string
		}{
			"of a job":       {ofJob, artifacts.Filter{}, store.Page{Limit: 10}, "[a/1.txt a/2.txt b.txt new.txt] of 4"},
			"of a build":     {ofBuild, artifacts.Filter{}, page, "[a/1.txt a/2.txt] of 5"},
			"second page":    {ofBuild, artifacts.Filter{}, store.Page{Limit: 2, Offset: 2}, "[b.txt a/3.txt] of 5"},
			"by state":       {ofBuild, artifacts.Filter{State: "new"}, page, "[new.txt] of 1"},
			"by path":        {ofBuild, artifacts.Filter{Path: "b.txt"}, page, "[b.txt] of 1"},
			"by pattern":     {ofBuild, artifacts.Filter{Path: "a/*"}, page, "[a/1.txt a/2.txt] of 3"},
			"pattern, paged": {ofBuild, artifacts.Filter{Path: "a/*"}, store.Page{Limit: 2, Offset: 2}, "[a/3.txt] of 3"},
		} {
			items, total, err := b.List(t.Context(), b.world.MemberActor(), c.owner, c.filter, c.page)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			paths := make([]string, len(items))
			for i, a := range items {
				paths[i] = a.Path
			}
			if got := fmt.Sprintf("%v of %d", paths, total); got != c.want {
				t.Errorf("%s: got %s, want %s", name, got, c.want)
			}
		}
		if _, _, err := b.List(t.Context(), b.world.MemberActor(), ofJob, artifacts.Filter{State: "x"}, page); !fault.Is(err, fault.Invalid) {
			t.Errorf("unknown state: got %v", err)
		}
	})
}

func TestPermissions(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle) {
		id := b.upload(t, "a.txt", "A")[0]
		owner := artifacts.Owner{BuildID: b.job.BuildID, JobID: b.job.ID}
		stranger := storetest.NewWorld(t, b.store).AdminActor()
		scopeless := b.world.AdminActor()
		scopeless.Scopes = []access.Scope{access.ReadBuilds}
		for name, c := range map[string]struct {
			actor access.Actor
			owner artifacts.Owner
			id    string
			want  fault.Kind
		}{
			"another organization": {stranger, owner, id, fault.NotFound},
			"without the scope":    {scopeless, owner, id, fault.Forbidden},
			"another job":          {b.world.AdminActor(), artifacts.Owner{JobID: store.NewID()}, id, fault.NotFound},
			"another build":        {b.world.AdminActor(), artifacts.Owner{BuildID: store.NewID()}, id, fault.NotFound},
			"unknown":              {b.world.AdminActor(), owner, store.NewID(), fault.NotFound},
			"no id":                {b.world.AdminActor(), owner, "x", fault.NotFound},
		} {
			for call, err := range map[string]error{
				"get":      second(b.Get(t.Context(), c.actor, c.owner, c.id)),
				"download": second(b.DownloadURL(t.Context(), c.actor, c.owner, c.id)),
				"delete":   b.Delete(t.Context(), c.actor, c.owner, c.id),
			} {
				if fault.KindOf(err) != c.want {
					t.Errorf("%s, %s: got %v, want %s", name, call, err, c.want)
				}
			}
		}
		if _, _, err := b.List(t.Context(), scopeless, owner, artifacts.Filter{}, store.Page{Limit: 1}); !fault.Is(err, fault.Forbidden) {
			t.Errorf("list without the scope: got %v", err)
		}
		if a, err := b.Get(t.Context(), b.world.MemberActor(), owner, id); err != nil || a.Path != "a.txt" {
			t.Errorf("got %+v, %v", a, err)
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestDelete(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle) {
		id := b.upload(t, "a.txt", "A")[0]
		actor, owner := b.world.MemberActor(), artifacts.Owner{JobID: b.job.ID}
		link, err := b.DownloadURL(t.Context(), actor, owner, id)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := b.Delete(t.Context(), actor, owner, id); err != nil {
				t.Fatal(err)
			}
		}
		a, err := b.Get(t.Context(), actor, owner, id)
		if err != nil || a.State != store.ArtifactDeleted {
			t.Errorf("state %s, %v", a.State, err)
		}
		kept := b.upload(t, "b.txt", "B")[0]
		for name, c := range map[string]struct {
			filter artifacts.Filter
			want   string
		}{
			"list":            {artifacts.Filter{}, kept},
			"list by pattern": {artifacts.Filter{Path: "*.txt"}, kept},
			"list of deleted": {artifacts.Filter{State: "deleted"}, id},
		} {
			found, total, err := b.List(t.Context(), actor, owner, c.filter, store.Page{Limit: 10})
			if err != nil || total != 1 || len(found) != 1 || found[0].ID != c.want {
				t.Errorf("%s: got %d of %d, %v", name, len(found), total, err)
			}
		}
		elements, signature := follow(t, link)
		if _, err := b.Open(t.Context(), elements[0], signature); !fault.Is(err, fault.NotFound) {
			t.Errorf("an older link: got %v", err)
		}
		if _, err := b.DownloadURL(t.Context(), actor, owner, id); !fault.Is(err, fault.NotFound) {
			t.Errorf("a new link: got %v", err)
		}
		b.drain(t)
		if _, err := b.blobs.Stat(t.Context(), a.BlobKey); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("the object: got %v, want it gone", err)
		}
	})
}

func TestLinks(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle) {
		b.upload(t, "a.png", "old")
		b.upload(t, "a.png", "new", "b.png", "b")
		b.create(t, batch(item("c.png", "c")))
		links, err := b.Links(t.Context(), b.job.BuildID, []string{"a.png", "c.png", "d.png"})
		if err != nil || len(links) != 1 || b.download(t, links["a.png"]) != "new" {
			t.Fatalf("got %v, %v", links, err)
		}
		b.clock.Advance(time.Minute)
		again, err := b.Links(t.Context(), b.job.BuildID, []string{"a.png"})
		if err != nil || again["a.png"] != links["a.png"] {
			t.Errorf("a minute later: %v, %v; want the same address", again, err)
		}
		if none, err := b.Links(t.Context(), b.job.BuildID, nil); err != nil || len(none) != 0 {
			t.Errorf("no paths: %v, %v", none, err)
		}
	})
}

func TestFileSeeks(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle) {
		id := b.upload(t, "a.txt", "0123456789")[0]
		link, err := b.DownloadURL(t.Context(), b.world.MemberActor(), artifacts.Owner{JobID: b.job.ID}, id)
		if err != nil {
			t.Fatal(err)
		}
		elements, signature := follow(t, link)
		f, err := b.Open(t.Context(), elements[0], signature)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := iotest.TestReader(io.Reader(f), []byte("0123456789")); err != nil {
			t.Error(err)
		}
	})
}
