package sqldb

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	// maxWriteAttempts is how often a transaction runs that PostgreSQL asks to be repeated.
	maxWriteAttempts = 5
	// retryPause is the mean pause before the second attempt; it doubles from there.
	retryPause = 2 * time.Millisecond
	// rollbackTimeout is for the rollback of a transaction whose own context is over.
	rollbackTimeout = 5 * time.Second
)

// postgresDB is a pool of connections. Transactions are read committed.
type postgresDB struct {
	pool   *pgxpool.Pool
	count  *counters
	groups postgresGroups
}

func openPostgres(ctx context.Context, c Config, count *counters) (*postgresDB, error) {
	config, err := pgxpool.ParseConfig(c.URL)
	if err != nil {
		return nil, fmt.Errorf("database URL: %w", err) // pgx leaves out the password
	}
	switch {
	case c.MaxConns > 0:
		config.MaxConns = int32(min(c.MaxConns, 10_000))
	case !strings.Contains(c.URL, "pool_max_conns"):
		config.MaxConns = defaultMaxConns
	}
	if config.ConnConfig.RuntimeParams["application_name"] == "" {
		config.ConnConfig.RuntimeParams["application_name"] = "bridle"
	}
	if _, set := config.ConnConfig.RuntimeParams["synchronous_commit"]; c.Durability == DurabilityNormal && !set {
		config.ConnConfig.RuntimeParams["synchronous_commit"] = "off"
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	return &postgresDB{pool: pool, count: count}, nil
}

func (d *postgresDB) readTogether(_ context.Context, fn func(q Queryer) error) error {
	return fn(d.read())
}

func (d *postgresDB) read() Queryer { return (*postgresPool)(d) }

func (d *postgresDB) ping(ctx context.Context) error {
	if err := d.pool.Ping(ctx); err != nil {
		return fmt.Errorf("ping database: %w", closedOr(err))
	}
	return nil
}

func (d *postgresDB) close() error {
	d.pool.Close()
	return nil
}

func (d *postgresDB) write(ctx context.Context, db *DB, fn func(tx *Tx) error) error {
	pause := retryPause
	for attempt := 1; ; attempt++ {
		err := d.attempt(ctx, db, fn)
		if err == nil || attempt == maxWriteAttempts || !repeatable(err) {
			return err
		}
		select {
		case <-time.After(rand.N(2 * pause)): // both sides of a deadlock must not meet again
		case <-ctx.Done():
			return err
		}
		pause *= 2
	}
}

// repeatable tells whether the database asked for the transaction to be run again: a lost serialization, a deadlock, or
// a plan made before another node migrated the schema, which pgx drops when it sees this error.
func repeatable(err error) bool {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return false
	}
	switch pg.Code {
	case "40001", "40P01":
		return true
	case "0A000":
		return strings.Contains(pg.Message, "cached plan")
	}
	return false
}

func (d *postgresDB) attempt(ctx context.Context, db *DB, fn func(tx *Tx) error) error {
	q, err := d.begin(ctx)
	if err != nil {
		return err
	}
	defer q.end(ctx) // also when fn panics
	tx := newTx(q, db.config.Now(), q.shared)
	if err := q.turn(tx, fn); err != nil {
		return err
	}
	if err := q.commit(ctx); err != nil {
		return err
	}
	tx.committed()
	return nil
}

// begin takes a connection for a transaction.
func (d *postgresDB) begin(ctx context.Context) (*postgresTx, error) {
	conn, err := d.pool.Acquire(ctx)
	if err != nil {
		return nil, fmt.Errorf("begin transaction: %w", closedOr(err))
	}
	return &postgresTx{conn: conn, count: d.count, shared: map[any]any{}}, nil
}

// closedOr says ErrClosed in place of the pool's own error for it.
func closedOr(err error) error {
	if errors.Is(err, errPoolClosed) {
		return ErrClosed
	}
	return err
}
