package builds

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/bridle-ci/bridle/internal/bus"
	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/queue"
	"github.com/bridle-ci/bridle/internal/store"
)

// Options are what a Service is made of.
type Options struct {
	Store *store.Store
	Queue *queue.Queue
	Bus   bus.Bus
	Log   *slog.Logger
	// BaseURL is the external base of all addresses, without a slash at its end.
	BaseURL string
	// AnyAgent lets every agent run every job, whatever queue and tags a step asks for: a pipeline that is run on a
	// developer's machine finds no other agents there.
	AnyAgent bool
	// Limits bound builds; zero fields are the contract's.
	Limits build.Limits
	// JobKey is the secret that job tokens are derived from. It is the same on every node.
	JobKey []byte
}

// Service is the use cases of builds and jobs.
type Service struct {
	Options
	dispatcher *dispatcher
	tokens     *jobTokens
	full       fullLists
	counts     pipelineCounts
}

// New returns the service and registers its background tasks.
func New(o Options) *Service {
	s := &Service{Options: o, tokens: newJobTokens(o.JobKey)}
	s.dispatcher = newDispatcher(s)
	s.registerTasks()
	return s
}

// Run keeps what this node knows of runnable jobs up to date with other nodes, until ctx ends. It returns after its
// goroutines have.
func (s *Service) Run(ctx context.Context) error {
	return s.dispatcher.run(ctx)
}

// buildURL is a build's page.
func (s *Service) buildURL(organizationSlug, pipelineSlug string, number int64) string {
	return fmt.Sprintf("%s/%s/%s/builds/%d", s.BaseURL, organizationSlug, pipelineSlug, number)
}
