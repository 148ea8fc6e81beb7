package sqldb

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// sqlitePool is the read side: up to a number of connections, opened when they are first needed.
type sqlitePool struct {
	open  func() (*sqliteConn, error)
	slots chan struct{} // one token per connection in use

	mu     sync.Mutex
	idle   []*sqliteConn // the most recently used last: its caches are warm
	closed bool
}

func newSQLitePool(size int, open func() (*sqliteConn, error)) *sqlitePool {
	return &sqlitePool{open: open, slots: make(chan struct{}, size)}
}

func (p *sqlitePool) Engine() Engine { return SQLite }

func (p *sqlitePool) Exec(context.Context, string, ...any) (int64, error) { return 0, errReadExec }

func (p *sqlitePool) Query(ctx context.Context, sql string, args ...any) (Rows, error) {
	rows, err := p.query(ctx, sql, args)
	if err != nil {
		return nil, err
	}
	return rows, nil
}

func (p *sqlitePool) QueryRow(ctx context.Context, sql string, args ...any) Row {
	rows, err := p.query(ctx, sql, args)
	if err != nil {
		return errorRow{err}
	}
	return &queryRow{rows: rows}
}

func (p *sqlitePool) Send(ctx context.Context, statements ...Statement) error {
	return sendEach(ctx, p, statements)
}

// query looks at ctx before it starts and before each row. The driver could watch it too, with a goroutine per query,
// which costs more than most queries do.
func (p *sqlitePool) query(ctx context.Context, sql string, args []any) (*sqliteRows, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	conn, err := p.acquire(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := conn.query(sql, args)
	if err != nil {
		p.release(conn)
		return nil, err
	}
	rows.ctx = ctx
	rows.onEnd = func(error) { p.release(conn) }
	return rows, nil
}

// together lends one connection to fn, in a transaction that keeps what it sees as it is.
func (p *sqlitePool) together(ctx context.Context, fn func(q Queryer) error) error {
	conn, err := p.acquire(ctx)
	if err != nil {
		return err
	}
	defer p.release(conn)
	if err := conn.control("BEGIN"); err != nil {
		return fmt.Errorf("begin reading: %w", err)
	}
	q := &sqliteTx{conn: conn}
	defer func() {
		q.closeRows()
		q.failed = ErrTxEnded        // for whoever kept it
		_ = conn.control("ROLLBACK") // there is nothing to lose, and it ends in any state
	}()
	return fn(q)
}

func (p *sqlitePool) acquire(ctx context.Context) (*sqliteConn, error) {
	select {
	case p.slots <- struct{}{}:
	default:
		select {
		case p.slots <- struct{}{}:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	conn, err := p.take()
	if err != nil {
		<-p.slots
	}
	return conn, err
}

func (p *sqlitePool) take() (*sqliteConn, error) {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil, ErrClosed
	}
	if n := len(p.idle); n > 0 {
		conn := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		return conn, nil
	}
	p.mu.Unlock()
	return p.open()
}

func (p *sqlitePool) release(conn *sqliteConn) {
	p.mu.Lock()
	p.idle = append(p.idle, conn)
	p.mu.Unlock()
	<-p.slots
}

// close waits for the queries that run.
func (p *sqlitePool) close() error {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	for range cap(p.slots) {
		p.slots <- struct{}{}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for _, conn := range p.idle {
		errs = append(errs, conn.close())
	}
	p.idle = nil
	for range cap(p.slots) {
		<-p.slots // later queries are told ErrClosed instead of waiting
	}
	return errors.Join(errs...)
}
