package builds_test

import (
	"testing"

	"github.com/bridle-ci/bridle/internal/core/badge"
	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/service/builds"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

func TestBadge(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		p := w.pipeline("steps: [{command: test}]")
		want := func(f builds.BadgeFilter, want badge.Status) {
			t.Helper()
			if got, err := w.service.Badge(t.Context(), p.BadgeToken, f); got != want || err != nil {
				t.Errorf("%+v: %s, %v; want %s", f, got, err, want)
			}
		}
		made := func(branch string, state build.State) store.Build {
			t.Helper()
			return storetest.Build(t, w.st, p, func(b *store.Build) { b.Branch, b.State = branch, state })
		}
		want(builds.BadgeFilter{}, badge.Unknown)
		made("main", build.Failed)
		made("main", build.Canceled) // which says nothing
		want(builds.BadgeFilter{}, badge.Failing)
		made("side", build.Passed)
		made("side", build.Running)
		want(builds.BadgeFilter{}, badge.Passing)
		want(builds.BadgeFilter{Branch: "main"}, badge.Failing)
		want(builds.BadgeFilter{Branch: "none"}, badge.Unknown)
		want(builds.BadgeFilter{Step: "Test"}, badge.Unknown)

		for name, token := range map[string]string{"unknown": "nobody", "empty": "", "no text": "\xff"} {
			if _, err := w.service.Badge(t.Context(), token, builds.BadgeFilter{}); !fault.Is(err, fault.NotFound) {
				t.Errorf("%s token: %v", name, err)
			}
		}
	})
}
