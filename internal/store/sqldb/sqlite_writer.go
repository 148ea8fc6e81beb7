package sqldb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// maxBatch bounds how many transactions share a commit, and so how long the first one waits for the others.
const maxBatch = 64

var errUnfinished = errors.New("transaction function did not return")

// sqliteWriter lends the one writing connection to one transaction at a time.
//
// Transactions that wait at the same moment form a batch with a single BEGIN and COMMIT, as the commit, with its wait
// for the disk, costs more than all else; a savepoint each lets one fail alone. While a batch commits, the next one
// gathers: no transaction is ever held back to fill a batch.
//
// Each function runs in its caller's goroutine, which the writer wakes when its turn has come. So a panic, or a
// FailNow of a test, unwinds the caller's own stack and leaves the writer standing.
type sqliteWriter struct {
	conn     *sqliteConn
	requests chan *writeRequest
	finished chan error // what the function whose turn it is returned
	closing  chan struct{}
	stopped  chan struct{}
	once     sync.Once
	closeErr error
}

type writeRequest struct {
	// signals carries one writeSignal when the turn has come or never will, and one more after a turn. Its buffer lets
	// the writer go on whatever became of the caller.
	signals chan writeSignal
	err     error
}

type writeSignal struct {
	turn bool
	err  error
}

func startSQLiteWriter(conn *sqliteConn) *sqliteWriter {
	w := &sqliteWriter{
		conn:     conn,
		requests: make(chan *writeRequest),
		finished: make(chan error),
		closing:  make(chan struct{}),
		stopped:  make(chan struct{}),
	}
	go w.run()
	return w
}

// do runs fn as one transaction.
func (w *sqliteWriter) do(ctx context.Context, fn func() error) error {
	r := &writeRequest{signals: make(chan writeSignal, 1)}
	select {
	case w.requests <- r:
	case <-ctx.Done():
		return ctx.Err()
	case <-w.closing:
		return ErrClosed
	}
	if s := <-r.signals; !s.turn {
		return s.err
	}
	w.takeTurn(ctx, fn)
	return (<-r.signals).err
}

func (w *sqliteWriter) takeTurn(ctx context.Context, fn func() error) {
	err := errUnfinished // stays so when fn panics
	defer func() { w.finished <- err }()
	if ended := ctx.Err(); ended != nil {
		err = ended
		return
	}
	err = fn()
}

func (w *sqliteWriter) run() {
	defer close(w.stopped)
	for {
		select {
		case r := <-w.requests:
			w.runBatch(w.gather(r))
		case <-w.closing:
			return
		}
	}
}

func (w *sqliteWriter) gather(first *writeRequest) []*writeRequest {
	batch := []*writeRequest{first}
	for len(batch) < maxBatch {
		select {
		case r := <-w.requests:
			batch = append(batch, r)
		default:
			return batch
		}
	}
	return batch
}

func (w *sqliteWriter) runBatch(batch []*writeRequest) {
	err := w.conn.control("BEGIN IMMEDIATE")
	if err != nil {
		err = fmt.Errorf("begin transaction: %w", err)
	} else if err = w.runTurns(batch); err == nil {
		err = w.end(batch)
	}
	for _, r := range batch {
		if r.err == nil {
			r.err = err
		}
		r.signals <- writeSignal{err: r.err}
	}
}

// runTurns gives every request its turn. An error means that the whole batch is lost.
func (w *sqliteWriter) runTurns(batch []*writeRequest) error {
	alone := len(batch) == 1 // then the transaction is savepoint enough
	for _, r := range batch {
		if !alone {
			if err := w.conn.control("SAVEPOINT turn"); err != nil {
				w.rollback()
				return fmt.Errorf("begin transaction: %w", err)
			}
		}
		r.signals <- writeSignal{turn: true}
		r.err = <-w.finished
		if alone {
			return nil
		}
		if err := w.leaveSavepoint(r.err); err != nil {
			w.rollback()
			return err
		}
	}
	return nil
}

func (w *sqliteWriter) leaveSavepoint(failed error) error {
	if failed != nil {
		// Errors such as a full disk make SQLite drop the whole transaction, and with it the savepoint.
		if err := w.conn.control("ROLLBACK TO turn"); err != nil {
			return fmt.Errorf("transaction was lost when another one failed: %w", failed)
		}
	}
	if err := w.conn.control("RELEASE turn"); err != nil {
		return fmt.Errorf("end transaction: %w", err)
	}
	return nil
}

// end commits if any transaction of the batch succeeded.
func (w *sqliteWriter) end(batch []*writeRequest) error {
	succeeded := func(r *writeRequest) bool { return r.err == nil }
	if !slices.ContainsFunc(batch, succeeded) {
		w.rollback()
		return nil
	}
	if err := w.conn.control("COMMIT"); err != nil {
		w.rollback()
		return fmt.Errorf("commit transaction: %w", err)
	}
	return nil
}

// rollback fails only where SQLite has rolled back by itself; either way the transaction is gone.
func (w *sqliteWriter) rollback() { _ = w.conn.control("ROLLBACK") }

// close lets the batch that runs finish.
func (w *sqliteWriter) close() error {
	w.once.Do(func() {
		close(w.closing)
		<-w.stopped
		w.closeErr = w.conn.close()
	})
	return w.closeErr
}
