// Package agents is the use cases of agents and of what they belong to: clusters, queues and the tokens they register
// with. People manage these through their faces; agents register, stay in touch and leave through theirs. It decides no
// dispatch: jobs are given out elsewhere.
package agents

import (
	"errors"
	"log/slog"
	"time"

	"github.com/bridle-ci/bridle/internal/bus"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/queue"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// Options are what a Service is made of.
type Options struct {
	Store *store.Store
	Queue *queue.Queue
	Bus   bus.Bus
	// Log may be nil to discard.
	Log *slog.Logger
	// Now is the clock outside of transactions; nil is time.Now.
	Now func() time.Time
}

// Service is the use cases of agents, clusters, queues and agent tokens. It is safe for concurrent use.
type Service struct {
	store *store.Store
	queue *queue.Queue
	bus   bus.Bus
	log   *slog.Logger
	now   func() time.Time

	sessions *sessions
	seen     presence
}

// New returns the service and registers its background tasks.
func New(o Options) *Service {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Service{
		store: o.Store, queue: o.Queue, bus: o.Bus, log: o.Log, now: o.Now,
		sessions: newSessions(o.Bus, o.Now),
	}
	s.queue.Handle(taskSweep, s.sweep, sweepOptions...)
	s.queue.Handle(taskResume, s.resumeByTask)
	return s
}

// QueueTopic is where hints about a queue go: its jobs, or whether it is paused.
func QueueTopic(queueID string) string { return "queue:" + queueID }

// queueChanged tells the dispatchers of all nodes about a queue, after the transaction.
func (s *Service) queueChanged(tx *sqldb.Tx, queueID string) {
	tx.AfterCommit(func() { s.bus.Publish(QueueTopic(queueID), "") })
}

// missing turns a row that is not there into the contract's text.
func missing(err error, noun string) error {
	if errors.Is(err, store.ErrNotFound) {
		return fault.Missing(noun)
	}
	return err
}
