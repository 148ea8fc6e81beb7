package artifacts_test

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/url"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/bridle-ci/bridle/internal/blob/file"
	"github.com/bridle-ci/bridle/internal/bus/local"
	"github.com/bridle-ci/bridle/internal/queue"
	"github.com/bridle-ci/bridle/internal/service/artifacts"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/storetest"
	"github.com/google/uuid"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// bundle is a service with what it stands on, and a running job.
type bundle struct {
	*artifacts.Service
	store *store.Store
	queue *queue.Queue
	blobs *file.Store
	clock *storetest.Clock
	world storetest.World
	build store.Build
	job   *store.Job
}

func each(t *testing.T, test func(t *testing.T, b bundle)) {
	t.Helper()
	storetest.EachAt(t, func(t *testing.T, st *store.Store, clock *storetest.Clock) {
		blobs, err := file.Open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := blobs.Close(); err != nil {
				t.Errorf("close blobs: %v", err)
			}
		})
		b := bundle{store: st, queue: queue.New(st.DB(), queue.Config{}), blobs: blobs, clock: clock, world: storetest.NewWorld(t, st)}
		b.build = storetest.Build(t, st, b.world.Pipeline)
		job := storetest.Job(t, st, b.build, storetest.Step(t, st, b.build))
		b.job = &job
		b.Service, err = artifacts.New(t.Context(), artifacts.Config{
			Store: st, Queue: b.queue, Bus: local.New(), Blobs: blobs, BaseURL: "https://ci.example/bridle/", Now: clock.Now,
		})
		if err != nil {
			t.Fatal(err)
		}
		test(t, b)
	})
}

// item is a file with some content.
func item(path, content string) artifacts.Item {
	one, two := sha1.Sum([]byte(content)), sha256.Sum256([]byte(content))
	return artifacts.Item{
		Path: path, AbsolutePath: "/w/" + path, ContentType: "text/plain", FileSize: int64(len(content)),
		SHA1Sum: hex.EncodeToString(one[:]), SHA256Sum: hex.EncodeToString(two[:]),
	}
}

func batch(items ...artifacts.Item) artifacts.Batch {
	return artifacts.Batch{ID: uuid.NewString(), Artifacts: items}
}

func (b bundle) create(t *testing.T, in artifacts.Batch) artifacts.Created {
	t.Helper()
	c, err := b.CreateBatch(t.Context(), b.job, in)
	if err != nil {
		t.Fatalf("create: %v", err)
	}
	return c
}

// fields are what an agent sends with a file: the form's data with the path filled in.
func fields(in artifacts.Instructions, path string) map[string]string {
	filled := map[string]string{}
	for key, value := range in.Data {
		filled[key] = strings.ReplaceAll(value, "${artifact:path}", path)
	}
	return filled
}

func (b bundle) finish(t *testing.T, ids ...string) error {
	t.Helper()
	var changes []artifacts.StateChange
	for _, id := range ids {
		changes = append(changes, artifacts.StateChange{ID: id, State: store.ArtifactFinished})
	}
	return b.SetStates(t.Context(), b.job, changes)
}

// upload brings files of a job all the way and returns their ids.
func (b bundle) upload(t *testing.T, pathsAndContents ...string) []string {
	t.Helper()
	var items []artifacts.Item
	for i := 0; i < len(pathsAndContents); i += 2 {
		items = append(items, item(pathsAndContents[i], pathsAndContents[i+1]))
	}
	c := b.create(t, batch(items...))
	for i := 0; i < len(pathsAndContents); i += 2 {
		err := b.Upload(t.Context(), fields(c.Instructions, pathsAndContents[i]), strings.NewReader(pathsAndContents[i+1]))
		if err != nil {
			t.Fatalf("upload %s: %v", pathsAndContents[i], err)
		}
	}
	if err := b.finish(t, c.ArtifactIDs...); err != nil {
		t.Fatalf("finish: %v", err)
	}
	return c.ArtifactIDs
}

// follow splits a signed address into what the face makes of it: the elements below the base path, and the signature.
func follow(t *testing.T, link string) (elements []string, s artifacts.Signature) {
	t.Helper()
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	rest, ok := strings.CutPrefix(u.Path, "/bridle"+artifacts.Path+"/")
	if !ok || u.Host != "ci.example" || u.Scheme != "https" {
		t.Fatalf("link %s is elsewhere", link)
	}
	return strings.Split(path.Clean(rest), "/"), artifacts.Signature{
		Expires: u.Query().Get("expires"), Value: u.Query().Get("signature"),
	}
}

// download reads the file behind a link.
func (b bundle) download(t *testing.T, link string) string {
	t.Helper()
	elements, signature := follow(t, link)
	f, err := b.Open(t.Context(), elements[0], signature)
	if err != nil {
		t.Fatalf("open %s: %v", link, err)
	}
	defer f.Close()
	data, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func (b bundle) drain(t *testing.T) {
	t.Helper()
	if err := b.queue.Drain(t.Context(), b.clock.Now().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
}
