package store

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

//go:embed migrations
var migrationFiles embed.FS

// ErrNotFound is returned by every Get for a row that is not there.
var ErrNotFound = errors.New("no such row")

// ErrStale is returned by a compare-and-set that found the row in another state: load it again and decide anew.
var ErrStale = errors.New("row changed meanwhile")

// Store is the database with the product's tables in it.
type Store struct {
	db *sqldb.DB
}

// Open connects to a database and brings its tables up to date.
func Open(ctx context.Context, c sqldb.Config) (*Store, error) {
	db, err := sqldb.Open(ctx, c)
	if err != nil {
		return nil, err
	}
	files, err := fs.Sub(migrationFiles, "migrations")
	if err == nil {
		err = db.Migrate(ctx, files)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("migrate database: %w", err), db.Close())
	}
	return &Store{db: db}, nil
}

// DB returns the layer below, for the queue and for tests that count statements.
func (s *Store) DB() *sqldb.DB { return s.db }

// Close ends all connections.
func (s *Store) Close() error { return s.db.Close() }

// Read is the pool for queries outside a transaction.
func (s *Store) Read() sqldb.Queryer { return s.db.Read() }

// ReadTogether runs reads that belong together; see sqldb.DB.ReadTogether for what fn may do.
func (s *Store) ReadTogether(ctx context.Context, fn func(q sqldb.Queryer) error) error {
	return s.db.ReadTogether(ctx, fn)
}

// Write runs fn in a transaction; see sqldb.DB.Write for what fn may do. A transaction that fails with ErrStale is run
// again, a few times.
func (s *Store) Write(ctx context.Context, fn func(tx *sqldb.Tx) error) error {
	return whileStale(func() error { return s.db.Write(ctx, fn) })
}

// WriteTogether is Write for transactions that begin by locking the row with an id; see sqldb.DB.WriteTogether.
func (s *Store) WriteTogether(ctx context.Context, id string, about any, fn func(tx *sqldb.Tx) error) error {
	return whileStale(func() error { return s.db.WriteTogether(ctx, id, about, fn) })
}

func whileStale(write func() error) error {
	const attempts = 5
	var err error
	for range attempts {
		if err = write(); !errors.Is(err, ErrStale) {
			return err
		}
	}
	return err
}

// NewID returns a fresh id whose order is the order of creation.
func NewID() string { return uuid.Must(uuid.NewV7()).String() }

// Page is a part of a list: rows after skipping Offset.
type Page struct {
	Limit  int
	Offset int
}

func notFound(err error) error {
	if errors.Is(err, sqldb.ErrNoRows) {
		return ErrNotFound
	}
	return err
}

// scanner is a row or one of several rows.
type scanner interface{ Scan(dest ...any) error }

// list runs a query and scans every row.
func list[T any](ctx context.Context, q sqldb.Queryer, scan func(scanner) (T, error), sql string, args ...any) ([]T, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var items []T
	for rows.Next() {
		item, err := scan(rows)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, rows.Err()
}

// one runs a query for a single row; none is ErrNotFound.
func one[T any](ctx context.Context, q sqldb.Queryer, scan func(scanner) (T, error), sql string, args ...any) (T, error) {
	item, err := scan(q.QueryRow(ctx, sql, args...))
	if err != nil {
		var none T
		return none, notFound(err)
	}
	return item, nil
}

// columns prefixes the names of a column list with a table's alias.
func columns(alias, names string) string {
	parts := strings.Split(names, ",")
	for i, p := range parts {
		parts[i] = alias + "." + strings.TrimSpace(p)
	}
	return strings.Join(parts, ", ")
}

// placeholders returns `$1, $2, … $n`.
func placeholders(n int) string {
	var b strings.Builder
	for i := 1; i <= n; i++ {
		if i > 1 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "$%d", i)
	}
	return b.String()
}

func micros(t time.Time) int64          { return sqldb.Micros(t) }
func microsPtr(t *time.Time) *int64     { return sqldb.MicrosPtr(t) }
func fromMicros(m int64) time.Time      { return sqldb.FromMicros(m) }
func fromMicrosPtr(m *int64) *time.Time { return sqldb.FromMicrosPtr(m) }
