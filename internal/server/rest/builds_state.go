package rest

import (
	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/store"
)

// shownBuildState is a build's state as REST names it: a blocked build shows what its block step says it is meanwhile
// (docs/contract/pipelines.md, section 3.4).
func shownBuildState(b *store.Build) build.State {
	if b.State != build.Blocked {
		return b.State
	}
	if b.BlockedState == "" {
		return build.Passed
	}
	return b.BlockedState
}
