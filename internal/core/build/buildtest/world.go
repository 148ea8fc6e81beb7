// Package buildtest keeps one build in memory and applies events to it, for tests, scenarios and simulations. Like a
// database it answers from what was committed, and it commits nothing but what an event reports as changed; so it is
// also the reference for what a build.Source has to do.
package buildtest

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/bridle-ci/bridle/internal/core/build"
)

// Epoch is the time at which a World begins.
var Epoch = time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)

// World is one build. It is not safe for concurrent use.
type World struct {
	Build build.Build
	// Now is the time of the next event. It does not move by itself.
	Now    time.Time
	Limits build.Limits
	// Place and Timeout are the machine's.
	Place   func(job *build.Job, agents []string) error
	Timeout func(stepMinutes int) int

	// Loaded counts the parts that the last event asked for, as a measure of what it costs.
	Loaded int

	steps map[string]build.Step
	jobs  map[string]build.Job
	edges map[string]build.Edge
	index index
	ids   int
}

// New returns a build that is being created.
func New() *World {
	return &World{
		Build: build.Build{ID: "build", State: build.Creating, CreatedAt: Epoch},
		Now:   Epoch,
		steps: map[string]build.Step{}, jobs: map[string]build.Job{}, edges: map[string]build.Edge{},
		index: newIndex(),
	}
}

// Clone returns a world of its own in the same state.
func (w *World) Clone() *World {
	c := *w
	c.steps, c.jobs, c.edges = maps.Clone(w.steps), maps.Clone(w.jobs), maps.Clone(w.edges)
	c.index = newIndex()
	for _, s := range c.steps {
		c.index.addStep(s)
	}
	for _, j := range c.jobs {
		c.index.addJob(j)
	}
	for _, e := range c.edges {
		c.index.addEdge(e)
	}
	return &c
}

// Apply lets an event happen and commits what it changed. An event that is refused leaves the world as it was.
func (w *World) Apply(ev build.Event) (*build.Changes, error) {
	t, err := w.try(ev)
	if err != nil {
		return nil, err
	}
	w.ids, w.Build, w.Loaded = t.ids, t.build, t.loaded
	w.commit(t.changes)
	return t.changes, nil
}

// Try tells what an event would change, and commits nothing.
func (w *World) Try(ev build.Event) (*build.Changes, error) {
	t, err := w.try(ev)
	return t.changes, err
}

// trial is an event that happened but was not committed.
type trial struct {
	build   build.Build
	changes *build.Changes
	ids     int
	loaded  int
}

func (w *World) try(ev build.Event) (trial, error) {
	t := trial{build: w.Build, ids: w.ids}
	src := newSource(w)
	m := &build.Machine{
		Build: &t.build, Source: src, Now: w.Now, Limits: w.Limits, Place: w.Place, Timeout: w.Timeout,
		NewID: func() string { t.ids++; return fmt.Sprintf("%06d", t.ids) },
	}
	var err error
	t.changes, err = m.Apply(ev)
	t.loaded = len(src.steps) + len(src.jobs) + len(src.edges)
	var refusal *build.Refusal
	if errors.As(err, &refusal) && !reflect.DeepEqual(t.build, w.Build) {
		return t, fmt.Errorf("the refusal of %T changed the build", ev)
	}
	return t, err
}

func (w *World) commit(c *build.Changes) {
	for _, id := range c.RemovedSteps {
		w.removeStep(id)
	}
	for _, s := range slices.Concat(c.NewSteps, c.ChangedSteps) {
		w.putStep(*s)
	}
	for _, j := range slices.Concat(c.NewJobs, c.ChangedJobs) {
		w.putJob(*j)
	}
	for _, e := range slices.Concat(c.NewEdges, c.ChangedEdges) {
		w.putEdge(*e)
	}
}

// Steps returns all steps in build order.
func (w *World) Steps() []build.Step {
	return slices.SortedFunc(maps.Values(w.steps), func(a, b build.Step) int { return compare(a.Path, b.Path) })
}

// Jobs returns all jobs in build order, attempts of the same job in the order they were made.
func (w *World) Jobs() []build.Job {
	return slices.SortedFunc(maps.Values(w.jobs), func(a, b build.Job) int { return compareJobs(&a, &b) })
}

// Latest returns the latest attempts of the build's jobs in build order.
func (w *World) Latest() []build.Job {
	return slices.DeleteFunc(w.Jobs(), func(j build.Job) bool { return j.Retried() })
}

// Edges returns all edges by id.
func (w *World) Edges() []build.Edge {
	return slices.SortedFunc(maps.Values(w.edges), func(a, b build.Edge) int { return compare(a.ID, b.ID) })
}

// JobByID returns any job, replaced attempts included.
func (w *World) JobByID(id string) (build.Job, bool) {
	j, ok := w.jobs[id]
	return j, ok
}

// Step returns the step with a key.
func (w *World) Step(key string) (build.Step, bool) {
	id, ok := w.index.byKey[key]
	return w.steps[id], ok
}

// Job returns the latest attempt at a place of the step with a key.
func (w *World) Job(key string, index int) (build.Job, bool) {
	s, ok := w.Step(key)
	if !ok {
		return build.Job{}, false
	}
	for id := range w.index.jobsOf[s.ID] {
		if j := w.jobs[id]; j.Index == index && !j.Retried() {
			return j, true
		}
	}
	return build.Job{}, false
}

// Assign gives a scheduled job to an agent, as a dispatcher does before the agent accepts it.
func (w *World) Assign(jobID, agentID string) error {
	j, ok := w.jobs[jobID]
	if !ok || !build.CanMove(j.Type, j.State, build.JobAssigned) {
		return fmt.Errorf("job %s cannot be assigned: it is %s", jobID, j.State)
	}
	now := w.Now
	j.State, j.AgentID, j.AssignedAt = build.JobAssigned, agentID, &now
	w.putJob(j)
	return nil
}
