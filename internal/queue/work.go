package queue

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// errNoReturn is the result of a handler that ended its goroutine, as FailNow of a test does.
var errNoReturn = errors.New("the handler did not return")

// errLost buries a task whose node died on every attempt: it may be what they died of.
var errLost = errors.New("the nodes that ran it were lost")

// start hands tasks to workers of their own.
func (r *run) start(ctx context.Context, tasks []claimed) {
	for _, t := range tasks {
		r.running++
		go func() {
			o := outcome{t, errNoReturn}
			defer func() { r.outcomes <- o }()
			o.err = r.work(ctx, t)
		}()
	}
}

// work runs the handler of a task.
func (q *Queue) work(ctx context.Context, t claimed) error {
	r := q.handler(t.Kind)
	if t.Attempt > r.maxAttempts {
		return Permanent(errLost)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.timeout)
	defer cancel()
	err := callHandler(ctx, r.handle, t.Task)
	if err != nil {
		q.config.Log.Warn("task failed", "kind", t.Kind, "task", t.ID, "attempt", t.Attempt, "error", err)
	}
	return err
}

// callHandler makes an error of a panic: one bad task must not end the process, again and again.
func callHandler(ctx context.Context, h Handler, t Task) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
		}
	}()
	return h(ctx, t)
}

// Drain runs all tasks that are due at a time, those they enqueue included, one after the other in the caller's
// goroutine, as if it were that time. Tests use it in place of Run. It fails when the database does; what handlers
// return is treated as in Run.
func (q *Queue) Drain(ctx context.Context, until time.Time) error {
	var outcomes []outcome
	for {
		var tasks []claimed
		err := q.db.Write(ctx, func(tx *sqldb.Tx) (err error) {
			if err := q.settle(ctx, tx, until, outcomes); err != nil {
				return err
			}
			if err := returnLost(ctx, tx, until); err != nil {
				return err
			}
			tasks, err = q.claim(ctx, tx, until, q.config.Workers)
			return err
		})
		if err != nil {
			return fmt.Errorf("drain tasks: %w", err)
		}
		if len(tasks) == 0 {
			return nil
		}
		outcomes = nil
		for _, t := range tasks {
			outcomes = append(outcomes, outcome{t, q.work(ctx, t)})
		}
	}
}
