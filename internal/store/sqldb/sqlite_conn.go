package sqldb

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"

	"modernc.org/sqlite"
)

// maxCachedStatements bounds the prepared statements of one connection. Texts are few; filters combine into some more.
const maxCachedStatements = 512

// sqliteConn is one connection with its prepared statements, used by one goroutine at a time.
//
// It drives the driver without database/sql in between, whose own locking, conversions and per-connection bookkeeping
// cost as much as a small query does.
type sqliteConn struct {
	driver     driver.Conn
	prepared   map[string]*sqliteStmt
	arguments  []driver.NamedValue // scratch, the driver does not keep it
	statements *atomic.Int64
}

type sqliteStmt struct {
	driver interface {
		driver.Stmt
		driver.StmtExecContext
		driver.StmtQueryContext
	}
	parameters int            // the highest placeholder
	values     []driver.Value // scratch for the columns of a row
}

var placeholder = regexp.MustCompile(`\$[0-9]+`)

// unnamed writes the placeholders of a text as plain `?` when they stand in order, each once. The driver looks names up
// one by one, for every argument of every call: with the hundreds of an insert of several rows that costs as much as the
// insert. A text with a quoted dollar sign is left alone, like one whose placeholders repeat.
func unnamed(text string) string {
	found := placeholder.FindAllString(text, -1)
	for i, p := range found {
		if p != "$"+strconv.Itoa(i+1) {
			return text
		}
	}
	if strings.Count(text, "$") != len(found) {
		return text
	}
	return placeholder.ReplaceAllLiteralString(text, "?")
}

// countParameters serves to refuse surplus arguments, which SQLite would ignore and PostgreSQL does not.
func countParameters(text string) int {
	highest := 0
	for _, p := range placeholder.FindAllString(text, -1) {
		if n, err := strconv.Atoi(p[1:]); err == nil {
			highest = max(highest, n)
		}
	}
	return highest
}

func openSQLiteConn(path string, statements *atomic.Int64, pragmas []string) (*sqliteConn, error) {
	dc, err := new(sqlite.Driver).Open(sqliteDSN(path))
	if err != nil {
		return nil, err
	}
	c := &sqliteConn{driver: dc, prepared: make(map[string]*sqliteStmt), statements: statements}
	for _, p := range pragmas {
		if err := c.control("PRAGMA " + p); err != nil {
			return nil, errors.Join(fmt.Errorf("PRAGMA %s: %w", p, err), c.close())
		}
	}
	return c, nil
}

func (c *sqliteConn) close() error {
	var errs []error
	for _, s := range c.prepared {
		errs = append(errs, s.driver.Close())
	}
	return errors.Join(append(errs, c.driver.Close())...)
}

// prepare returns the prepared statement for a text, which must not be in use.
func (c *sqliteConn) prepare(ctx context.Context, text string) (*sqliteStmt, error) {
	if s, ok := c.prepared[text]; ok {
		return s, nil
	}
	ds, err := c.driver.(driver.ConnPrepareContext).PrepareContext(ctx, unnamed(text))
	if err != nil {
		return nil, err
	}
	s := &sqliteStmt{parameters: countParameters(text)}
	var ok bool
	if s.driver, ok = ds.(interface {
		driver.Stmt
		driver.StmtExecContext
		driver.StmtQueryContext
	}); !ok {
		return nil, errors.Join(fmt.Errorf("the SQLite driver's %T lacks a method", ds), ds.Close())
	}
	if err := c.makeRoom(); err != nil {
		return nil, errors.Join(err, ds.Close())
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
		return s.driver.Close()
	}
	return nil
}

// control runs a statement that is not counted.
func (c *sqliteConn) control(text string) error {
	s, err := c.prepare(context.Background(), text)
	if err != nil {
		return err
	}
	_, err = s.driver.ExecContext(context.Background(), nil)
	return err
}

// exec runs a statement. interrupt ends it early; see DB.Write for why the writer gives none.
func (c *sqliteConn) exec(interrupt context.Context, text string, args []any) (int64, error) {
	c.statements.Add(1)
	s, err := c.prepare(interrupt, text)
	if err != nil {
		return 0, err
	}
	if err := c.bind(s, args); err != nil {
		return 0, err
	}
	result, err := s.driver.ExecContext(interrupt, c.arguments)
	if err != nil {
		return 0, c.describe(err)
	}
	return result.RowsAffected()
}

// query starts a statement that returns rows. The connection is busy until they are closed.
func (c *sqliteConn) query(interrupt context.Context, text string, args []any) (*sqliteRows, error) {
	c.statements.Add(1)
	s, err := c.prepare(interrupt, text)
	if err != nil {
		return nil, err
	}
	if err := c.bind(s, args); err != nil {
		return nil, err
	}
	rows, err := s.driver.QueryContext(interrupt, c.arguments)
	if err != nil {
		return nil, c.describe(err)
	}
	columns := len(rows.Columns())
	if len(s.values) != columns {
		s.values = make([]driver.Value, columns)
	}
	return &sqliteRows{driver: rows, values: s.values}, nil
}

func (c *sqliteConn) bind(s *sqliteStmt, args []any) error {
	if len(args) != s.parameters {
		return fmt.Errorf("statement has %d parameters and is given %d arguments", s.parameters, len(args))
	}
	c.arguments = c.arguments[:0]
	for i, arg := range args {
		value, err := sqliteValue(arg)
		if err != nil {
			return fmt.Errorf("argument $%d: %w", i+1, err)
		}
		c.arguments = append(c.arguments, driver.NamedValue{Ordinal: i + 1, Value: value})
	}
	return nil
}
