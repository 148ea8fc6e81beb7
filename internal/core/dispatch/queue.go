package dispatch

import "slices"

// List is the runnable jobs of one queue in dispatch order.
type List struct {
	jobs []Job
	ids  map[string]Job
}

// NewList returns a list of jobs in any order.
func NewList(jobs []Job) *List {
	l := &List{ids: make(map[string]Job, len(jobs))}
	for _, j := range jobs {
		l.Add(j)
	}
	return l
}

// Len is how many jobs are runnable.
func (l *List) Len() int { return len(l.jobs) }

// Jobs returns the jobs in order; the slice is the list's own until the next change.
func (l *List) Jobs() []Job { return l.jobs }

// Add puts a job in its place; a job that is in the list already moves.
func (l *List) Add(j Job) {
	l.Remove(j.ID)
	at, _ := slices.BinarySearchFunc(l.jobs, j, Compare)
	l.jobs = slices.Insert(l.jobs, at, j)
	l.ids[j.ID] = j
}

// Remove takes a job out; false when it is not in the list.
func (l *List) Remove(id string) bool {
	j, ok := l.ids[id]
	if !ok {
		return false
	}
	at, found := slices.BinarySearchFunc(l.jobs, j, Compare)
	if found {
		l.jobs = slices.Delete(l.jobs, at, at+1)
	}
	delete(l.ids, id)
	return true
}

// First returns the first job that an agent matches, and false when there is none. A job that would rather go to
// another agent than this one comes only when nothing else does.
func (l *List) First(agent Agent) (Job, bool) {
	avoided := -1
	for i, j := range l.jobs {
		if !Matches(j.Rules, agent.Tags) {
			continue
		}
		if j.AvoidAgentID != agent.ID {
			return j, true
		}
		if avoided < 0 {
			avoided = i
		}
	}
	if avoided >= 0 {
		return l.jobs[avoided], true
	}
	return Job{}, false
}
