package queue_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bridle-ci/bridle/internal/bus/local"
	"github.com/bridle-ci/bridle/internal/queue"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// Two nodes, many tasks: each runs once, and each destination sees its own in order, one at a time.
func TestRunByTwoNodes(t *testing.T) {
	t.Parallel()

	onBoth(t, func(t *testing.T, db *sqldb.DB) {
		const count, destinations = 200, 5
		var (
			mu    sync.Mutex
			seen  = map[string][]int{}
			busy  = map[string]bool{}
			total = make(chan struct{}, 2*count)
		)
		handle := func(_ context.Context, x queue.Task) error {
			n, err := strconv.Atoi(string(x.Payload))
			if err != nil {
				return err
			}
			mu.Lock()
			if x.Destination != "" && busy[x.Destination] {
				t.Errorf("two tasks for %s at once", x.Destination)
			}
			busy[x.Destination] = true
			mu.Unlock()
			runtime.Gosched()
			mu.Lock()
			busy[x.Destination] = false
			seen[x.Destination] = append(seen[x.Destination], n)
			mu.Unlock()
			total <- struct{}{}
			return nil
		}
		hints := local.New()
		var nodes []*queue.Queue
		for range 2 {
			q := queue.New(db, queue.Config{Bus: hints, Workers: 4})
			q.Handle("work", handle)
			nodes = append(nodes, q)
		}
		for _, q := range nodes {
			start(t, q)
		}
		for i := range count {
			x := task(strconv.Itoa(i))
			if d := i % (destinations + 1); d > 0 {
				x.Destination = fmt.Sprint("to ", d)
			}
			enqueue(t, db, nodes[i%2], x)
		}
		for range count {
			<-total
		}
		mu.Lock()
		defer mu.Unlock()
		all := 0
		for destination, numbers := range seen {
			all += len(numbers)
			if destination != "" && !slices.IsSorted(numbers) {
				t.Errorf("%s got %v", destination, numbers)
			}
		}
		if all != count || len(total) != 0 {
			t.Errorf("%d runs, want %d", all+len(total), count)
		}
	})
}

func TestShutdownWaitsForHandlers(t *testing.T) {
	t.Parallel()

	onBoth(t, func(t *testing.T, db *sqldb.DB) {
		q := queue.New(db, queue.Config{})
		running, release := make(chan struct{}), make(chan struct{})
		var handlerErr error
		q.Handle("work", func(ctx context.Context, _ queue.Task) error {
			close(running)
			<-release
			handlerErr = ctx.Err()
			return nil
		})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- q.Run(ctx) }()
		enqueue(t, db, q, task("1"))
		<-running
		cancel()
		select {
		case err := <-done:
			t.Errorf("stopped while a handler ran: %v", err)
		default:
		}
		close(release)
		if err := <-done; err != nil || handlerErr != nil {
			t.Errorf("run: %v, handler's context: %v", err, handlerErr)
		}
		check(t, "rows", nil, rows(t, db))
	})
}

func TestLostNode(t *testing.T) {
	t.Parallel()

	onBoth(t, func(t *testing.T, db *sqldb.DB) {
		lost, other := queue.New(db, queue.Config{}), queue.New(db, queue.Config{})
		running, release := make(chan struct{}), make(chan struct{})
		lost.Handle("work", func(context.Context, queue.Task) error {
			close(running)
			<-release // as good as dead: it does not renew its lease, which Run would
			return nil
		})
		var r record
		other.Handle("work", r.handle, queue.MaxAttempts(2))
		enqueue(t, db, other, task("1"))
		done := make(chan error, 1)
		start := time.Now()
		go func() { done <- lost.Drain(t.Context(), start.Add(time.Second)) }()
		<-running
		drain(t, other, start.Add(time.Minute))
		check(t, "while the lease holds", nil, r.take())
		r.fail = map[string]error{"1": errBoom}
		drain(t, other, start.Add(2*time.Minute))
		check(t, "after the lease", []string{"1/2"}, r.take())
		close(release)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		check(t, "the other node's result stays", []string{"1 dead boom"}, rows(t, db))
	})
}

func TestTaskThatTakesItsNodesDown(t *testing.T) {
	t.Parallel()

	onBoth(t, func(t *testing.T, db *sqldb.DB) {
		q := queue.New(db, queue.Config{})
		var r record
		q.Handle("work", r.handle, queue.MaxAttempts(1))
		enqueue(t, db, q, task("1"))
		err := db.Write(t.Context(), func(tx *sqldb.Tx) error {
			_, err := tx.Exec(t.Context(), "UPDATE tasks SET state = 'running', attempt = 1, lease_owner = 'gone', lease_until = 0")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		drain(t, q, time.Now().Add(time.Second))
		check(t, "runs", nil, r.take())
		check(t, "rows", []string{"1 dead the nodes that ran it were lost"}, rows(t, db))
	})
}

func TestSameKeyWaitsForTheRunningOne(t *testing.T) {
	t.Parallel()

	onBoth(t, func(t *testing.T, db *sqldb.DB) {
		q := queue.New(db, queue.Config{})
		running, release, finished := make(chan string, 10), make(chan error), make(chan struct{}, 10)
		q.Handle("work", func(_ context.Context, x queue.Task) error {
			defer func() { finished <- struct{}{} }()
			running <- string(x.Payload)
			return <-release
		})
		start(t, q)
		keyed := func(payload string) queue.Task { return queue.Task{Kind: "work", Key: "key", Payload: []byte(payload)} }
		enqueue(t, db, q, keyed("first"))
		if got := <-running; got != "first" {
			t.Fatalf("running %s", got)
		}
		enqueue(t, db, q, keyed("second"), keyed("third"), task("free"))
		if got := <-running; got != "free" { // so there was a look at the table since
			t.Fatalf("running %s beside the first", got)
		}
		release <- nil
		release <- errBoom // of the two, one is put back or, as a newer one with its key waits, dropped
		if got := <-running; got != "third" {
			t.Fatalf("running %s after the first", got)
		}
		release <- nil
		for range 3 {
			<-finished
		}
	})
}

func TestRunOnTime(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		db := openDB(t, "sqlite::memory:")
		q := queue.New(db, queue.Config{})
		began := time.Now()
		ran := make(chan time.Duration, 10)
		fails := true
		q.Handle("work", func(context.Context, queue.Task) error {
			ran <- time.Since(began)
			if fails {
				fails = false
				return errBoom
			}
			return nil
		}, queue.Backoff(backoff))
		stop := start(t, q)
		synctest.Wait()
		later := task("1")
		later.RunAt = began.Add(time.Hour)
		enqueue(t, db, q, later)
		for _, want := range []time.Duration{time.Hour, time.Hour + time.Minute} {
			if got := <-ran; got != want {
				t.Errorf("ran after %v, want %v", got, want)
			}
		}
		sooner, soonest := task("2"), task("3")
		sooner.RunAt, soonest.RunAt = time.Now().Add(time.Hour), time.Now().Add(time.Minute)
		enqueue(t, db, q, sooner)
		enqueue(t, db, q, soonest)
		if got, want := <-ran, time.Hour+2*time.Minute; got != want {
			t.Errorf("ran after %v, want %v", got, want)
		}
		if got, want := <-ran, 2*time.Hour+time.Minute; got != want {
			t.Errorf("ran after %v, want %v", got, want)
		}
		stop()
	})
}

// While there is nothing to do, nothing is asked of the database.
func TestIdle(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		db := openDB(t, "sqlite::memory:")
		q := queue.New(db, queue.Config{})
		q.Handle("work", func(context.Context, queue.Task) error { return nil })
		stop := start(t, q)
		enqueue(t, db, q, task("1"))
		synctest.Wait()
		check(t, "rows", nil, rows(t, db))
		before := db.Statements()
		time.Sleep(24 * time.Hour) // of the bubble's own time
		if n := db.Statements() - before; n > 5 {
			t.Errorf("%d statements in an idle day, want those of one look at the leases", n)
		}
		before = db.Statements()
		time.Sleep(24 * time.Hour)
		if n := db.Statements() - before; n != 0 {
			t.Errorf("%d statements in an idle day", n)
		}
		stop()
	})
}

// A long task keeps its lease.
func TestLeaseIsRenewed(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		db := openDB(t, "sqlite::memory:")
		runs := make(chan int, 10)
		var stops []func()
		for node := range 2 {
			q := queue.New(db, queue.Config{})
			q.Handle("work", func(context.Context, queue.Task) error {
				runs <- node
				time.Sleep(time.Hour)
				return nil
			}, queue.Timeout(2*time.Hour))
			if node == 0 {
				enqueue(t, db, q, task("1"))
			}
			stops = append(stops, start(t, q))
			synctest.Wait()
		}
		time.Sleep(30 * time.Minute)
		if len(runs) != 1 {
			t.Errorf("%d nodes run the task", len(runs))
		}
		for _, stop := range stops {
			stop()
		}
		if len(runs) != 1 {
			t.Errorf("%d nodes ran the task", len(runs))
		}
		check(t, "rows", nil, rows(t, db))
	})
}

func TestTimeoutEndsTheHandlersContext(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		db := openDB(t, "sqlite::memory:")
		q := queue.New(db, queue.Config{})
		q.Handle("work", func(ctx context.Context, _ queue.Task) error {
			<-ctx.Done()
			return ctx.Err()
		}, queue.Timeout(time.Minute), queue.MaxAttempts(1))
		stop := start(t, q)
		enqueue(t, db, q, task("1"))
		time.Sleep(time.Minute)
		synctest.Wait()
		check(t, "rows", []string{"1 dead context deadline exceeded"}, rows(t, db))
		stop()
	})
}

func TestHandlerThatEndsItsGoroutine(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		db := openDB(t, "sqlite::memory:")
		q := queue.New(db, queue.Config{})
		q.Handle("work", func(context.Context, queue.Task) error { runtime.Goexit(); return nil }, queue.MaxAttempts(1))
		stop := start(t, q)
		enqueue(t, db, q, task("1"))
		synctest.Wait()
		check(t, "rows", []string{"1 dead the handler did not return"}, rows(t, db))
		stop()
	})
}

func TestRunOnAClosedDatabase(t *testing.T) {
	t.Parallel()

	onBoth(t, func(t *testing.T, db *sqldb.DB) {
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if err := queue.New(db, queue.Config{}).Run(t.Context()); !errors.Is(err, sqldb.ErrClosed) {
			t.Errorf("got %v, want ErrClosed", err)
		}
	})
}
