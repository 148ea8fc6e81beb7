package sqldb

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
)

const memoryPath = ":memory:"

// EngineOf tells which engine a database URL is for.
func EngineOf(databaseURL string) (Engine, error) {
	scheme, _, _ := strings.Cut(databaseURL, ":")
	switch scheme {
	case "sqlite":
		return SQLite, nil
	case "postgres", "postgresql":
		return Postgres, nil
	}
	// Only the scheme is repeated: the rest may hold a password.
	return "", fmt.Errorf("database URL begins with %q: use sqlite:///path/to/file.db or postgres://user@host/database", scheme)
}

// sqlitePath returns the absolute file name in a sqlite: URL, or memoryPath.
func sqlitePath(databaseURL string) (string, error) {
	path := strings.TrimPrefix(databaseURL, "sqlite:")
	path = strings.TrimPrefix(path, "//")
	if path == memoryPath {
		return path, nil
	}
	if strings.ContainsAny(path, "?#") {
		return "", errors.New("database URL: sqlite takes no parameters; write ? and # of a file name as %3F and %23")
	}
	path, err := url.PathUnescape(path)
	if err != nil {
		return "", fmt.Errorf("database URL: %w", err)
	}
	if path == "" || strings.HasSuffix(path, "/") {
		return "", errors.New("database URL names no file: use sqlite:///path/to/file.db")
	}
	if strings.ContainsRune(path, 0) {
		return "", errors.New("database URL: the file name has a NUL byte")
	}
	path, err = filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("database file %s: %w", path, err)
	}
	return path, nil
}
