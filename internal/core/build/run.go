package build

import (
	"cmp"
	"maps"
	"slices"
)

// run is the application of one event: the parts it has loaded, made and touched, and the steps still to be visited.
type run struct {
	*Machine

	steps   map[string]*Step
	latest  map[string][]*Job // per step, as far as asked for
	touched touched
	made    made
	removed map[string]bool // steps taken out by a replacing upload

	// marks keep, for each touched step, what its neighbors were last told of it.
	marks map[string]*front
	queue []*Step
	// queued are the steps in queue.
	queued  map[string]bool
	effects []Effect
	// groups are the concurrency groups to be told of as changed.
	groups map[string]bool
}

// touched lists the parts that changed, in order of their first change.
type touched struct {
	steps  []*Step
	jobs   []*Job
	edges  []*Edge
	hasJob map[string]bool
	hasEdg map[string]bool
}

// made lists the parts that are new: the source does not know them yet.
type made struct {
	steps []*Step
	jobs  []*Job
	edges []*Edge

	step   map[string]bool
	byKey  map[string]*Step
	job    map[string]bool
	jobsOf map[string][]*Job // by step
	edge   map[string]bool
	// from holds new edges and those bound in this event by their dependency, to new edges by their dependent.
	from, to map[string][]*Edge
}

func newRun(m *Machine) *run {
	return &run{
		Machine: m,
		steps:   map[string]*Step{},
		latest:  map[string][]*Job{},
		removed: map[string]bool{},
		marks:   map[string]*front{},
		queued:  map[string]bool{},
		groups:  map[string]bool{},
		touched: touched{hasJob: map[string]bool{}, hasEdg: map[string]bool{}},
		made: made{
			step: map[string]bool{}, byKey: map[string]*Step{}, job: map[string]bool{}, edge: map[string]bool{},
			jobsOf: map[string][]*Job{}, from: map[string][]*Edge{}, to: map[string][]*Edge{},
		},
	}
}

// touchStep has to be called before a step changes.
func (r *run) touchStep(s *Step) {
	if r.marks[s.ID] != nil {
		return
	}
	f := frontOf(s)
	r.marks[s.ID] = &f
	r.touched.steps = append(r.touched.steps, s)
}

func (r *run) touchJob(j *Job) {
	if !r.touched.hasJob[j.ID] {
		r.touched.hasJob[j.ID] = true
		r.touched.jobs = append(r.touched.jobs, j)
	}
}

func (r *run) touchEdge(e *Edge) {
	if !r.touched.hasEdg[e.ID] {
		r.touched.hasEdg[e.ID] = true
		r.touched.edges = append(r.touched.edges, e)
	}
}

func (r *run) effect(e Effect) { r.effects = append(r.effects, e) }

// groupChanged notes that the members of a concurrency group have to be looked at again; "" is no group.
func (r *run) groupChanged(group string) {
	if group != "" {
		r.groups[group] = true
	}
}

// addStep takes a new step into the build.
func (r *run) addStep(s *Step) {
	r.steps[s.ID] = s
	r.made.step[s.ID] = true
	r.made.steps = append(r.made.steps, s)
	if s.Key != "" {
		r.made.byKey[s.Key] = s
	}
	r.touchStep(s)
}

// addEdge takes a new, open edge into the build.
func (r *run) addEdge(e *Edge) {
	r.made.edge[e.ID] = true
	r.made.edges = append(r.made.edges, e)
	r.made.to[e.To] = append(r.made.to[e.To], e)
	if e.From != "" {
		r.made.from[e.From] = append(r.made.from[e.From], e)
	}
}

// addJob takes a new, pending job into the build.
func (r *run) addJob(j *Job, s *Step) {
	r.made.job[j.ID] = true
	r.made.jobs = append(r.made.jobs, j)
	r.made.jobsOf[s.ID] = append(r.made.jobsOf[s.ID], j)
	if loaded, known := r.latest[s.ID]; known {
		r.latest[s.ID] = append(loaded, j)
	}
	r.touchJob(j)
	r.touchStep(s)
	r.Build.JobsCreated++
	r.recount(s, share{}, shareOf(j, s))
}

// enqueue asks for a visit to a step whose jobs, parts or edges changed.
func (r *run) enqueue(s *Step) {
	if !r.queued[s.ID] && !r.removed[s.ID] {
		r.queued[s.ID] = true
		r.queue = append(r.queue, s)
	}
}

// drain visits steps until nothing follows from anything any more. It goes wave by wave, so that what a wave needs is
// asked of the source at once.
func (r *run) drain() error {
	for len(r.queue) > 0 {
		wave := r.queue
		r.queue = nil
		clear(r.queued)
		if err := r.loadJobsFor(wave); err != nil {
			return err
		}
		for _, s := range wave {
			if err := r.visit(s); err != nil {
				return err
			}
		}
	}
	return nil
}

// collect sorts what was touched into new and changed.
func (r *run) collect() *Changes {
	c := &Changes{NewSteps: r.made.steps, NewJobs: r.made.jobs, NewEdges: r.made.edges, Effects: r.effects}
	for _, s := range r.touched.steps {
		if !r.made.step[s.ID] && !r.removed[s.ID] {
			c.ChangedSteps = append(c.ChangedSteps, s)
		}
	}
	for _, j := range r.touched.jobs {
		if !r.made.job[j.ID] && !r.removed[j.StepID] {
			c.ChangedJobs = append(c.ChangedJobs, j)
		}
	}
	for _, e := range r.touched.edges {
		if !r.made.edge[e.ID] {
			c.ChangedEdges = append(c.ChangedEdges, e)
		}
	}
	for id := range r.removed {
		c.RemovedSteps = append(c.RemovedSteps, id)
	}
	slices.Sort(c.RemovedSteps)
	for _, group := range slices.Sorted(maps.Keys(r.groups)) {
		c.Effects = append(c.Effects, GroupChanged{Group: group})
	}
	return c
}

// inBuildOrder compares jobs by their place.
func inBuildOrder(a, b *Job) int {
	return cmp.Or(cmp.Compare(a.StepPath, b.StepPath), cmp.Compare(a.Index, b.Index))
}

func byPath(a, b *Step) int { return cmp.Compare(a.Path, b.Path) }
