package buildtest

import (
	"cmp"

	"github.com/bridle-ci/bridle/internal/core/build"
)

type set map[string]bool

// index finds the parts of a world.
type index struct {
	byKey   map[string]string
	inGroup map[string]set
	open    set

	jobsOf  map[string]set
	inState map[build.JobState]set

	from, to, waiting map[string]set
}

func newIndex() index {
	return index{
		byKey: map[string]string{}, inGroup: map[string]set{}, open: set{},
		jobsOf: map[string]set{}, inState: map[build.JobState]set{},
		from: map[string]set{}, to: map[string]set{}, waiting: map[string]set{},
	}
}

func put[K comparable](sets map[K]set, key K, id string) {
	if sets[key] == nil {
		sets[key] = set{}
	}
	sets[key][id] = true
}

func (x *index) addStep(s build.Step) {
	if s.Key != "" {
		x.byKey[s.Key] = s.ID
	}
	put(x.inGroup, s.GroupID, s.ID)
	if !s.OwnSettled {
		x.open[s.ID] = true
	}
}

func (x *index) dropStep(s build.Step) {
	if s.Key != "" {
		delete(x.byKey, s.Key)
	}
	delete(x.inGroup[s.GroupID], s.ID)
	delete(x.open, s.ID)
}

func (x *index) addJob(j build.Job) {
	put(x.jobsOf, j.StepID, j.ID)
	if !j.Retried() {
		put(x.inState, j.State, j.ID)
	}
}

func (x *index) dropJob(j build.Job) {
	delete(x.jobsOf[j.StepID], j.ID)
	delete(x.inState[j.State], j.ID)
}

func (x *index) addEdge(e build.Edge) {
	put(x.to, e.To, e.ID)
	if e.From != "" {
		put(x.from, e.From, e.ID)
	} else if e.Key != "" {
		put(x.waiting, e.Key, e.ID)
	}
}

func (x *index) dropEdge(e build.Edge) {
	delete(x.to[e.To], e.ID)
	delete(x.from[e.From], e.ID)
	delete(x.waiting[e.Key], e.ID)
}

func (w *World) putStep(s build.Step) {
	if old, ok := w.steps[s.ID]; ok {
		w.index.dropStep(old)
	}
	w.steps[s.ID] = s
	w.index.addStep(s)
}

func (w *World) putJob(j build.Job) {
	if old, ok := w.jobs[j.ID]; ok {
		w.index.dropJob(old)
	}
	w.jobs[j.ID] = j
	w.index.addJob(j)
}

func (w *World) putEdge(e build.Edge) {
	if old, ok := w.edges[e.ID]; ok {
		w.index.dropEdge(old)
	}
	w.edges[e.ID] = e
	w.index.addEdge(e)
}

// removeStep takes a step out with its jobs and the edges to it.
func (w *World) removeStep(id string) {
	for jobID := range w.index.jobsOf[id] {
		w.index.dropJob(w.jobs[jobID])
		delete(w.jobs, jobID)
	}
	for edgeID := range w.index.to[id] {
		w.index.dropEdge(w.edges[edgeID])
		delete(w.edges, edgeID)
	}
	w.index.dropStep(w.steps[id])
	delete(w.steps, id)
}

func compare(a, b string) int { return cmp.Compare(a, b) }

func compareJobs(a, b *build.Job) int {
	return cmp.Or(cmp.Compare(a.StepPath, b.StepPath), cmp.Compare(a.Index, b.Index),
		cmp.Compare(a.RetriesCount, b.RetriesCount))
}
