package logs_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/bridle-ci/bridle/internal/blob"
	"github.com/bridle-ci/bridle/internal/bus/local"
	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/queue"
	"github.com/bridle-ci/bridle/internal/service/logs"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/bridle-ci/bridle/internal/store/storetest"
	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
)

func TestCloseTask(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle) {
		b.append(t, 0, "\x1b_bk;t=7\x07--- a\r\n")
		b.append(t, 100, "after the gap\n")
		payload, err := json.Marshal(logs.Closing{JobID: b.job.ID, BuildID: b.job.BuildID, PipelineID: b.job.PipelineID})
		if err != nil {
			t.Fatal(err)
		}
		storetest.Write(t, b.store, func(tx *sqldb.Tx) error {
			return b.queue.Enqueue(t.Context(), tx, queue.Task{Kind: logs.CloseTask, Key: b.job.ID, Payload: payload})
		})
		if err := b.queue.Drain(t.Context(), time.Now()); err != nil {
			t.Fatal(err)
		}
		want := "\x1b_bk;t=7\x07--- a\r\nafter the gap\n"
		if got := b.read(t, 0, -1); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		got, err := store.GetJobLog(t.Context(), b.store.Read(), b.job.ID)
		if err != nil {
			t.Fatal(err)
		}
		key := "pipelines/" + b.job.PipelineID + "/builds/" + b.job.BuildID + "/logs/" + b.job.ID
		row := store.JobLog{
			JobID: b.job.ID, BuildID: b.job.BuildID, State: store.LogClosed, Size: int64(len(want)), Stored: got.Stored,
			BlobKey: key, HeaderTimes: []int64{7 * int64(time.Millisecond)}, UpdatedAt: got.UpdatedAt,
		}
		if diff := cmp.Diff(row, got); diff != "" {
			t.Errorf("row (-want +got):\n%s", diff)
		}
		b.close(t) // again
		if got := b.read(t, 0, -1); got != want {
			t.Errorf("closed again: got %q, want %q", got, want)
		}
	})
}

func TestCloseWithoutChunks(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle) {
		b.close(t)
		if got := b.read(t, 0, -1); got != "" {
			t.Errorf("got %q", got)
		}
		if err := b.Close(t.Context(), store.NewID()); err != nil {
			t.Errorf("a job that is gone: %v", err)
		}
	})
}

// TestClosedLogIsZstandard reads a closed log with a decoder that knows nothing of its table.
func TestClosedLogIsZstandard(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle) {
		text := strings.Repeat("0123456789abcdef", 64<<10/16)
		for i := range int64(20) {
			b.append(t, i*int64(len(text)), text)
		}
		b.close(t)
		l, err := store.GetJobLog(t.Context(), b.store.Read(), b.job.ID)
		if err != nil {
			t.Fatal(err)
		}
		packed, info, err := b.blobs.Get(t.Context(), l.BlobKey, 0, -1)
		if err != nil {
			t.Fatal(err)
		}
		defer packed.Close()
		if info.Size > 64<<10 {
			t.Errorf("the blob has %d bytes", info.Size)
		}
		d, err := zstd.NewReader(packed)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		plain, err := io.ReadAll(d)
		if err != nil {
			t.Fatal(err)
		}
		if string(plain) != strings.Repeat(text, 20) {
			t.Errorf("got %d bytes", len(plain))
		}
	})
}

// breaking fails to put objects until it is mended.
type breaking struct {
	blob.Store
	mended bool
}

func (s *breaking) Put(ctx context.Context, key string, r io.Reader) (blob.Info, error) {
	if !s.mended {
		_, _ = r.Read(make([]byte, 1))
		return blob.Info{}, errors.New("no space")
	}
	return s.Store.Put(ctx, key, r)
}

func TestCloseInterrupted(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle) {
		blobs := &breaking{Store: b.blobs}
		dir := t.TempDir()
		restart := func() *logs.Service {
			s, err := logs.New(logs.Config{
				Store: b.store, Queue: queue.New(b.store.DB(), queue.Config{}), Bus: local.New(), Blobs: blobs, Dir: dir,
			})
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		b.Service = restart()
		b.append(t, 0, "kept")
		if err := b.Close(t.Context(), b.job.ID); err == nil {
			t.Fatal("closed without a blob")
		}
		for range 2 {
			if got := b.read(t, 0, -1); got != "kept" {
				t.Errorf("between: got %q", got)
			}
			if err := b.try(t, 4, "more"); !fault.Is(err, fault.Conflict) {
				t.Errorf("between: got %v, want a conflict", err)
			}
			b.Service = restart()
		}
		blobs.mended = true
		b.close(t)
		if got := b.read(t, 0, -1); got != "kept" {
			t.Errorf("after: got %q", got)
		}
	})
}

func TestDelete(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle) {
		remove := func() error { return b.Delete(t.Context(), b.job.ID) }
		if err := remove(); err != nil {
			t.Errorf("without a log: %v", err)
		}
		b.append(t, 0, "secret")
		if err := remove(); !fault.Is(err, fault.Invalid) {
			t.Errorf("while open: got %v, want a refusal", err)
		}
		b.close(t)
		l, err := store.GetJobLog(t.Context(), b.store.Read(), b.job.ID)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := remove(); err != nil {
				t.Fatal(err)
			}
		}
		if got := b.read(t, 0, -1); got != "" {
			t.Errorf("got %q after the deletion", got)
		}
		if err := b.queue.Drain(t.Context(), time.Now()); err != nil {
			t.Fatal(err)
		}
		if _, err := b.blobs.Stat(t.Context(), l.BlobKey); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("the blob: got %v, want it gone", err)
		}
		if err := b.try(t, 0, "again"); !fault.Is(err, fault.Conflict) {
			t.Errorf("append: got %v, want a conflict", err)
		}
	})
}

// TestDeleteWaitsForTheClose deletes a log between the end of its job and the task that closes it.
func TestDeleteWaitsForTheClose(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle) {
		b.append(t, 0, "secret")
		storetest.Write(t, b.store, func(tx *sqldb.Tx) error {
			job, err := store.GetJob(t.Context(), tx, b.job.ID)
			if err != nil {
				return err
			}
			was := job.State
			job.State = build.JobFinished
			return store.SaveJob(t.Context(), tx, job, was)
		})
		deleted := make(chan error, 1)
		go func() { deleted <- b.Delete(t.Context(), b.job.ID) }()
		select {
		case <-b.subscribed:
		case err := <-deleted:
			t.Fatalf("before the log was closed: %v", err)
		}
		b.close(t)
		if err := <-deleted; err != nil {
			t.Fatal(err)
		}
		if got := b.read(t, 0, -1); got != "" {
			t.Errorf("got %q after the deletion", got)
		}
	})
}
