package pgtest_test

import (
	"context"
	"crypto/rand"
	"errors"
	"testing"

	"github.com/bridle-ci/bridle/internal/store/sqldb/pgtest"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func TestURL(t *testing.T) {
	t.Parallel()

	var dropped string
	t.Run("fresh databases", func(t *testing.T) {
		one, other := pgtest.URL(t), pgtest.URL(t)
		exec(t, one, "CREATE TABLE things (id int)")
		exec(t, other, "CREATE TABLE things (id int)")
		dropped = one
	})
	t.Run("dropped at the end of the test", func(t *testing.T) {
		_, err := pgx.Connect(t.Context(), dropped)
		var pg *pgconn.PgError
		if !errors.As(err, &pg) || pg.Code != "3D000" {
			t.Fatalf("connecting to a dropped database: %v, want the error that there is none", err)
		}
	})
}

func TestURLFrom(t *testing.T) {
	t.Parallel()

	runs := 0
	prepare := func(url string) error {
		runs++
		exec(t, url, "CREATE TABLE things (id int)")
		return nil
	}
	key := rand.Text() // new for every run in this process
	for range 2 {
		exec(t, pgtest.URLFrom(t, key, prepare), "INSERT INTO things VALUES (1)")
	}
	if runs != 1 {
		t.Errorf("prepared %d times, want once", runs)
	}
}

func exec(t *testing.T, url, sql string) {
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
