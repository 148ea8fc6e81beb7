// Package accounts is the use cases of identity: who a token stands for, the organization and the person behind it, and
// how the first of them come to be. It knows nothing of pipelines or builds.
package accounts

import (
	"errors"
	"log/slog"
	"time"

	"github.com/bridle-ci/bridle/internal/bus"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/store"
)

// Service is the use cases of accounts. It is safe for concurrent use.
type Service struct {
	store *store.Store
	log   *slog.Logger
	now   func() time.Time
	bus   bus.Bus // nil for a node that has nobody to tell
	cache grantCache
	uses  useLog
}

// Option changes how a Service works.
type Option func(*Service)

// WithClock replaces the clock by which tokens expire.
func WithClock(now func() time.Time) Option { return func(s *Service) { s.now = now } }

// WithBus lets nodes tell each other at once when tokens or their rights change. Without it they find out in cacheTTL.
func WithBus(b bus.Bus) Option {
	return func(s *Service) {
		s.bus = b
		s.cache.changes, _ = b.Subscribe(grantsTopic) // for the life of the process
	}
}

// New returns the service. A nil log discards.
func New(st *store.Store, log *slog.Logger, options ...Option) *Service {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	s := &Service{store: st, log: log, now: time.Now}
	for _, o := range options {
		o(s)
	}
	return s
}

// missing turns a row that is not there into the contract's text.
func missing(err error, noun string) error {
	if errors.Is(err, store.ErrNotFound) {
		return fault.Missing(noun)
	}
	return err
}
