package builds_test

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/service/builds"
	"github.com/bridle-ci/bridle/internal/store"
)

// TestRejectedUploadChangesOnlyItsRow sends what is refused for each reason, twice.
func TestRejectedUploadChangesOnlyItsRow(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ pipeline, kind string }{
		"broken step":   {`{"steps":[{"shell":"z"}]}`, "invalid_definition"},
		"no pipeline":   {`"text"`, "invalid_definition"},
		"duplicate key": {`{"steps":[{"command":"z","key":"here"}]}`, "invalid_steps"},
		"no queue":      {`{"steps":[{"command":"z","agents":{"queue":"nowhere"}}]}`, "invalid_steps"},
		"cycle":         {`{"steps":[{"command":"p","key":"p","depends_on":"q"},{"command":"q","key":"q","depends_on":"p"}]}`, "invalid_steps"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, w *world) {
				b := w.build("steps:\n  - {command: upload, key: here}\n")
				got := w.take(w.agent())
				before := w.reload(b)
				u := builds.Upload{ID: store.NewID(), Pipeline: json.RawMessage(tt.pipeline), Replace: true}
				_, first := w.service.Upload(t.Context(), got.Job, u)
				again, second := w.service.Upload(t.Context(), got.Job, u)
				if !fault.Is(first, fault.Invalid) || second == nil || first.Error() != second.Error() {
					t.Errorf("the answers are %v and %v", first, second)
				}
				if again.State != store.UploadRejected || again.RejectionType != tt.kind || again.Message != first.Error() || again.ProcessedAt == nil {
					t.Errorf("recorded %+v", again)
				}
				w.wantBuild(b, build.Running, "running")
				if after := w.reload(b); after.Uploads != before.Uploads || after.JobsCreated != before.JobsCreated {
					t.Errorf("the build has %d uploads and %d jobs", after.Uploads, after.JobsCreated)
				}
				status, err := w.service.UploadStatus(t.Context(), got.Job, u.ID)
				must(t, err)
				if status.State != store.UploadRejected || status.Message == "" {
					t.Errorf("status %+v", status)
				}
			})
		})
	}
}

func TestUploadOfEndedJobIsRejected(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		b := w.build("steps:\n  - command: one\n  - command: two\n")
		got := w.runNext(w.agent(), 0)
		u := builds.Upload{ID: store.NewID(), Pipeline: json.RawMessage(`{"steps":["wait"]}`)}
		row, err := w.service.Upload(t.Context(), got.Job, u)
		if !fault.Is(err, fault.Invalid) || row.RejectionType != "not_running" {
			t.Errorf("upload of an ended job: %v, %+v", err, row)
		}
		w.runNext(w.agent(), 0)
		u.ID = store.NewID()
		if _, err = w.service.Upload(t.Context(), got.Job, u); err == nil || err.Error() != "You can only change the pipeline of a running build" {
			t.Errorf("upload to an ended build: %v", err)
		}
		w.wantBuild(b, build.Passed, "passed", "passed")
	})
}

// TestUploadSentAtTheSameTimeIsOne repeats an upload concurrently, as an agent does whose answers get lost.
func TestUploadSentAtTheSameTimeIsOne(t *testing.T) {
	t.Parallel()
	for name, document := range map[string]string{"applied": `{"steps":[{"command":"x","key":"x"}]}`, "rejected": `{"steps":[{"shell":"x"}]}`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, w *world) {
				b := w.build("steps:\n  - command: upload\n")
				got := w.take(w.agent())
				u := builds.Upload{ID: store.NewID(), Pipeline: json.RawMessage(document)}
				var group sync.WaitGroup
				for range 8 {
					group.Go(func() {
						row, err := w.service.Upload(t.Context(), got.Job, u)
						if string(row.State) != name || fault.Is(err, fault.Invalid) != (name == "rejected") {
							t.Errorf("answered %s, %v", row.State, err)
						}
					})
				}
				group.Wait()
				page, err := w.service.Uploads(t.Context(), w.AdminActor(), w.slugOf(b), "1", builds.UploadFilter{Limit: 100})
				must(t, err)
				if len(page.Uploads) != 1 {
					t.Errorf("%d uploads are recorded", len(page.Uploads))
				}
			})
		})
	}
}

// TestRejectedUploadsAreBounded sends more than a build remembers: the rest is answered alike and forgotten.
func TestRejectedUploadsAreBounded(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		b := w.build("steps:\n  - command: upload\n")
		got := w.take(w.agent())
		for i := range 502 {
			document := fmt.Sprintf(`{"steps":[{"shell":"%d"}]}`, i)
			if _, err := w.service.Upload(t.Context(), got.Job, builds.Upload{ID: store.NewID(), Pipeline: json.RawMessage(document)}); !fault.Is(err, fault.Invalid) {
				t.Fatalf("upload %d: %v", i, err)
			}
		}
		count, err := store.CountRejectedUploads(t.Context(), w.st.Read(), b.ID)
		must(t, err)
		if count != 500 {
			t.Errorf("%d rejected uploads are remembered", count)
		}
	})
}

func (w *world) slugOf(b store.Build) string {
	w.t.Helper()
	p, err := store.GetPipeline(w.t.Context(), w.st.Read(), b.PipelineID)
	must(w.t, err)
	return p.Slug
}
