package app

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"github.com/bridle-ci/bridle/internal/platform/config"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// folder is where a program keeps its files.
type folder struct {
	path string
	// temporary folders are removed when the program stops.
	temporary bool
	lock      *os.File
}

// openFolder makes the data folder if need be, and sees to it that no other server works in it. Without a path it makes
// a temporary one.
func openFolder(path string) (*folder, error) {
	if path == "" {
		dir, err := os.MkdirTemp("", "bridle-")
		if err != nil {
			return nil, fmt.Errorf("make a temporary folder: %w", err)
		}
		return &folder{path: dir, temporary: true}, nil
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("data folder: %w; choose another one with --data", err)
	}
	lock, err := lockFile(filepath.Join(path, "lock"))
	if err != nil {
		return nil, fmt.Errorf("data folder %s: %w", path, err)
	}
	return &folder{path: path, lock: lock}, nil
}

// errLocked says that another process holds the lock.
var errLocked = errors.New("another bridle server is using it: stop that one, or choose another folder with --data")

// close lets the folder go.
func (f *folder) close() error {
	var err error
	if f.lock != nil {
		err = f.lock.Close()
	}
	if f.temporary {
		err = errors.Join(err, os.RemoveAll(f.path))
	}
	return err
}

func (f *folder) in(name string) string { return filepath.Join(f.path, name) }

// databaseURL is the database in force: the one that is configured, else a file in the folder.
func databaseURL(s config.Storage, folder string) string {
	if s.Database != "" {
		return s.Database
	}
	file := url.URL{Path: filepath.ToSlash(filepath.Join(folder, config.DatabaseFile))}
	return "sqlite:" + file.EscapedPath()
}

// onPostgres reports whether the database is a PostgreSQL server.
func onPostgres(s config.Storage) bool {
	engine, err := sqldb.EngineOf(s.Database)
	return err == nil && engine == sqldb.Postgres
}
