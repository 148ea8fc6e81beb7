package queue

import (
	"context"
	"errors"
	"time"

	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

const (
	// troublePause is how long to leave a database alone that failed.
	troublePause = time.Second
	// settleTimeout bounds noting results when the process is asked to stop.
	settleTimeout = 30 * time.Second
)

// run is the state of Run: one goroutine that alone speaks to the table, and the workers it starts.
type run struct {
	*Queue
	outcomes chan outcome
	unsaved  []outcome
	running  int
	upkeepAt time.Time // when leases are looked at next
}

// Run works on tasks until ctx ends, then waits for the handlers that run. It fails only when the database is closed
// under it.
//
// The results of finished tasks and the claim of new ones share a transaction. While nothing is due nothing is asked,
// but for a slow poll where there may be other nodes.
func (q *Queue) Run(ctx context.Context) error {
	r := &run{Queue: q, outcomes: make(chan outcome, q.config.Workers)}
	if q.config.Bus != nil {
		hints, cancel := q.config.Bus.Subscribe(topic)
		defer cancel()
		go func() {
			for range hints {
				q.Wake()
			}
		}()
	}
	q.Wake()
	for ctx.Err() == nil {
		err := r.step(ctx)
		switch {
		case err == nil:
			r.wait(ctx, r.nextStep())
		case errors.Is(err, sqldb.ErrClosed):
			return errors.Join(err, r.finish(ctx))
		case ctx.Err() == nil:
			q.config.Log.Error("tasks wait for the database", "error", err)
			r.rest(ctx)
		}
	}
	return r.finish(ctx)
}

// step does what is due: leases, results, new tasks.
func (r *run) step(ctx context.Context) error {
	now := time.Now()
	upkeep := !now.Before(r.upkeepAt)
	look := r.takeWanted(now) && r.running < r.config.Workers // else the next result looks
	if !upkeep && !look && len(r.unsaved) == 0 {
		return nil
	}
	var (
		tasks []claimed
		later upcoming
	)
	err := r.db.Write(ctx, func(tx *sqldb.Tx) (err error) {
		tasks, later, err = r.cycle(ctx, tx, now, upkeep)
		return err
	})
	if err != nil {
		r.Wake() // what was due still is
		if sqldb.IsUnique(err) {
			return nil // another node was faster by a hair
		}
		return err
	}
	r.unsaved = nil
	r.start(ctx, tasks)
	r.plan(now, upkeep, later)
	return nil
}

// takeWanted tells whether a look at the table was asked for by now.
func (q *Queue) takeWanted(now time.Time) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.wanted.IsZero() || now.Before(q.wanted) {
		return false
	}
	q.wanted = time.Time{}
	return true
}

// cycle runs in one transaction, possibly several times, and changes nothing but rows.
func (r *run) cycle(ctx context.Context, tx *sqldb.Tx, now time.Time, upkeep bool) (tasks []claimed, later upcoming, err error) {
	if err := r.settle(ctx, tx, now, r.unsaved); err != nil {
		return nil, upcoming{}, err
	}
	if upkeep {
		if err := r.renew(ctx, tx, now); err != nil {
			return nil, upcoming{}, err
		}
		if err := returnLost(ctx, tx, now); err != nil {
			return nil, upcoming{}, err
		}
	}
	if free := r.config.Workers - r.running; free > 0 {
		if tasks, err = r.claim(ctx, tx, now, free); err != nil {
			return nil, upcoming{}, err
		}
	}
	later, err = r.upcoming(ctx, tx, now)
	return tasks, later, err
}

// plan sets the times for the next look at tasks and at leases.
func (r *run) plan(now time.Time, upkeep bool, later upcoming) {
	if later.due != nil {
		r.wakeAt(*later.due)
	}
	if upkeep {
		r.upkeepAt = now.Add(r.config.Lease / 3)
		switch {
		case r.db.Engine() == sqldb.Postgres:
			r.upkeepAt = earlier(r.upkeepAt, now.Add(r.config.Poll))
		case r.running == 0:
			r.upkeepAt = never
		}
	}
	if r.running > 0 {
		r.upkeepAt = earlier(r.upkeepAt, now.Add(r.config.Lease/3))
	}
	if later.lost != nil {
		r.upkeepAt = earlier(r.upkeepAt, *later.lost)
	}
}

// never is a time for what nothing asks for.
var never = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func (r *run) nextStep() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.wanted.IsZero() || r.running == r.config.Workers {
		return r.upkeepAt
	}
	return earlier(r.upkeepAt, r.wanted)
}

// wait returns at a time, or earlier when there is a result or a hint.
func (r *run) wait(ctx context.Context, until time.Time) {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case o := <-r.outcomes:
		r.take(o)
	case <-r.signal:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// rest leaves a database alone that is in trouble. Results and hints can wait.
func (r *run) rest(ctx context.Context) {
	timer := time.NewTimer(troublePause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// take notes a result and all others there are.
func (r *run) take(o outcome) {
	for {
		r.unsaved = append(r.unsaved, o)
		r.running--
		select {
		case o = <-r.outcomes:
		default:
			return
		}
	}
}

// finish waits for the handlers that run and notes their results. It keeps their leases as long as they take.
func (r *run) finish(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	renew := time.NewTicker(r.config.Lease / 3)
	defer renew.Stop()
	var err error
	for r.running > 0 || len(r.unsaved) > 0 {
		if r.running > 0 {
			select {
			case o := <-r.outcomes:
				r.take(o)
			case <-renew.C:
			}
		}
		if err = r.save(ctx); err == nil {
			r.unsaved = nil
		} else if r.running == 0 {
			return err
		}
	}
	return err
}

func (r *run) save(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	return r.db.Write(ctx, func(tx *sqldb.Tx) error {
		now := time.Now()
		if err := r.settle(ctx, tx, now, r.unsaved); err != nil {
			return err
		}
		return r.renew(ctx, tx, now)
	})
}
