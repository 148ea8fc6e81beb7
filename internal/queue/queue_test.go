package queue_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/bridle-ci/bridle/internal/queue"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/google/go-cmp/cmp"
)

func task(payload string) queue.Task { return queue.Task{Kind: "work", Payload: []byte(payload)} }

func check(t *testing.T, what string, want, got []string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestDrain(t *testing.T) {
	t.Parallel()

	now := time.Now()
	onBoth(t, func(t *testing.T, db *sqldb.DB) {
		q := queue.New(db, queue.Config{Workers: 3})
		var r record
		q.Handle("work", r.handle)
		late, early := task("late"), task("early")
		late.RunAt, early.RunAt = now.Add(time.Hour), now.Add(-time.Hour)
		other := task("other kind")
		other.Kind = "unhandled"
		enqueue(t, db, q, late, task("1"), early, other, task("2"), task("3"), task("4"))
		drain(t, q, now.Add(time.Minute))
		check(t, "runs", []string{"early/1", "1/1", "2/1", "3/1", "4/1"}, r.take())
		check(t, "rows", []string{"late ready -", "other kind ready -"}, rows(t, db))
		drain(t, q, now.Add(time.Hour))
		check(t, "runs later", []string{"late/1"}, r.take())
	})
}

func TestTaskReachesItsHandler(t *testing.T) {
	t.Parallel()

	onBoth(t, func(t *testing.T, db *sqldb.DB) {
		q := queue.New(db, queue.Config{})
		want := queue.Task{
			ID: "01890000-0000-7000-8000-000000000001", Kind: "work", Key: "key", Destination: "there",
			Payload: []byte{0, 1, 255}, RunAt: time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC),
		}
		var got queue.Task
		q.Handle("work", func(_ context.Context, t queue.Task) error { got = t; return nil })
		enqueue(t, db, q, want)
		drain(t, q, time.Now())
		want.Attempt = 1
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("task (-want +got):\n%s", diff)
		}
	})
}

func TestRolledBackTaskNeverWas(t *testing.T) {
	t.Parallel()

	onBoth(t, func(t *testing.T, db *sqldb.DB) {
		q := queue.New(db, queue.Config{})
		err := db.Write(t.Context(), func(tx *sqldb.Tx) error {
			return errors.Join(q.Enqueue(t.Context(), tx, task("1")), errBoom)
		})
		if !errors.Is(err, errBoom) {
			t.Fatal(err)
		}
		check(t, "rows", nil, rows(t, db))
	})
}

func TestEnqueueRefuses(t *testing.T) {
	t.Parallel()

	onBoth(t, func(t *testing.T, db *sqldb.DB) {
		q := queue.New(db, queue.Config{})
		for name, bad := range map[string]queue.Task{
			"no kind":          {},
			"large payload":    {Kind: "work", Payload: make([]byte, queue.MaxPayload+1)},
			"long key":         {Kind: "work", Key: strings.Repeat("x", queue.MaxName+1)},
			"long destination": {Kind: "work", Destination: strings.Repeat("x", queue.MaxName+1)},
			"NUL in its kind":  {Kind: "wo\x00rk"},
		} {
			err := db.Write(t.Context(), func(tx *sqldb.Tx) error {
				if q.Enqueue(t.Context(), tx, bad) == nil {
					t.Errorf("%s: accepted", name)
				}
				return q.Enqueue(t.Context(), tx, task("after "+name))
			})
			if err != nil {
				t.Errorf("%s spoiled its transaction: %v", name, err)
			}
		}
	})
}

func TestFailures(t *testing.T) {
	t.Parallel()

	onBoth(t, func(t *testing.T, db *sqldb.DB) {
		q := queue.New(db, queue.Config{})
		r := record{fail: map[string]error{
			"flaky": errBoom, "hopeless": queue.Permanent(errBoom), "busy": queue.RetryAfter(errBoom, time.Hour),
			"binary": errors.New("a\x00b\xffc"),
		}}
		q.Handle("work", r.handle, queue.Backoff(backoff), queue.MaxAttempts(3))
		enqueue(t, db, q, task("flaky"), task("hopeless"), task("busy"), task("binary"))
		now := time.Now().Add(time.Second)
		drain(t, q, now)
		check(t, "first", []string{"flaky/1", "hopeless/1", "busy/1", "binary/1"}, r.take())
		check(t, "rows", []string{"flaky ready boom", "hopeless dead boom", "busy ready boom", "binary ready a\uFFFDb\uFFFDc"}, rows(t, db))
		drain(t, q, now.Add(59*time.Second))
		check(t, "too early", nil, r.take())
		r.fail["binary"] = nil
		drain(t, q, now.Add(time.Minute))
		check(t, "second", []string{"flaky/2", "binary/2"}, r.take())
		drain(t, q, now.Add(3*time.Minute))
		check(t, "third", []string{"flaky/3"}, r.take())
		drain(t, q, now.Add(time.Hour))
		check(t, "after the last", []string{"busy/2"}, r.take())
		check(t, "rows", []string{"flaky dead boom", "hopeless dead boom", "busy ready boom"}, rows(t, db))
	})
}

func TestPanicIsAFailure(t *testing.T) {
	t.Parallel()

	onBoth(t, func(t *testing.T, db *sqldb.DB) {
		q := queue.New(db, queue.Config{})
		q.Handle("work", func(context.Context, queue.Task) error { panic("at the disco") }, queue.MaxAttempts(1))
		enqueue(t, db, q, task("1"))
		drain(t, q, time.Now().Add(time.Second))
		if got := rows(t, db); len(got) != 1 || !strings.HasPrefix(got[0], "1 dead panic: at the disco") {
			t.Errorf("rows %q", got)
		}
	})
}

func TestKey(t *testing.T) {
	t.Parallel()

	onBoth(t, func(t *testing.T, db *sqldb.DB) {
		q := queue.New(db, queue.Config{})
		var r record
		q.Handle("work", r.handle, queue.Backoff(backoff))
		q.Handle("other", r.handle)
		now := time.Now()
		keyed := func(payload, key string, after time.Duration) queue.Task {
			return queue.Task{Kind: "work", Key: key, Payload: []byte(payload), RunAt: now.Add(after)}
		}
		otherKind := keyed("other kind", "a", time.Hour)
		otherKind.Kind = "other"
		enqueue(
			t, db, q, keyed("old", "a", 2*time.Hour), otherKind, keyed("b", "b", 3*time.Hour),
			keyed("new", "a", time.Hour), keyed("newest", "a", 4*time.Hour),
		)
		drain(t, q, now.Add(59*time.Minute))
		check(t, "early", nil, r.take())
		drain(t, q, now.Add(time.Hour))
		check(t, "on time", []string{"newest/1", "other kind/1"}, r.take())

		r.fail = map[string]error{"failing": errBoom}
		enqueue(t, db, q, keyed("failing", "a", 0))
		drain(t, q, now.Add(time.Hour))
		enqueue(t, db, q, keyed("fresh", "a", 0))
		drain(t, q, now.Add(time.Hour))
		check(t, "a new task starts anew", []string{"failing/1", "fresh/1"}, r.take())
		check(t, "rows", []string{"b ready -"}, rows(t, db))
	})
}

func TestCancel(t *testing.T) {
	t.Parallel()

	onBoth(t, func(t *testing.T, db *sqldb.DB) {
		q := queue.New(db, queue.Config{})
		cancel := func(t *testing.T, key string) error {
			return db.Write(t.Context(), func(tx *sqldb.Tx) error { return q.Cancel(t.Context(), tx, "work", key) })
		}
		var r record
		q.Handle("work", func(ctx context.Context, x queue.Task) error {
			if x.Key == "running" {
				return errors.Join(cancel(t, "running"), errBoom)
			}
			return r.handle(ctx, x)
		})
		for _, key := range []string{"waiting", "other", "running"} {
			enqueue(t, db, q, queue.Task{Kind: "work", Key: key, Payload: []byte(key)})
		}
		if err := cancel(t, "waiting"); err != nil {
			t.Fatal(err)
		}
		if err := cancel(t, "nothing"); err != nil {
			t.Fatal(err)
		}
		if err := cancel(t, ""); err == nil {
			t.Error("canceled without a key")
		}
		drain(t, q, time.Now().Add(24*time.Hour))
		check(t, "runs", []string{"other/1"}, r.take())
		check(t, "rows", nil, rows(t, db))
	})
}

func TestDestination(t *testing.T) {
	t.Parallel()

	onBoth(t, func(t *testing.T, db *sqldb.DB) {
		q := queue.New(db, queue.Config{})
		r := record{fail: map[string]error{"a2": errBoom}}
		q.Handle("work", r.handle, queue.Backoff(backoff))
		now := time.Now()
		var tasks []queue.Task
		for _, payload := range []string{"a1", "a2", "a3", "b1", "b2", "-1"} {
			x := task(payload)
			if x.Destination = payload[:1]; x.Destination == "-" {
				x.Destination = ""
			}
			tasks = append(tasks, x)
		}
		first := task("a0")
		first.Destination, first.RunAt = "a", now.Add(-time.Hour)
		enqueue(t, db, q, append(tasks, first)...)
		drain(t, q, now.Add(time.Second))
		// One of each destination at a time; what waits for its next attempt lets the others pass.
		check(t, "runs", []string{"a0/1", "b1/1", "-1/1", "a1/1", "b2/1", "a2/1", "a3/1"}, r.take())
		check(t, "rows", []string{"a2 ready boom"}, rows(t, db))
	})
}

func TestTwoHandlersForAKind(t *testing.T) {
	t.Parallel()

	defer func() {
		if recover() == nil {
			t.Error("accepted")
		}
	}()
	q := queue.New(openDB(t, "sqlite::memory:"), queue.Config{})
	q.Handle("work", nil)
	q.Handle("work", nil)
}
