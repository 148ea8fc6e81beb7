package queue_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/bridle-ci/bridle/internal/queue"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/bridle-ci/bridle/internal/store/sqldb/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func onBoth(t *testing.T, test func(t *testing.T, db *sqldb.DB)) {
	t.Helper()
	for engine, url := range map[string]func(t *testing.T) string{
		"sqlite":   func(*testing.T) string { return "sqlite::memory:" },
		"postgres": func(t *testing.T) string { return pgtest.URL(t) },
	} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			test(t, openDB(t, url(t)))
		})
	}
}

func openDB(t *testing.T, url string) *sqldb.DB {
	t.Helper()
	db, err := sqldb.Open(t.Context(), sqldb.Config{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	files := fstest.MapFS{}
	for _, engine := range []string{"sqlite", "postgres"} {
		ddl, err := os.ReadFile("schema/" + engine + ".sql")
		if err != nil {
			t.Fatal(err)
		}
		files[engine+"/00001_tasks.sql"] = &fstest.MapFile{Data: append([]byte("-- +goose Up\n"), ddl...)}
	}
	if err := db.Migrate(t.Context(), files); err != nil {
		t.Fatal(err)
	}
	return db
}

func enqueue(t *testing.T, db *sqldb.DB, q *queue.Queue, tasks ...queue.Task) {
	t.Helper()
	err := db.Write(t.Context(), func(tx *sqldb.Tx) error {
		for _, task := range tasks {
			if err := q.Enqueue(t.Context(), tx, task); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func drain(t *testing.T, q *queue.Queue, until time.Time) {
	t.Helper()
	if err := q.Drain(t.Context(), until); err != nil {
		t.Fatal(err)
	}
}

// start runs a queue until stop is called, or the test ends.
func start(t *testing.T, q *queue.Queue) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- q.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// record is a handler that writes down "payload/attempt" and fails as told.
type record struct {
	mu   sync.Mutex
	runs []string
	fail map[string]error // by payload
}

func (r *record) handle(_ context.Context, t queue.Task) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.runs = append(r.runs, fmt.Sprintf("%s/%d", t.Payload, t.Attempt))
	return r.fail[string(t.Payload)]
}

// take returns what ran since the last call.
func (r *record) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	runs := r.runs
	r.runs = nil
	return runs
}

// rows lists "payload state last_error" of the tasks kept, by age.
func rows(t *testing.T, db *sqldb.DB) []string {
	t.Helper()
	rows, err := db.Read().Query(t.Context(), "SELECT payload, state, last_error FROM tasks ORDER BY seq")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var (
			payload []byte
			state   string
			failure *string
		)
		if err := rows.Scan(&payload, &state, &failure); err != nil {
			t.Fatal(err)
		}
		if failure == nil {
			failure = new("-")
		}
		list = append(list, fmt.Sprintf("%s %s %s", payload, state, *failure))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

// backoff is a minute per attempt.
func backoff(attempt int, _ float64) time.Duration { return time.Duration(attempt) * time.Minute }

var errBoom = errors.New("boom")
