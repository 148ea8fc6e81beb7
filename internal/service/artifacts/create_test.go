package artifacts_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/bridle-ci/bridle/internal/core/artifact"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/queue"
	"github.com/bridle-ci/bridle/internal/service/artifacts"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/bridle-ci/bridle/internal/store/storetest"
	"github.com/google/go-cmp/cmp"
)

func TestCreateBatch(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle) {
		in := batch(item("a.txt", "A"), item("dir/b.txt", "BB"))
		c := b.create(t, in)
		if c.ID != in.ID || len(c.ArtifactIDs) != 2 || len(c.PerArtifact) != 0 {
			t.Errorf("got %+v", c)
		}
		action := artifacts.Action{
			URL: "https://ci.example/bridle/blobs/artifacts", Method: "POST", Path: "/bridle/blobs/artifacts", FileInput: "file",
		}
		if diff := cmp.Diff(action, *c.Instructions.Action); diff != "" {
			t.Errorf("action (-want +got):\n%s", diff)
		}
		got, err := store.GetArtifact(t.Context(), b.store.Read(), c.ArtifactIDs[1])
		if err != nil {
			t.Fatal(err)
		}
		want := store.Artifact{
			ID: c.ArtifactIDs[1], OrganizationID: b.job.OrganizationID, BuildID: b.job.BuildID, JobID: b.job.ID, BatchID: in.ID,
			Position: 1, State: store.ArtifactNew, Path: "dir/b.txt", AbsolutePath: "/w/dir/b.txt", ContentType: "text/plain",
			FileSize: 2, SHA1Sum: in.Artifacts[1].SHA1Sum, SHA256Sum: in.Artifacts[1].SHA256Sum, CreatedAt: b.clock.Now(),
			BlobKey: fmt.Sprintf("pipelines/%s/builds/%s/artifacts/%s", b.job.PipelineID, b.job.BuildID, c.ArtifactIDs[1]),
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("row (-want +got):\n%s", diff)
		}

		if again := b.create(t, in); !cmp.Equal(again, c) {
			t.Errorf("again (-first +second):\n%s", cmp.Diff(c, again))
		}
		in.Artifacts = in.Artifacts[:1]
		if _, err := b.CreateBatch(t.Context(), b.job, in); !fault.Is(err, fault.Invalid) {
			t.Errorf("other files under the same id: got %v", err)
		}
	})
}

func TestCreateBatchTwiceAtOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle) {
		in := batch(item("a.txt", "A"))
		var (
			wg  sync.WaitGroup
			got [4]artifacts.Created
		)
		for i := range got {
			wg.Go(func() {
				var err error
				if got[i], err = b.CreateBatch(t.Context(), b.job, in); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for _, c := range got {
			if !cmp.Equal(c.ArtifactIDs, got[0].ArtifactIDs) {
				t.Errorf("ids %v and %v", c.ArtifactIDs, got[0].ArtifactIDs)
			}
		}
	})
}

func TestCreateBatchElsewhere(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle) {
		in := batch(item("a.txt", "A"))
		in.UploadDestination, in.Artifacts[0].URL = "s3://bucket/dir", "https://bucket.s3.amazonaws.com/dir/a.txt"
		c := b.create(t, in)
		if err := b.finish(t, c.ArtifactIDs...); err != nil {
			t.Fatal(err)
		}
		found, err := b.Search(t.Context(), b.job, artifacts.Search{BuildID: b.job.BuildID, Query: "*"})
		if err != nil || len(found) != 1 || found[0].URL != in.Artifacts[0].URL || found[0].UploadDestination != "s3://bucket/dir" {
			t.Errorf("found %+v, %v", found, err)
		}
		if err := b.Upload(t.Context(), fields(c.Instructions, "a.txt"), strings.NewReader("A")); !fault.Is(err, fault.Invalid) {
			t.Errorf("upload to us: got %v", err)
		}
	})
}

func TestCreateBatchRefusals(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle) {
		for name, spoil := range map[string]func(*artifacts.Batch){
			"no UUID":           func(in *artifacts.Batch) { in.ID = "x" },
			"none":              func(in *artifacts.Batch) { in.Artifacts = nil },
			"too many":          func(in *artifacts.Batch) { in.Artifacts = make([]artifacts.Item, artifact.MaxPerBatch+1) },
			"path outside":      func(in *artifacts.Batch) { in.Artifacts[0].Path = "../x" },
			"path with NUL":     func(in *artifacts.Batch) { in.Artifacts[0].Path = "a\x00" },
			"absolute path NUL": func(in *artifacts.Batch) { in.Artifacts[0].AbsolutePath = "/a\x00" },
			"negative size":     func(in *artifacts.Batch) { in.Artifacts[0].FileSize = -1 },
			"too large":         func(in *artifacts.Batch) { in.Artifacts[0].FileSize = artifact.MaxFileBytes + 1 },
			"bad digest":        func(in *artifacts.Batch) { in.Artifacts[0].SHA1Sum = "xyz" },
			"elsewhere, no URL": func(in *artifacts.Batch) { in.UploadDestination = "s3://bucket" },
			"elsewhere, script": func(in *artifacts.Batch) {
				in.UploadDestination, in.Artifacts[0].URL = "s3://b", "javascript://x/%0aalert(1)"
			},
			"destination with NUL": func(in *artifacts.Batch) { in.UploadDestination = "s3://\x00" },
		} {
			in := batch(item("a.txt", "A"))
			spoil(&in)
			if _, err := b.CreateBatch(t.Context(), b.job, in); !fault.Is(err, fault.Invalid) {
				t.Errorf("%s: got %v, want invalid", name, err)
			}
		}
		n, err := store.CountArtifacts(t.Context(), b.store.Read(), store.ArtifactFilter{JobID: b.job.ID})
		if err != nil || n != 0 {
			t.Errorf("%d artifacts are there, %v", n, err)
		}
	})
}

func TestCreateBatchOverTheLimit(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle) {
		storetest.Write(t, b.store, func(tx *sqldb.Tx) error {
			rows := make([]store.Artifact, artifact.MaxPerJob-1)
			for i := range rows {
				rows[i] = store.Artifact{
					ID: store.NewID(), OrganizationID: b.job.OrganizationID, BuildID: b.job.BuildID, JobID: b.job.ID,
					BatchID: store.NewID(), State: store.ArtifactFinished, Path: "x",
				}
			}
			return store.InsertArtifacts(t.Context(), tx, rows)
		})
		if _, err := b.CreateBatch(t.Context(), b.job, batch(item("a", "A"), item("b", "B"))); !fault.Is(err, fault.Forbidden) {
			t.Errorf("got %v, want forbidden", err)
		}
		b.create(t, batch(item("a", "A")))
	})
}

func TestContentTypes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle) {
		for given, want := range map[string]string{
			"": "binary/octet-stream", "text/html; charset=utf-8": "text/html; charset=utf-8",
			"x\r\nSet-Cookie: a=b": "binary/octet-stream", strings.Repeat("a", 300): "binary/octet-stream",
		} {
			in := batch(item("a", "A"))
			in.Artifacts[0].ContentType = given
			a, err := store.GetArtifact(t.Context(), b.store.Read(), b.create(t, in).ArtifactIDs[0])
			if err != nil || a.ContentType != want {
				t.Errorf("%q became %q, %v; want %q", given, a.ContentType, err, want)
			}
		}
	})
}

func TestNewRefusals(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"", "ci.example", "://x"} {
		if _, err := artifacts.New(t.Context(), artifacts.Config{BaseURL: base}); err == nil {
			t.Errorf("base URL %q was taken", base)
		}
	}
}

func TestBaseURL(t *testing.T) {
	t.Parallel()
	st := storetest.Open(t)
	world := storetest.NewWorld(t, st)
	job := storetest.RunningJob(t, st, world.Pipeline)
	for base, want := range map[string][2]string{
		"https://ci.example":         {"https://ci.example/blobs/artifacts", "/blobs/artifacts"},
		"http://ci.example:8080/":    {"http://ci.example:8080/blobs/artifacts", "/blobs/artifacts"},
		"https://ci.example/bridle":  {"https://ci.example/bridle/blobs/artifacts", "/bridle/blobs/artifacts"},
		"https://ci.example/bridle/": {"https://ci.example/bridle/blobs/artifacts", "/bridle/blobs/artifacts"},
	} {
		s, err := artifacts.New(t.Context(), artifacts.Config{Store: st, Queue: queue.New(st.DB(), queue.Config{}), BaseURL: base})
		if err != nil {
			t.Fatal(err)
		}
		c, err := s.CreateBatch(t.Context(), &job, batch(item("a", "A")))
		if err != nil {
			t.Fatal(err)
		}
		if got := [2]string{c.Instructions.Action.URL, c.Instructions.Action.Path}; got != want {
			t.Errorf("%s: got %q, want %q", base, got, want)
		}
	}
}
