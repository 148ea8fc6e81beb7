package scenario

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bridle-ci/bridle/internal/app"
	"github.com/bridle-ci/bridle/internal/platform/config"
	"github.com/bridle-ci/bridle/internal/queue"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// world is a whole server whose time and background tasks are in the hands of the test.
type world struct {
	app      *app.App
	clock    *clock
	queue    *queue.Queue
	database string
	draining sync.Mutex
}

// clock shows the time at which the server was started until a test moves it, so that what a task asks for at once is
// due when that task is done.
type clock struct {
	started time.Time
	passed  atomic.Int64
}

func (c *clock) Now() time.Time { return c.started.Add(time.Duration(c.passed.Load())) }

func (c *clock) Advance(d time.Duration) { c.passed.Add(int64(d)) }

// newWorld starts a server on a PostgreSQL database, or on SQLite when it is empty.
func newWorld(t *testing.T, database string) *world {
	t.Helper()
	data := t.TempDir()
	w := &world{clock: &clock{started: time.Now()}, database: database}
	if database == "" {
		w.database = "sqlite://" + filepath.Join(data, config.DatabaseFile)
	}
	queues := make(chan *queue.Queue, 1)
	a, err := app.Start(t.Context(), app.Config{
		Server: settings(data, w.database),
		Log:    slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})),
		Now:    w.clock.Now,
		Tasks: func(ctx context.Context, q *queue.Queue) error {
			queues <- q
			<-ctx.Done()
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Stop(); err != nil {
			t.Error(err)
		}
	})
	w.app, w.queue = a, <-queues
	return w
}

func settings(data, database string) config.Server {
	return config.Server{
		Storage: config.Storage{Data: data, Database: database, Durability: sqldb.DurabilityNormal},
		Network: config.Network{Listen: "127.0.0.1:0"},
		Limits:  config.Limits{RESTRateLimit: 1, RESTUserRateLimit: 1}, // not in force
		Agents: config.Agents{
			AgentPingInterval: time.Second, AgentJobStatusInterval: time.Second, AgentHeartbeatInterval: time.Second,
		},
		First:           config.First{Organization: organization, AdminName: "Ada", AdminEmail: "ada@example.com"},
		ShutdownTimeout: time.Minute,
	}
}

// drain does all background tasks that are due.
func (w *world) drain(ctx context.Context) error {
	w.draining.Lock()
	defer w.draining.Unlock()
	return w.queue.Drain(ctx, w.clock.Now())
}

// deliver puts a task about a job into the queue once more, as when a node died before it could note that it was done.
func (w *world) deliver(ctx context.Context, kind, jobID string) error {
	payload, err := json.Marshal(map[string]string{"job_id": jobID})
	if err != nil {
		return err
	}
	db, err := sqldb.Open(ctx, sqldb.Config{URL: w.database, Durability: sqldb.DurabilityNormal, Now: w.clock.Now})
	if err != nil {
		return err
	}
	defer db.Close()
	err = db.Write(ctx, func(tx *sqldb.Tx) error {
		return w.queue.Enqueue(ctx, tx, queue.Task{Kind: kind, Key: jobID, Payload: payload})
	})
	if err != nil {
		return fmt.Errorf("deliver %s again: %w", kind, err)
	}
	return nil
}
