// Package annotations is the use cases of notes that jobs and people put on builds and jobs.
//
// A note is Markdown; what is shown of it is rendered when it is read, by one sanitizer, so that a stricter one also
// holds for what was written before. The contract is docs/contract/pipelines.md, section 24.
package annotations

import (
	"context"

	"github.com/bridle-ci/bridle/internal/bus"
	"github.com/bridle-ci/bridle/internal/store"
)

// Config is what the service works with.
type Config struct {
	Store *store.Store
	Bus   bus.Bus
	// Artifacts resolves the artifact:// addresses in notes.
	Artifacts Artifacts
}

// Artifacts is what the service needs of service/artifacts.
type Artifacts interface {
	// Links returns the addresses of those of the paths that name a finished artifact of the build.
	Links(ctx context.Context, buildID string, paths []string) (map[string]string, error)
}

// Service is the use cases of annotations. It is safe for concurrent use.
type Service struct {
	store     *store.Store
	bus       bus.Bus
	artifacts Artifacts
	rendered  renderings
}

// New returns the service.
func New(c Config) *Service {
	return &Service{store: c.Store, bus: c.Bus, artifacts: c.Artifacts}
}

// changed tells who looks at a build that its annotations changed.
func (s *Service) changed(buildID string) { s.bus.Publish("build:"+buildID, bus.Missed) }
