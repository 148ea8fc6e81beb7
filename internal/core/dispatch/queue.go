package dispatch

import "slices"

// List is the runnable jobs of one queue in dispatch order.
type List struct {
	jobs []*Job
	ids  map[string]*Job
}

// NewList returns a list of jobs in any order.
func NewList(jobs []Job) *List {
	l := &List{ids: make(map[string]*Job, len(jobs))}
	l.AddAll(jobs)
	return l
}

// Len is how many jobs are runnable.
func (l *List) Len() int { return len(l.jobs) }

// Jobs returns the jobs in order.
func (l *List) Jobs() []Job {
	jobs := make([]Job, len(l.jobs))
	for i, j := range l.jobs {
		jobs[i] = *j
	}
	return jobs
}

// Assign is Assign for the jobs of the list. It looks at no more of them than it takes to give every agent one.
func (l *List) Assign(agents []Agent) []Pair {
	return assign(func(yield func(Job) bool) {
		for _, j := range l.jobs {
			if !yield(*j) {
				return
			}
		}
	}, agents)
}

// Add puts a job in its place; a job that is in the list already moves.
func (l *List) Add(j Job) {
	l.Remove(j.ID)
	at, _ := slices.BinarySearchFunc(l.jobs, &j, comparePointers)
	l.jobs = slices.Insert(l.jobs, at, &j)
	l.ids[j.ID] = &j
}

// AddAll is Add for many jobs at once, at the cost of one sorting.
func (l *List) AddAll(jobs []Job) {
	if len(jobs) == 0 {
		return
	}
	for _, j := range jobs {
		l.ids[j.ID] = &j
	}
	l.jobs = l.jobs[:0]
	for _, j := range l.ids {
		l.jobs = append(l.jobs, j)
	}
	slices.SortFunc(l.jobs, comparePointers)
}

// Remove takes a job out; false when it is not in the list.
func (l *List) Remove(id string) bool {
	j, ok := l.ids[id]
	if !ok {
		return false
	}
	if at, found := slices.BinarySearchFunc(l.jobs, j, comparePointers); found {
		l.jobs = slices.Delete(l.jobs, at, at+1)
	}
	delete(l.ids, id)
	return true
}

// First returns the first job that an agent matches, and false when there is none. A job that would rather go to
// another agent than this one comes only when nothing else does.
func (l *List) First(agent Agent) (Job, bool) {
	var avoided *Job
	for _, j := range l.jobs {
		if !Matches(j.Rules, agent.Tags) {
			continue
		}
		if j.AvoidAgentID != agent.ID {
			return *j, true
		}
		if avoided == nil {
			avoided = j
		}
	}
	if avoided != nil {
		return *avoided, true
	}
	return Job{}, false
}

func comparePointers(a, b *Job) int { return Compare(*a, *b) }
