package builds_test

import (
	"testing"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/service/builds"
)

// An agent repeats a call whose answer was lost; a person is told that there is nothing to cancel.
func TestCanceledBuildIsCanceledAgain(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		p := w.pipeline("steps:\n  - command: one\n  - command: two\n")
		b := w.create(p, builds.NewBuild{})
		got := w.take(w.agent())
		for range 2 {
			if id, err := w.service.CancelBuild(t.Context(), got.Job, ""); err != nil || id != b.ID {
				t.Errorf("canceled %q, %v", id, err)
			}
			w.wantBuild(b, build.Canceling, "canceling", "canceled")
		}
		w.finish(got, 0)
		if _, err := w.service.CancelBuild(t.Context(), got.Job, ""); err != nil {
			t.Error(err)
		}
		w.wantBuild(b, build.Canceled, "canceled", "canceled")
		_, err := w.service.Cancel(t.Context(), w.AdminActor(), p.Slug, b.ID, "")
		if want := "A build that is canceled can't be canceled"; !fault.Is(err, fault.Conflict) || err.Error() != want {
			t.Errorf("error %v, want %q", err, want)
		}
	})
}
