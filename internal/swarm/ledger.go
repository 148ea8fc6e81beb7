package swarm

import (
	"sync"
	"time"

	"github.com/bridle-ci/bridle/internal/swarm/stats"
)

// ledger is what became of every job: whose build was created when, which agent was given it when, and whether it was
// finished. The answer that tells a build's jobs and the agent that is given one may come in either order.
type ledger struct {
	// dispatch has the times from a build's request to a job in an agent's hands.
	dispatch stats.Samples

	mu       sync.Mutex
	jobs     map[string]*job
	created  int
	finished int // of those created
	twice    int // given to another agent after one had finished it, or finished twice
	again    int // times that an agent was given a job after somebody had had it
	lastDone time.Time
}

type job struct {
	requested time.Time // zero while its build is not known
	handed    time.Time // zero while no agent has had it
	agent     int       // who had it first
	finished  bool
}

func newLedger() *ledger { return &ledger{jobs: map[string]*job{}} }

// get returns a job's entry. The caller holds mu.
func (l *ledger) get(id string) *job {
	j := l.jobs[id]
	if j == nil {
		j = &job{}
		l.jobs[id] = j
	}
	return j
}

// create notes the jobs of a build whose request was sent at a time.
func (l *ledger) create(ids []string, requested time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range ids {
		j := l.get(id)
		j.requested = requested
		l.created++
		if j.finished {
			l.finished++
		}
		if !j.handed.IsZero() {
			l.dispatch.Add(j.handed.Sub(requested))
		}
	}
}

// hand notes that an agent was given a job. The first time is the one that counts.
func (l *ledger) hand(id string, agent int, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	j := l.get(id)
	if !j.handed.IsZero() {
		l.again++
		if j.finished && j.agent != agent {
			l.twice++
		}
		return
	}
	j.handed, j.agent = at, agent
	if !j.requested.IsZero() {
		l.dispatch.Add(at.Sub(j.requested))
	}
}

// finish notes that the server took a job for done.
func (l *ledger) finish(id string, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	j := l.get(id)
	if j.finished {
		l.twice++
		return
	}
	j.finished = true
	if !j.requested.IsZero() {
		l.finished++
	}
	if at.After(l.lastDone) {
		l.lastDone = at
	}
}

// totals returns how many jobs were created, how many of them finished, and how many ran twice.
func (l *ledger) totals() (created, finished, twice int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.created, l.finished, l.twice
}

// repeats is how many times a job was given out again.
func (l *ledger) repeats() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.again
}

// strangers is how many jobs agents were given that are of no build this run knows: left over from runs before, or of
// builds whose answers got lost.
func (l *ledger) strangers() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, j := range l.jobs {
		if j.requested.IsZero() {
			n++
		}
	}
	return n
}

// end is when the last job was finished.
func (l *ledger) end() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lastDone
}
