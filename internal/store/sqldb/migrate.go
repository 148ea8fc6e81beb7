package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	_ "modernc.org/sqlite" // goose wants a database/sql driver, of the same engine
)

// migrations are the files of one engine and who to tell about them.
type migrations struct {
	files fs.FS
	log   *slog.Logger
}

// Migrate brings the schema up to date with the files of fsys: sqlite/NNNNN_name.sql and postgres/NNNNN_name.sql, the
// same names for both, in goose's format. Several nodes may do so at once on PostgreSQL.
func (db *DB) Migrate(ctx context.Context, fsys fs.FS) error {
	if err := checkMirrored(fsys); err != nil {
		return fmt.Errorf("migrate database: %w", err)
	}
	files, err := fs.Sub(fsys, string(db.engine))
	if err != nil {
		return fmt.Errorf("migrate database: %w", err)
	}
	if err := db.impl.migrate(ctx, migrations{files: files, log: db.config.Log}); err != nil {
		return fmt.Errorf("migrate database: %w", err)
	}
	return nil
}

// checkMirrored compares the file names of the engines.
func checkMirrored(fsys fs.FS) error {
	names := map[Engine][]string{}
	for _, engine := range []Engine{SQLite, Postgres} {
		entries, err := fs.ReadDir(fsys, string(engine))
		if err != nil {
			return err
		}
		for _, e := range entries {
			if strings.HasSuffix(e.Name(), ".sql") {
				names[engine] = append(names[engine], e.Name())
			}
		}
	}
	for i, other := range []Engine{Postgres, SQLite} {
		engine := []Engine{SQLite, Postgres}[i]
		for _, name := range names[engine] {
			if !slices.Contains(names[other], name) {
				return fmt.Errorf("%s/%s has no counterpart in %s/", engine, name, other)
			}
		}
	}
	return nil
}

func (m migrations) up(ctx context.Context, dialect goose.Dialect, db *sql.DB, options ...goose.ProviderOption) (applied int, err error) {
	options = append(options, goose.WithDisableGlobalRegistry(true), goose.WithSlog(m.log))
	provider, err := goose.NewProvider(dialect, db, m.files, options...)
	if errors.Is(err, goose.ErrNoMigrations) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	results, err := provider.Up(ctx)
	return len(results), err
}

// migrate runs without foreign keys, so that a migration may rebuild a table others refer to, and checks them after.
func (d *sqliteDB) migrate(ctx context.Context, m migrations) (err error) {
	pragmas := "?_pragma=busy_timeout(5000)&_pragma=foreign_keys(0)&_txlock=immediate"
	db, err := sql.Open("sqlite", sqliteDSN(d.path)+pragmas)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	applied, err := m.up(ctx, goose.DialectSQLite3, db)
	if err != nil || applied == 0 {
		return err
	}
	return checkForeignKeys(ctx, db)
}

func checkForeignKeys(ctx context.Context, db *sql.DB) error {
	var table, parent string
	row := db.QueryRowContext(ctx, `SELECT "table", parent FROM pragma_foreign_key_check() LIMIT 1`)
	switch err := row.Scan(&table, &parent); {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return fmt.Errorf("check foreign keys: %w", err)
	}
	return fmt.Errorf("rows of %s refer to rows of %s that do not exist", table, parent)
}

func (d *postgresDB) migrate(ctx context.Context, m migrations) (err error) {
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return err
	}
	config := d.pool.Config().ConnConfig.Copy()
	config.DefaultQueryExecMode = pgx.QueryExecModeExec // texts run once, nothing to cache
	db := stdlib.OpenDB(*config)
	defer func() { err = errors.Join(err, db.Close()) }()
	_, err = m.up(ctx, goose.DialectPostgres, db, goose.WithSessionLocker(locker))
	return err
}
