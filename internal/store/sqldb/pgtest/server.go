package pgtest

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5"
)

// server is where the databases are made. Its methods are not for concurrent use.
type server struct {
	url   url.URL // of its maintenance database
	admin *pgx.Conn
	alive io.Closer     // of a private server: it ends when this is closed
	ended chan struct{} // of a private server: closed when it has ended
}

func (s *server) connect(ctx context.Context) error {
	admin, err := pgx.Connect(ctx, s.url.String())
	if err != nil {
		return err
	}
	s.admin = admin
	return nil
}

func (s *server) createDatabase(template string) (string, error) {
	name := "bridle_test_" + strings.ToLower(rand.Text()[:16])
	if err := s.exec("CREATE DATABASE " + name + " TEMPLATE " + template); err != nil {
		return "", fmt.Errorf("create a copy of %s: %w", template, err)
	}
	return name, nil
}

func (s *server) dropDatabase(name string) error {
	if err := s.exec("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
		return fmt.Errorf("drop %s: %w", name, err)
	}
	return nil
}

func (s *server) exec(sql string) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	_, err := s.admin.Exec(ctx, sql)
	return err
}

func (s *server) databaseURL(name string) string {
	u := s.url
	u.Path = "/" + name
	return u.String()
}

// stop ends a private server and leaves another one alone.
func (s *server) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	_ = s.admin.Close(ctx) // nothing is left to be done on it
	if s.alive != nil {
		_ = s.alive.Close() // a pipe's end
		<-s.ended
	}
}
