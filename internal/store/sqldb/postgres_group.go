package sqldb

import (
	"context"
	"slices"
	"sync"
)

// maxGroup bounds how many transactions share one, and so how long the first one waits for the others.
const maxGroup = 16

// postgresGroups lets transactions of this node that would wait for each other's locks share one transaction, and with it
// the locks, the connection and the commit.
//
// The first one of a key leads: it opens the transaction, runs its function, then gives those that have come meanwhile
// their turns, and commits for all. None is held back to fill a group. When anything fails, the whole is rolled back and
// each runs again alone, so that what one does wrong is its own affair. Each function runs in its caller's goroutine, so
// that a panic unwinds the right stack.
type postgresGroups struct {
	mu sync.Mutex
	// waiting has an entry for every key that somebody leads.
	waiting map[string][]*groupMember
}

// groupMember waits for one signal: to lead the next group, or to take a turn in this one, after which comes another
// with the outcome. The buffer lets the leader go on whatever became of the member.
type groupMember struct {
	about    any
	signals  chan groupSignal
	finished chan error // what its function returned
}

type groupSignal struct {
	lead bool
	turn *postgresTx
	groupOutcome
}

// groupOutcome is how a group ended; again means that nothing was done and each has to try alone.
type groupOutcome struct {
	again bool
	err   error
}

// join returns nil to the one that leads.
func (g *postgresGroups) join(key string, about any) *groupMember {
	g.mu.Lock()
	defer g.mu.Unlock()
	waiting, led := g.waiting[key]
	if !led {
		if g.waiting == nil {
			g.waiting = map[string][]*groupMember{}
		}
		g.waiting[key] = nil
		return nil
	}
	m := &groupMember{about: about, signals: make(chan groupSignal, 1), finished: make(chan error, 1)}
	g.waiting[key] = append(waiting, m)
	return m
}

// about returns what those are about that wait and may still take part.
func (g *postgresGroups) about(key string) []any {
	g.mu.Lock()
	defer g.mu.Unlock()
	waiting := g.waiting[key]
	waiting = waiting[:min(len(waiting), maxGroup)]
	abouts := make([]any, len(waiting))
	for i, m := range waiting {
		abouts[i] = m.about
	}
	return abouts
}

// next returns the one that has waited longest, or nil.
func (g *postgresGroups) next(key string) *groupMember {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.pop(key)
}

// pop is called under mu.
func (g *postgresGroups) pop(key string) *groupMember {
	waiting := g.waiting[key]
	if len(waiting) == 0 {
		return nil
	}
	g.waiting[key] = waiting[1:]
	return waiting[0]
}

// pass lets the next one lead, if there is one.
func (g *postgresGroups) pass(key string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if m := g.pop(key); m != nil {
		m.signals <- groupSignal{lead: true}
		return
	}
	delete(g.waiting, key)
}

// leave takes a member out that waits no longer; false when its signal is on the way.
func (g *postgresGroups) leave(key string, m *groupMember) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	i := slices.Index(g.waiting[key], m)
	if i < 0 {
		return false
	}
	g.waiting[key] = slices.Delete(g.waiting[key], i, i+1)
	return true
}

func (d *postgresDB) writeTogether(ctx context.Context, db *DB, key string, about any, fn func(tx *Tx) error) error {
	tx, outcome := d.inGroup(ctx, db, key, about, fn)
	switch {
	case outcome.again:
		return d.write(ctx, db, fn)
	case outcome.err != nil:
		return outcome.err
	}
	tx.committed()
	return nil
}

func (d *postgresDB) inGroup(ctx context.Context, db *DB, key string, about any, fn func(tx *Tx) error) (*Tx, groupOutcome) {
	m := d.groups.join(key, about)
	if m == nil {
		return d.lead(ctx, db, key, fn)
	}
	var s groupSignal
	select {
	case s = <-m.signals:
	case <-ctx.Done():
		if d.groups.leave(key, m) {
			return nil, groupOutcome{err: ctx.Err()}
		}
		s = <-m.signals
	}
	if s.lead {
		return d.lead(ctx, db, key, fn)
	}
	return m.follow(ctx, db, s.turn, fn)
}

// follow runs the function of a member whose turn has come.
func (m *groupMember) follow(ctx context.Context, db *DB, q *postgresTx, fn func(tx *Tx) error) (*Tx, groupOutcome) {
	if err := ctx.Err(); err != nil { // no reason to undo what the others did
		m.finished <- nil
		<-m.signals
		return nil, groupOutcome{err: err}
	}
	tx := newTx(q, db.config.Now(), q.shared)
	m.takeTurn(q, tx, fn)
	return tx, (<-m.signals).groupOutcome
}

func (m *groupMember) takeTurn(q *postgresTx, tx *Tx, fn func(tx *Tx) error) {
	err := errUnfinished // stays so when fn panics
	defer func() { m.finished <- err }()
	err = q.turn(tx, fn)
}

// lead opens a transaction, and commits it for all that take part.
func (d *postgresDB) lead(ctx context.Context, db *DB, key string, fn func(tx *Tx) error) (tx *Tx, outcome groupOutcome) {
	var members []*groupMember
	outcome.again = true // what the members hear when fn panics
	defer func() {
		for _, m := range members {
			m.signals <- groupSignal{groupOutcome: outcome}
		}
		d.groups.pass(key)
	}()
	q, err := d.begin(ctx)
	if err != nil {
		return nil, groupOutcome{err: err}
	}
	defer q.end(ctx)
	q.others = func() []any { return d.groups.about(key) }
	tx = newTx(q, db.config.Now(), q.shared)
	if err := q.turn(tx, fn); err != nil {
		return nil, groupOutcome{again: repeatable(err), err: err}
	}
	for len(members) < maxGroup-1 {
		m := d.groups.next(key)
		if m == nil {
			break
		}
		members = append(members, m)
		m.signals <- groupSignal{turn: q}
		if err := <-m.finished; err != nil {
			return nil, groupOutcome{again: true}
		}
	}
	// Not the leader's context: the others still want what they did.
	if err := q.commit(context.WithoutCancel(ctx)); err != nil {
		return nil, groupOutcome{again: !q.unsure, err: err}
	}
	return tx, groupOutcome{}
}
