package logs_test

import (
	"context"
	"io"
	"maps"
	"testing"

	"github.com/bridle-ci/bridle/internal/blob/file"
	"github.com/bridle-ci/bridle/internal/bus"
	"github.com/bridle-ci/bridle/internal/bus/local"
	"github.com/bridle-ci/bridle/internal/queue"
	"github.com/bridle-ci/bridle/internal/service/logs"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// bundle is a service with what it stands on, and a running job.
type bundle struct {
	*logs.Service
	store *store.Store
	queue *queue.Queue
	blobs *file.Store
	world storetest.World
	job   store.Job
	start func() *logs.Service // a new process on the same data
	// subscribed has the topics that were subscribed to.
	subscribed chan string
}

// each runs a test on both engines, which is both ways to keep open logs.
func each(t *testing.T, test func(t *testing.T, b bundle)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, st *store.Store) { test(t, setup(t, st)) })
}

func setup(tb testing.TB, st *store.Store) bundle {
	tb.Helper()
	blobs, err := file.Open(tb.TempDir())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := blobs.Close(); err != nil {
			tb.Errorf("close blobs: %v", err)
		}
	})
	b := bundle{store: st, blobs: blobs, world: storetest.NewWorld(tb, st)}
	b.job = storetest.RunningJob(tb, st, b.world.Pipeline)
	b.subscribed = make(chan string, 10)
	dir, hints := tb.TempDir(), watched{local.New(), b.subscribed}
	b.start = func() *logs.Service {
		b.queue = queue.New(st.DB(), queue.Config{})
		s, err := logs.New(logs.Config{
			Store: st, Queue: b.queue, Bus: hints, Blobs: blobs, Artifacts: links{"shot.png": "/blobs/shot"}, Dir: dir,
		})
		if err != nil {
			tb.Fatal(err)
		}
		return s
	}
	b.Service = b.start()
	return b
}

// watched is a bus that tells what is subscribed to, as far as there is room.
type watched struct {
	bus.Bus
	subscribed chan<- string
}

func (w watched) Subscribe(topic string) (<-chan string, func()) {
	events, cancel := w.Bus.Subscribe(topic)
	select {
	case w.subscribed <- topic:
	default:
	}
	return events, cancel
}

// links are the addresses of artifacts by path.
type links map[string]string

func (l links) Links(context.Context, string, []string) (map[string]string, error) {
	return maps.Clone(l), nil
}

// append appends bytes at an offset.
func (b bundle) append(tb testing.TB, offset int64, data string) {
	tb.Helper()
	if err := b.try(tb, offset, data); err != nil {
		tb.Fatalf("append %d bytes at %d: %v", len(data), offset, err)
	}
}

func (b bundle) try(tb testing.TB, offset int64, data string) error {
	return b.Append(tb.Context(), b.job.ID, logs.Chunk{Sequence: 1, Offset: offset, Size: int64(len(data)), Data: []byte(data)})
}

func (b bundle) close(tb testing.TB) {
	tb.Helper()
	if err := b.Close(tb.Context(), b.job.ID); err != nil {
		tb.Fatalf("close: %v", err)
	}
}

// read returns a range of the log.
func (b bundle) read(tb testing.TB, offset, length int64) string {
	tb.Helper()
	r, _, err := b.Read(tb.Context(), b.job.ID, offset, length)
	if err != nil {
		tb.Fatalf("read %d bytes at %d: %v", length, offset, err)
	}
	return drain(tb, r)
}

func drain(tb testing.TB, r io.ReadCloser) string {
	tb.Helper()
	data, err := io.ReadAll(r)
	if err != nil {
		tb.Fatalf("read: %v", err)
	}
	if err := r.Close(); err != nil {
		tb.Fatalf("close reader: %v", err)
	}
	return string(data)
}

func (b bundle) size(tb testing.TB) int64 {
	tb.Helper()
	n, err := b.Size(tb.Context(), b.job.ID)
	if err != nil {
		tb.Fatalf("size: %v", err)
	}
	return n
}
