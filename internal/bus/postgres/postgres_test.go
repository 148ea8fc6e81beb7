package postgres_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bridle-ci/bridle/internal/bus"
	"github.com/bridle-ci/bridle/internal/bus/bustest"
	"github.com/bridle-ci/bridle/internal/bus/postgres"
	"github.com/bridle-ci/bridle/internal/store/sqldb/pgtest"
	"github.com/jackc/pgx/v5"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func open(t *testing.T, url string) *postgres.Bus {
	t.Helper()
	b, err := postgres.Open(t.Context(), url, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

func TestBus(t *testing.T) {
	t.Parallel()

	t.Run("two nodes", func(t *testing.T) {
		t.Parallel()
		bustest.Run(t, func(t *testing.T) (here, there bus.Bus) {
			url := pgtest.URL(t)
			return open(t, url), open(t, url)
		})
	})
	t.Run("one node", func(t *testing.T) {
		t.Parallel()
		bustest.Run(t, func(t *testing.T) (here, there bus.Bus) {
			b := open(t, pgtest.URL(t))
			return b, b
		})
	})
}

func TestOwnHintsArriveOnce(t *testing.T) {
	t.Parallel()

	url := pgtest.URL(t)
	here, there := open(t, url), open(t, url)
	events, cancel := here.Subscribe("jobs")
	defer cancel()
	here.Publish("jobs", "own")
	there.Publish("jobs", "other")
	for _, want := range []string{"own", "other"} {
		if got := bustest.Await(t, events); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestReconnects(t *testing.T) {
	t.Parallel()

	url := pgtest.URL(t)
	here, there := open(t, url), open(t, url)
	events, cancel := there.Subscribe("jobs")
	defer cancel()
	for range 2 {
		disconnect(t, url)
		if got := bustest.Await(t, events); got != bus.Missed {
			t.Fatalf("got %q, want Missed", got)
		}
		// The publisher may notice only now that its own connection is gone too; a Missed comes for the hint then.
		here.Publish("jobs", "42")
		if got := bustest.Await(t, events); got != "42" && got != bus.Missed {
			t.Fatalf("got %q, want 42 or Missed", got)
		}
	}
}

func TestUnreadableMessage(t *testing.T) {
	t.Parallel()

	url := pgtest.URL(t)
	events, cancel := open(t, url).Subscribe("jobs")
	defer cancel()
	execute(t, url, "SELECT pg_notify('bridle_bus', 'gibberish')")
	if got := bustest.Await(t, events); got != bus.Missed {
		t.Errorf("got %q, want Missed", got)
	}
}

func TestOpenFails(t *testing.T) {
	t.Parallel()

	for name, url := range map[string]string{
		"bad URL":   "postgres://host:port/",
		"no server": "postgres:///db?host=" + t.TempDir(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if b, err := postgres.Open(t.Context(), url, slog.Default()); err == nil {
				b.Close()
				t.Error("opened")
			}
		})
	}
}

func disconnect(t *testing.T, url string) {
	t.Helper()
	execute(t, url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'bridle bus' AND datname = current_database()")
}

func execute(t *testing.T, url, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

// Under load many hints share a notification, since each of those costs every node a wake-up and the server a lock.
func TestHintsLeaveTogether(t *testing.T) {
	t.Parallel()

	url := pgtest.URL(t)
	ctx := t.Context()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, "LISTEN "+postgres.Channel); err != nil {
		t.Fatal(err)
	}
	b := open(t, url)
	began := time.Now()
	const hints = 500 // fit into one message
	for i := range hints {
		b.Publish("t", strconv.Itoa(i))
		if err := conn.Ping(ctx); err != nil { // about as long as a notification takes
			t.Fatal(err)
		}
	}
	last := fmt.Sprintf("%q]", strconv.Itoa(hints-1))
	for n := int64(1); ; n++ {
		got, err := conn.WaitForNotification(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(got.Payload, last) {
			continue
		}
		if most := 1 + int64(time.Since(began)/postgres.SendEvery); n > most {
			t.Errorf("%d notifications, at most %d fit into that time", n, most)
		}
		return
	}
}
