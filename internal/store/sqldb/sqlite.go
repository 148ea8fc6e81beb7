package sqldb

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
)

// sqliteDB is a SQLite file in WAL mode: one writer and a pool of readers, which do not block each other.
type sqliteDB struct {
	path    string
	scratch string // folder to remove at the end, if the database is a private one
	writer  *sqliteWriter
	readers *sqlitePool

	closeOnce sync.Once
	closeErr  error
}

func openSQLite(c Config, statements *atomic.Int64) (*sqliteDB, error) {
	path, err := sqlitePath(c.URL)
	if err != nil {
		return nil, err
	}
	d := &sqliteDB{path: path}
	if path == memoryPath {
		if d.scratch, err = os.MkdirTemp("", "bridle-db-"); err != nil {
			return nil, fmt.Errorf("make a private database: %w", err)
		}
		d.path = filepath.Join(d.scratch, "private.db")
	}
	if err := d.start(c, statements); err != nil {
		return nil, errors.Join(err, d.removeScratch())
	}
	return d, nil
}

func (d *sqliteDB) start(c Config, statements *atomic.Int64) error {
	// SQLite gives its side files the mode of the database: only the owner may read them, as they hold all there is.
	f, err := os.OpenFile(d.path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	conn, err := openSQLiteConn(d.path, statements, d.writerPragmas(c.Durability))
	if err != nil {
		return fmt.Errorf("open database %s for writing: %w", d.path, err)
	}
	d.writer = startSQLiteWriter(conn)
	d.readers = newSQLitePool(c.Readers, func() (*sqliteConn, error) {
		return openSQLiteConn(d.path, statements, readerPragmas())
	})
	return nil
}

// busyPragma comes first: switching to WAL can itself meet another process.
const busyPragma = "busy_timeout = 5000"

func (d *sqliteDB) writerPragmas(durability string) []string {
	synchronous := "FULL"
	switch {
	case d.scratch != "":
		synchronous = "OFF"
	case durability == DurabilityNormal:
		synchronous = "NORMAL"
	}
	return []string{
		busyPragma,
		"journal_mode = WAL",
		"synchronous = " + synchronous,
		"foreign_keys = 1",
		"temp_store = MEMORY",
		"cache_size = -32000",            // KiB
		"wal_autocheckpoint = 2000",      // pages; twice the default halves the writer's checkpoint stalls
		"journal_size_limit = 134217728", // a reader that held up checkpoints must not leave a huge file behind
	}
}

func readerPragmas() []string {
	return []string{busyPragma, "query_only = 1", "temp_store = MEMORY", "cache_size = -8000"}
}

// sqliteDSN asks the driver for a file whatever characters its name has.
func sqliteDSN(path string) string {
	return (&url.URL{Scheme: "file", Path: path}).String()
}

func (d *sqliteDB) read() Queryer { return d.readers }

func (d *sqliteDB) readTogether(ctx context.Context, fn func(q Queryer) error) error {
	return d.readers.together(ctx, fn)
}

func (d *sqliteDB) write(ctx context.Context, db *DB, fn func(tx *Tx) error) error {
	q := &sqliteTx{conn: d.writer.conn}
	tx := newTx(q, db.config.Now(), map[any]any{})
	err := d.writer.do(ctx, func() error {
		defer func() {
			q.closeRows()
			tx.Queryer = endedQueryer{SQLite}
		}()
		return q.outcome(fn(tx))
	})
	if err != nil {
		return err
	}
	tx.committed()
	return nil
}

// writeTogether is write: all transactions share their commits here.
func (d *sqliteDB) writeTogether(ctx context.Context, db *DB, _ string, _ any, fn func(tx *Tx) error) error {
	return d.write(ctx, db, fn)
}

func (d *sqliteDB) ping(ctx context.Context) error {
	var one int
	if err := d.readers.QueryRow(ctx, "SELECT 1").Scan(&one); err != nil {
		return fmt.Errorf("ping database %s: %w", d.path, err)
	}
	return nil
}

// close ends the writer last: the last connection to leave writes the WAL back into the file.
func (d *sqliteDB) close() error {
	d.closeOnce.Do(func() {
		d.closeErr = errors.Join(d.readers.close(), d.writer.close(), d.removeScratch())
	})
	return d.closeErr
}

func (d *sqliteDB) removeScratch() error {
	if d.scratch == "" {
		return nil
	}
	return os.RemoveAll(d.scratch)
}
