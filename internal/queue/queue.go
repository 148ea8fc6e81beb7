// Package queue runs durable background tasks: webhook deliveries, timeouts, schedules, whatever follows from a change
// and must happen even if the process dies right after it.
//
// A task is a row written in the transaction of the change. Workers on every node claim rows with a lease, so a task of
// a node that died runs again elsewhere: handlers see a task at least once, never twice at the same time while the lease
// holds. The package knows no service and no meaning of a task. Its table stands in schema/.
package queue

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/bridle-ci/bridle/internal/core/retry"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

const (
	// MaxPayload is the size in bytes above which a payload is refused.
	MaxPayload = 1 << 20
	// MaxName bounds the bytes of a kind, a key and a destination.
	MaxName = 512
	// maxError bounds the bytes of a kept error.
	maxError = 2000

	defaultWorkers     = 16
	defaultLease       = time.Minute
	defaultPoll        = 30 * time.Second
	defaultMaxAttempts = 10
	defaultTimeout     = 5 * time.Minute
)

// topic is what nodes tell each other about on the bus: a task is due.
const topic = "tasks"

// Task is a piece of work to be done later.
type Task struct {
	// ID is a UUID; Enqueue makes one when it is empty. It stays the same over all attempts.
	ID string
	// Kind says which handler runs the task.
	Kind string
	// Key, if not empty, allows one waiting task per kind and key, and one running beside it. Enqueueing another one
	// replaces the payload of the waiting one, and makes it run earlier if that is asked for.
	Key string
	// Destination, if not empty, runs the tasks for the same destination one at a time, in the order of their times and
	// then of their enqueueing. One that waits for another attempt lets the others pass.
	Destination string
	Payload     []byte
	// RunAt is the earliest time to run; zero is at once.
	RunAt time.Time
	// Attempt counts from one for the handler.
	Attempt int
}

// Handler does the work of a task. It must bear being repeated, as a node may die after the work and before noting it.
// ctx ends with the time limit of the kind, not when the process is asked to stop.
type Handler func(ctx context.Context, t Task) error

// Bus carries hints to the other nodes, as package bus does.
type Bus interface {
	Publish(topic, payload string)
	Subscribe(topic string) (events <-chan string, cancel func())
}

// Config has what may be left out.
type Config struct {
	// Bus brings hints of other nodes; without one they are found by polling.
	Bus Bus
	// Log receives what handlers failed with; nil discards it.
	Log *slog.Logger
	// Workers is how many tasks run at once on this node; 0 chooses.
	Workers int
	// Lease is how long a task belongs to a node that gives no sign of life; 0 chooses.
	Lease time.Duration
	// Poll is how often to look for tasks of other nodes; 0 chooses. On SQLite there are none.
	Poll time.Duration
}

// Queue is one node's access to the tasks. It is safe for concurrent use.
type Queue struct {
	db     *sqldb.DB
	config Config
	owner  string // names this node in leases

	mu       sync.Mutex
	handlers map[string]registration
	kinds    []string
	wanted   time.Time // when the next look at the table is due, as far as this node knows
	signal   chan struct{}
}

type registration struct {
	handle      Handler
	maxAttempts int
	timeout     time.Duration
	delay       func(attempt int, rnd float64) time.Duration
}

// New returns a queue over the tasks of db. It runs nothing before Run.
func New(db *sqldb.DB, c Config) *Queue {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Workers <= 0 {
		c.Workers = defaultWorkers
	}
	if c.Lease <= 0 {
		c.Lease = defaultLease
	}
	if c.Poll <= 0 {
		c.Poll = defaultPoll
	}
	return &Queue{db: db, config: c, owner: rand.Text(), handlers: map[string]registration{}, signal: make(chan struct{}, 1)}
}

// Option changes how the tasks of a kind are run.
type Option func(*registration)

// MaxAttempts sets after how many failures a task is dead.
func MaxAttempts(n int) Option { return func(r *registration) { r.maxAttempts = n } }

// Timeout sets how long a handler may take.
func Timeout(d time.Duration) Option { return func(r *registration) { r.timeout = d } }

// Backoff sets the delay after the n-th failure, given a random number from [0, 1).
func Backoff(delay func(attempt int, rnd float64) time.Duration) Option {
	return func(r *registration) { r.delay = delay }
}

// Handle says who does the tasks of a kind on this node. All calls come before Run; a second one for a kind is a mistake
// of the program and panics.
func (q *Queue) Handle(kind string, h Handler, options ...Option) {
	r := registration{handle: h, maxAttempts: defaultMaxAttempts, timeout: defaultTimeout, delay: retry.Delay}
	for _, o := range options {
		o(&r)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if _, ok := q.handlers[kind]; ok {
		panic("queue: two handlers for tasks of kind " + kind)
	}
	q.handlers[kind] = r
	q.kinds = append(q.kinds, kind)
}

func (q *Queue) handler(kind string) registration {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.handlers[kind]
}

// permanentError will not go away by trying again.
type permanentError struct{ error }

func (e permanentError) Unwrap() error { return e.error }

// Permanent marks the error of a handler as final: the task is dead at once.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return permanentError{err}
}

// retryAfterError knows when to try again.
type retryAfterError struct {
	error
	after time.Duration
}

func (e retryAfterError) Unwrap() error { return e.error }

// RetryAfter sets the delay before the next attempt, in place of the kind's backoff.
func RetryAfter(err error, d time.Duration) error {
	if err == nil {
		return nil
	}
	return retryAfterError{err, d}
}

func isPermanent(err error) bool {
	var p permanentError
	return errors.As(err, &p)
}
