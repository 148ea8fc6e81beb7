package sqldb

import (
	"errors"
	"fmt"
	"regexp"
	"sync/atomic"

	"zombiezen.com/go/sqlite"
)

// maxCachedStatements bounds the prepared statements of one connection. Texts are few; filters combine into some more.
const maxCachedStatements = 512

// sqliteConn is one connection with its prepared statements, used by one goroutine at a time.
type sqliteConn struct {
	driver     *sqlite.Conn
	prepared   map[string]*sqlite.Stmt
	statements *atomic.Int64
}

var placeholder = regexp.MustCompile(`\$([0-9]+)`)

// numbered writes placeholders as SQLite numbers them. To it `$1` is a name, which it counts by where it stands first.
func numbered(text string) string { return placeholder.ReplaceAllString(text, "?$1") }

func openSQLiteConn(path string, statements *atomic.Int64, pragmas []string) (*sqliteConn, error) {
	dc, err := sqlite.OpenConn(sqliteDSN(path), sqlite.OpenReadWrite, sqlite.OpenURI)
	if err != nil {
		return nil, err
	}
	c := &sqliteConn{driver: dc, prepared: make(map[string]*sqlite.Stmt), statements: statements}
	for _, p := range pragmas {
		if err := c.control("PRAGMA " + p); err != nil {
			return nil, errors.Join(fmt.Errorf("PRAGMA %s: %w", p, err), c.close())
		}
	}
	return c, nil
}

// close frees the prepared statements too.
func (c *sqliteConn) close() error { return c.driver.Close() }

// prepare returns the prepared statement for a text, which must not be in use.
func (c *sqliteConn) prepare(text string) (*sqlite.Stmt, error) {
	if s, ok := c.prepared[text]; ok {
		return s, nil
	}
	if err := c.makeRoom(); err != nil {
		return nil, err
	}
	s, err := c.driver.Prepare(numbered(text))
	if err != nil {
		return nil, err
	}
	c.prepared[text] = s
	return s, nil
}

// makeRoom drops an arbitrary statement from a full cache. Nothing is in use here: a connection answers one statement
// at a time.
func (c *sqliteConn) makeRoom() error {
	if len(c.prepared) < maxCachedStatements {
		return nil
	}
	for text, s := range c.prepared {
		delete(c.prepared, text)
		return s.Finalize()
	}
	return nil
}

// control runs a statement that is not counted.
func (c *sqliteConn) control(text string) error {
	s, err := c.prepare(text)
	if err != nil {
		return err
	}
	return finish(s)
}

// finish runs a statement to its end and makes it ready for the next time.
func finish(s *sqlite.Stmt) error {
	for {
		switch more, err := s.Step(); {
		case err != nil:
			return err // which has reset it
		case !more:
			return s.Reset()
		}
	}
}

// exec runs a statement and returns how many rows it changed.
func (c *sqliteConn) exec(text string, args []any) (int64, error) {
	s, err := c.start(text, args)
	if err != nil {
		return 0, err
	}
	if err := finish(s); err != nil {
		return 0, c.describe(err)
	}
	return int64(c.driver.Changes()), nil
}

// query starts a statement that returns rows and goes to the first. The connection is busy until they are closed.
func (c *sqliteConn) query(text string, args []any) (*sqliteRows, error) {
	s, err := c.start(text, args)
	if err != nil {
		return nil, err
	}
	found, err := s.Step()
	if err != nil {
		return nil, c.describe(err)
	}
	return &sqliteRows{driver: s, columns: s.ColumnCount(), first: true, found: found}, nil
}

func (c *sqliteConn) start(text string, args []any) (*sqlite.Stmt, error) {
	c.statements.Add(1)
	s, err := c.prepare(text)
	if err != nil {
		return nil, err
	}
	// SQLite would leave out what is missing and overlook what is too much; PostgreSQL does neither.
	if len(args) != s.BindParamCount() {
		return nil, fmt.Errorf("statement has %d parameters and is given %d arguments", s.BindParamCount(), len(args))
	}
	for i, arg := range args {
		if err := bind(s, i+1, arg); err != nil {
			return nil, fmt.Errorf("argument $%d: %w", i+1, err)
		}
	}
	return s, nil
}
