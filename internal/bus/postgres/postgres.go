// Package postgres is the bus between nodes that share a PostgreSQL database, over LISTEN and NOTIFY.
//
// Hints leave in transactions of their own, many in one: commits that notify queue up behind a lock of the whole server,
// which must not slow down the work itself.
package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/bridle-ci/bridle/internal/bus"
	"github.com/bridle-ci/bridle/internal/bus/local"
	"github.com/jackc/pgx/v5"
)

const (
	// channel is the name all nodes listen to.
	channel = "bridle_bus"
	// maxPending bounds the hints that wait for a connection; above it they become a Missed for every topic.
	maxPending = 4096
	// sendEvery is the shortest time between two notifications: under load many hints leave in one. A hint after some
	// silence leaves at once.
	sendEvery = 10 * time.Millisecond
	// checkEvery is how long the connection may be silent before it is asked for a sign of life.
	checkEvery = 30 * time.Second
	// statementTimeout bounds each statement, and connecting.
	statementTimeout = 10 * time.Second
	// firstPause and longestPause bound the pause between attempts to connect.
	firstPause, longestPause = 100 * time.Millisecond, 10 * time.Second
)

// Bus is a bus.Bus over one connection of its own. Use Open.
type Bus struct {
	*local.Bus // the subscribers of this node
	node       string
	config     *pgx.ConnConfig
	log        *slog.Logger
	stop       context.CancelFunc
	stopped    chan struct{}

	mu        sync.Mutex
	pending   outbox
	sendAt    time.Time // when the next notification may leave
	interrupt func()    // ends the wait for notifications at sendAt, if there is one
}

var _ bus.Bus = (*Bus)(nil)

// Open connects to the database of a postgres:// URL. Later losses of the connection are repaired in the background.
func Open(ctx context.Context, databaseURL string, log *slog.Logger) (*Bus, error) {
	config, err := pgx.ParseConfig(databaseURL)
	if err != nil {
		return nil, fmt.Errorf("bus: %w", err) // pgx leaves out the password
	}
	config.RuntimeParams["application_name"] = "bridle bus"
	b := &Bus{Bus: local.New(), node: rand.Text(), config: config, log: log, stopped: make(chan struct{})}
	conn, err := b.connect(ctx)
	if err != nil {
		return nil, fmt.Errorf("bus: %w", err)
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	b.stop = stop
	go b.run(running, conn)
	return b, nil
}

// Close ends the connection. Hints that have not left are dropped.
func (b *Bus) Close() {
	b.stop()
	<-b.stopped
}

// Publish implements bus.Bus.
func (b *Bus) Publish(topic, payload string) {
	if len(topic)+len(payload) > bus.MaxPayload {
		payload = bus.Missed
	}
	b.Bus.Publish(topic, payload)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pending.add(hint{topic, payload})
	if b.interrupt != nil {
		b.interrupt()
	}
}

func (b *Bus) connect(ctx context.Context) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, statementTimeout)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, b.config.Copy())
	if err != nil {
		return nil, err
	}
	if _, err := conn.Exec(ctx, "LISTEN "+channel); err != nil {
		return nil, errors.Join(err, conn.Close(ctx))
	}
	return conn, nil
}

func (b *Bus) run(ctx context.Context, conn *pgx.Conn) {
	defer close(b.stopped)
	for conn != nil {
		err := b.serve(ctx, conn)
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), statementTimeout)
		_ = conn.Close(closing) // it is broken, or no longer needed
		cancel()
		if ctx.Err() != nil {
			return
		}
		b.log.Warn("bus lost its connection", "error", err)
		if conn = b.reconnect(ctx); conn != nil {
			b.PublishMissed()
		}
	}
}

// reconnect returns nil when ctx ends first.
func (b *Bus) reconnect(ctx context.Context) *pgx.Conn {
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		conn, err := b.connect(ctx)
		if err == nil {
			return conn
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
			b.log.Warn("bus cannot connect", "error", err)
		}
	}
}

// serve sends and receives until the connection fails or ctx ends.
func (b *Bus) serve(ctx context.Context, conn *pgx.Conn) error {
	for {
		if err := b.send(ctx, conn); err != nil {
			return err
		}
		if err := b.receive(ctx, conn); err != nil {
			return err
		}
	}
}

// send empties the outbox. What a broken connection does not take is lost; the other nodes are told on the next one.
func (b *Bus) send(ctx context.Context, conn *pgx.Conn) error {
	b.mu.Lock()
	now := time.Now()
	if b.pending.empty() || now.Before(b.sendAt) {
		b.mu.Unlock()
		return nil
	}
	messages := b.pending.take(b.node)
	b.sendAt = now.Add(sendEvery)
	b.mu.Unlock()
	for _, m := range messages {
		if err := execute(ctx, conn, "SELECT pg_notify($1, $2)", channel, m); err != nil {
			b.mu.Lock()
			b.pending.addEverything()
			b.mu.Unlock()
			return err
		}
	}
	return nil
}

// receive waits for one notification, or until there is something to send.
func (b *Bus) receive(ctx context.Context, conn *pgx.Conn) error {
	waiting, stop := b.startWaiting(ctx)
	defer stop()
	n, err := conn.WaitForNotification(waiting)
	switch {
	case err == nil:
		b.deliver(n.Payload)
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(waiting.Err(), context.DeadlineExceeded):
		return execute(ctx, conn, "SELECT 1")
	case waiting.Err() != nil && !conn.IsClosed():
		return nil
	default:
		return err
	}
}

// startWaiting returns a context that ends when there is something to send and the time has come for it.
func (b *Bus) startWaiting(ctx context.Context) (context.Context, context.CancelFunc) {
	waiting, cancel := context.WithTimeout(ctx, checkEvery)
	b.mu.Lock()
	defer b.mu.Unlock()
	var once sync.Once
	b.interrupt = func() { once.Do(func() { time.AfterFunc(time.Until(b.sendAt), cancel) }) }
	if !b.pending.empty() {
		b.interrupt()
	}
	return waiting, func() {
		b.mu.Lock()
		b.interrupt = nil
		b.mu.Unlock()
		cancel()
	}
}

func (b *Bus) deliver(text string) {
	m, err := decode(text)
	switch {
	case err != nil:
		b.log.Warn("bus got a message it cannot read", "error", err)
		b.PublishMissed()
	case m.Node == b.node: // its subscribers know
	case m.Everything:
		b.PublishMissed()
	default:
		for _, h := range m.Hints {
			b.Bus.Publish(h[0], h[1])
		}
	}
}

func execute(ctx context.Context, conn *pgx.Conn, sql string, args ...any) error {
	ctx, cancel := context.WithTimeout(ctx, statementTimeout)
	defer cancel()
	_, err := conn.Exec(ctx, sql, args...)
	return err
}
