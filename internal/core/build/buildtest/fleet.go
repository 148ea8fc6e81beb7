package buildtest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/dispatch"
	"github.com/bridle-ci/bridle/internal/core/pipeline"
)

// Fleet is several builds of one organization, which share its concurrency groups. It is not safe for concurrent use.
type Fleet struct {
	worlds []*World
}

// Add takes a build in. Of builds made at the same moment the one that was added first is the older one.
func (f *Fleet) Add(w *World) { f.worlds = append(f.worlds, w) }

// Audit is World.Audit for all builds.
func (f *Fleet) Audit() error {
	for age, w := range f.worlds {
		if err := w.Audit(); err != nil {
			return fmt.Errorf("build %d: %w", age, err)
		}
	}
	return nil
}

// member is a job of a group with the build it is in.
type member struct {
	dispatch.Member
	world *World
	age   int // the place of its build in the fleet
	job   build.Job
}

// GiveSlots gives out the free slots of all groups, and tells the other jobs that ask for one to wait. It fails when a
// job would start beside as many holders as its limit.
func (f *Fleet) GiveSlots() error {
	groups := f.groups()
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		members := groups[name]
		slices.SortFunc(members, inQueueOrder)
		if err := giveSlots(members); err != nil {
			return fmt.Errorf("concurrency group %s: %w", name, err)
		}
	}
	return nil
}

// groups returns the members of all groups in no particular order.
func (f *Fleet) groups() map[string][]*member {
	groups := map[string][]*member{}
	for age, w := range f.worlds {
		for _, j := range w.jobs {
			limit := j.Concurrency
			if limit.Group == "" || !w.isMember(j) {
				continue
			}
			m := &member{world: w, age: age, job: j}
			m.JobID, m.Limit, m.Eager, m.Priority = fmt.Sprint(age, "/", j.ID), limit.Limit, limit.Method == pipeline.Eager, j.Priority
			switch {
			case j.State.HoldsSlot():
				m.Standing = dispatch.Holds
			case j.State.AsksForSlot():
				m.Standing = dispatch.Asks
			}
			groups[limit.Group] = append(groups[limit.Group], m)
		}
	}
	return groups
}

func (w *World) isMember(j build.Job) bool {
	if j.State == build.JobWaiting {
		step := w.steps[j.StepID]
		return !step.Held()
	}
	return j.State.HoldsSlot() || j.State.AsksForSlot()
}

func inQueueOrder(a, b *member) int {
	return cmp.Or(a.job.ScheduledAt.Compare(b.job.ScheduledAt), cmp.Compare(a.age, b.age), compareJobs(&a.job, &b.job))
}

func giveSlots(members []*member) error {
	byID := map[string]*member{}
	holders := 0
	list := make([]dispatch.Member, len(members))
	for i, m := range members {
		byID[m.JobID], list[i] = m, m.Member
		if m.Standing == dispatch.Holds {
			holders++
		}
	}
	for _, id := range dispatch.Admit(list) {
		m := byID[id]
		if holders >= m.Limit {
			return fmt.Errorf("job %s starts beside %d others, its limit is %d", id, holders, m.Limit)
		}
		if _, err := m.world.Apply(build.Admitted{JobID: m.job.ID}); err != nil {
			return err
		}
		delete(byID, id)
		holders++
	}
	for _, m := range members {
		if byID[m.JobID] == nil || m.job.State != build.JobLimiting {
			continue
		}
		if _, err := m.world.Apply(build.Limited{JobID: m.job.ID}); err != nil {
			return err
		}
	}
	return nil
}
