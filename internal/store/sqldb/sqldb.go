package sqldb

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"sync/atomic"
	"time"
)

// Engine names the kind of a database.
type Engine string

// The engines.
const (
	SQLite   Engine = "sqlite"
	Postgres Engine = "postgres"
)

// Durability says when a commit counts as done.
const (
	// DurabilityFull waits until a commit is on disk; an acknowledged write survives a power cut.
	DurabilityFull = "full"
	// DurabilityNormal survives a crash of the process; a power cut may take the last commits, never the database.
	DurabilityNormal = "normal"
)

const (
	defaultMinReaders = 4
	defaultMaxConns   = 16
)

// Config says which database to open and how.
type Config struct {
	// URL is sqlite:///path/to/file.db, sqlite::memory: or postgres://….
	//
	// sqlite::memory: is a private file in the temporary folder, never synced and removed by Close, so that it has the
	// same several connections as a real one.
	URL string
	// Durability is DurabilityFull, the default, or DurabilityNormal. On PostgreSQL the former leaves the server's
	// settings as they are, and the latter turns synchronous_commit off, unless the URL sets it.
	Durability string
	// Readers is how many queries may run at once beside the writer on SQLite; 0 chooses.
	Readers int
	// MaxConns bounds the connections to PostgreSQL; 0 leaves it to the URL's pool_max_conns or chooses.
	MaxConns int
	// Now is the clock behind Tx.Now; nil is time.Now.
	Now func() time.Time
	// Log receives what has no caller to be returned to; nil discards it.
	Log *slog.Logger
}

// DB is an open database. It is safe for concurrent use.
type DB struct {
	engine Engine
	impl   implementation
	config Config
	count  counters
}

// counters tell what the database was asked for.
type counters struct{ statements, trips atomic.Int64 }

// implementation is what an engine provides. Both count the statements they send in the DB's counter.
type implementation interface {
	read() Queryer
	readTogether(ctx context.Context, fn func(q Queryer) error) error
	// write is DB.Write; db is for its settings.
	write(ctx context.Context, db *DB, fn func(tx *Tx) error) error
	writeTogether(ctx context.Context, db *DB, key string, about any, fn func(tx *Tx) error) error
	ping(ctx context.Context) error
	migrate(ctx context.Context, m migrations) error
	close() error
}

// Open connects to the database that c.URL names. A SQLite file is made when it does not exist; its folder must.
func Open(ctx context.Context, c Config) (*DB, error) {
	if err := c.complete(); err != nil {
		return nil, err
	}
	engine, err := EngineOf(c.URL)
	if err != nil {
		return nil, err
	}
	db := &DB{engine: engine, config: c}
	switch engine {
	case SQLite:
		db.impl, err = openSQLite(c, &db.count.statements)
	case Postgres:
		db.impl, err = openPostgres(ctx, c, &db.count)
	}
	if err != nil {
		return nil, err
	}
	if err := db.Ping(ctx); err != nil {
		_ = db.impl.close() // the ping's error is the one to tell
		return nil, err
	}
	return db, nil
}

func (c *Config) complete() error {
	switch c.Durability {
	case "":
		c.Durability = DurabilityFull
	case DurabilityFull, DurabilityNormal:
	default:
		return fmt.Errorf("database durability %q: use %q or %q", c.Durability, DurabilityFull, DurabilityNormal)
	}
	if c.Readers < 0 || c.MaxConns < 0 {
		return fmt.Errorf("database connections: %d readers and at most %d connections: neither may be negative", c.Readers, c.MaxConns)
	}
	if c.Readers == 0 {
		c.Readers = max(defaultMinReaders, runtime.GOMAXPROCS(0))
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	return nil
}

// Close waits for running transactions and closes all connections. Later calls of the DB fail with ErrClosed.
func (db *DB) Close() error { return db.impl.close() }

// Engine tells which engine the database is on.
func (db *DB) Engine() Engine { return db.engine }

// Ping asks the database for a sign of life.
func (db *DB) Ping(ctx context.Context) error { return db.impl.ping(ctx) }

// Read returns the pool for queries outside a transaction. Each of its queries sees all transactions that Write
// returned from before. Its Exec fails: writing is for Write.
//
// On SQLite a query's context is looked at before it starts and before each row, and does not interrupt it in between.
//
// Inside a Write it sees the state from before that transaction; use the Tx there.
func (db *DB) Read() Queryer { return db.impl.read() }

// ReadTogether runs reads that belong together. On SQLite they have one connection, wait for it once, and see the database
// at one moment, which is cheaper too; on PostgreSQL, where a transaction costs trips of its own, each sees its own
// moment. fn must be quick, must not use q after it returned and must not read by other ways: it could wait for itself.
func (db *DB) ReadTogether(ctx context.Context, fn func(q Queryer) error) error {
	return db.impl.readTogether(ctx, fn)
}

// Write runs fn in a transaction and commits it when fn returns nil. Any error of fn rolls back and is returned as it is.
//
// fn may run more than once, since PostgreSQL asks for transactions to be repeated now and then: until the commit it may
// only touch tx and variables it sets anew on each run. What must happen once goes into Tx.AfterCommit.
//
// On SQLite transactions run one at a time, and several that wait at the same moment share a commit; so fn must be
// quick, must not wait for anything but tx, and must not call Write. ctx is looked at before fn starts and before each
// statement; statements themselves are not interrupted there, as SQLite would roll back the neighbors as well. A panic
// in fn rolls back and goes on.
func (db *DB) Write(ctx context.Context, fn func(tx *Tx) error) error {
	return db.impl.write(ctx, db, fn)
}

// WriteTogether is Write for transactions that begin by taking the same lock, which key stands for. On PostgreSQL, those
// of one key that wait on this node at the same moment share a transaction: the functions run one after the other, each
// sees what those before it did, and none of them returns before the common commit. When one fails, all are rolled back
// and run again, alone.
//
// A transaction that several share holds the locks of all of them. What fn locks besides should be its own, or be left
// to Tx.Last, or two such transactions may wait for each other.
//
// about tells the others what fn is about, as Tx.Waiting returns it; it may be nil.
func (db *DB) WriteTogether(ctx context.Context, key string, about any, fn func(tx *Tx) error) error {
	return db.impl.writeTogether(ctx, db, key, about, fn)
}

// Statements returns how many statements have been sent so far, apart from those that begin and end transactions.
func (db *DB) Statements() int64 { return db.count.statements.Load() }

// Trips returns how often something was sent to PostgreSQL and waited for, commits included. It is 0 on SQLite.
func (db *DB) Trips() int64 { return db.count.trips.Load() }
