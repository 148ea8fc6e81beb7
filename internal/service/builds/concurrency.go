package builds

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/dispatch"
	"github.com/bridle-ci/bridle/internal/core/pipeline"
	"github.com/bridle-ci/bridle/internal/queue"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// groupTask names a concurrency group of an organization whose members have to be looked at.
type groupTask struct {
	OrganizationID string `json:"organization_id"`
	Group          string `json:"group"`
}

// key lets one look at a group wait and another one run. A group's name may be longer than a key.
func (t groupTask) key() string {
	sum := sha256.Sum256([]byte(t.Group))
	return t.OrganizationID + ":" + hex.EncodeToString(sum[:])
}

// groupChanged asks for a look at a concurrency group after the commit. The change holds its build's lock, and whoever
// gives out slots takes the group's before it, so it cannot happen here.
func (c *change) groupChanged(group string) error {
	task := groupTask{OrganizationID: c.build.OrganizationID, Group: group}
	body, err := json.Marshal(task)
	if err != nil {
		return err
	}
	return c.Queue.EnqueueLast(c.ctx, c.tx, queue.Task{Kind: taskConcurrency, Key: task.key(), Payload: body})
}

// maxIdleRounds is how often a look at a group may find free slots and then give out none, because others were faster.
const maxIdleRounds = 10

// giveSlots gives out a concurrency group's free slots, and tells the rest of those that ask for one that they have to
// wait (docs/contract/pipelines.md, section 12).
func (s *Service) giveSlots(ctx context.Context, task groupTask) error {
	for idle := 0; idle < maxIdleRounds; {
		members, err := store.GroupMembers(ctx, s.Store.Read(), task.OrganizationID, task.Group)
		if err != nil {
			return fmt.Errorf("read members of concurrency group %q: %w", task.Group, err)
		}
		switch {
		case len(members) == 0:
			return s.dropGroup(ctx, task)
		case len(dispatch.Admit(candidates(members))) == 0:
			return s.limitRest(ctx, members)
		}
		r, err := s.admit(ctx, task)
		if err != nil {
			return fmt.Errorf("give out slots of concurrency group %q: %w", task.Group, err)
		}
		if !r.more {
			return s.limitRest(ctx, r.rest)
		}
		idle++
		if r.admitted > 0 {
			idle = 0
		}
	}
	return fmt.Errorf("give out slots of concurrency group %q: others keep changing it", task.Group)
}

// round is what one transaction gave out.
type round struct {
	// admitted counts the jobs that got a slot.
	admitted int
	// more says that another round may find slots to give out; else rest are the members that got none.
	more bool
	rest []store.GroupMember
}

// admit gives slots to the jobs of one build, the one that is next. The group is looked at again under its lock, so that
// two nodes that both believe to be in charge give out no slot twice.
func (s *Service) admit(ctx context.Context, task groupTask) (round, error) {
	var r round
	err := s.Store.Write(ctx, func(tx *sqldb.Tx) error {
		r = round{more: true}
		if err := store.LockGroup(ctx, tx, task.OrganizationID, task.Group); err != nil {
			return fmt.Errorf("lock group: %w", err)
		}
		members, err := store.GroupMembers(ctx, tx, task.OrganizationID, task.Group)
		if err != nil {
			return err
		}
		grants := dispatch.Admit(candidates(members))
		buildID, jobIDs := ofOneBuild(members, grants)
		if len(jobIDs) == 0 {
			return nil
		}
		b, err := store.LockBuild(ctx, tx, buildID)
		if err != nil {
			return ignoreGone(err)
		}
		c := s.newChange(ctx, tx, b, store.NewGraph(ctx, tx, b.ID))
		r.admitted, err = c.applyEach(jobIDs, func(id string) build.Event { return build.Admitted{JobID: id} })
		r.more = r.admitted < len(grants)
		r.rest = slices.DeleteFunc(members, func(m store.GroupMember) bool { return slices.Contains(jobIDs, m.JobID) })
		return err
	})
	return r, err
}

// applyEach lets an event happen to each of some jobs and returns to how many it did: jobs that are gone, or past the
// event, are left out.
func (c *change) applyEach(jobIDs []string, event func(jobID string) build.Event) (int, error) {
	applied := 0
	for _, id := range jobIDs {
		_, err := c.graph.Job(id)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err == nil {
			err = c.apply(event(id))
		}
		switch {
		case err == nil:
			applied++
		case ignoreLate(err) != nil:
			return applied, fmt.Errorf("apply %T to job %s: %w", event(id), id, err)
		}
	}
	return applied, nil
}

// ofOneBuild returns the first of the jobs' builds, and those of the jobs that are of it.
func ofOneBuild(members []store.GroupMember, jobIDs []string) (buildID string, ofIt []string) {
	builds := make(map[string]string, len(members))
	for _, m := range members {
		builds[m.JobID] = m.BuildID
	}
	for _, id := range jobIDs {
		if buildID == "" {
			buildID = builds[id]
		}
		if builds[id] == buildID {
			ofIt = append(ofIt, id)
		}
	}
	return buildID, ofIt
}

// limitRest tells members that have just asked for a slot that there is none.
func (s *Service) limitRest(ctx context.Context, members []store.GroupMember) error {
	var order []string
	asking := map[string][]string{}
	for _, m := range members {
		if m.State != build.JobLimiting {
			continue
		}
		if asking[m.BuildID] == nil {
			order = append(order, m.BuildID)
		}
		asking[m.BuildID] = append(asking[m.BuildID], m.JobID)
	}
	for _, buildID := range order {
		err := ignoreLate(s.change(ctx, buildID, func(c *change) error {
			_, err := c.applyEach(asking[buildID], func(id string) build.Event { return build.Limited{JobID: id} })
			return err
		}))
		if err != nil {
			return err
		}
	}
	return nil
}

// dropGroup forgets a group without members, unless it has got one meanwhile.
func (s *Service) dropGroup(ctx context.Context, task groupTask) error {
	return s.Store.Write(ctx, func(tx *sqldb.Tx) error {
		if err := store.LockGroup(ctx, tx, task.OrganizationID, task.Group); err != nil {
			return fmt.Errorf("lock concurrency group %q: %w", task.Group, err)
		}
		members, err := store.GroupMembers(ctx, tx, task.OrganizationID, task.Group)
		if err != nil || len(members) > 0 {
			return err
		}
		return store.DropGroup(ctx, tx, task.OrganizationID, task.Group)
	})
}

// candidates are members as dispatch sees them.
func candidates(members []store.GroupMember) []dispatch.Member {
	out := make([]dispatch.Member, len(members))
	for i, m := range members {
		out[i] = dispatch.Member{
			JobID: m.JobID, Limit: m.Limit, Eager: m.Method == pipeline.Eager, Priority: m.Priority,
		}
		switch {
		case m.State.HoldsSlot():
			out[i].Standing = dispatch.Holds
		case m.State.AsksForSlot():
			out[i].Standing = dispatch.Asks
		}
	}
	return out
}

const (
	// groupsIdleFor is how long a group goes without a look. What leaves a group says so, but for jobs that are deleted
	// with their pipeline.
	groupsIdleFor = 5 * time.Minute
	groupsBatch   = 500
)

// lookAtIdleGroups asks for a look at the groups that have not had one for long.
func (s *Service) lookAtIdleGroups(ctx context.Context) error {
	return s.Store.Write(ctx, func(tx *sqldb.Tx) error {
		groups, err := store.TouchIdleGroups(ctx, tx, tx.Now().Add(-groupsIdleFor), groupsBatch)
		if err != nil {
			return fmt.Errorf("find idle concurrency groups: %w", err)
		}
		for _, g := range groups {
			task := groupTask{OrganizationID: g.OrganizationID, Group: g.Name}
			if err := s.enqueue(ctx, tx, taskConcurrency, task.key(), task, tx.Now()); err != nil {
				return err
			}
		}
		return nil
	})
}

// neverGiveUp keeps a task alive that nothing would ask for again: a look at a group, or what passes between a trigger
// job and its build.
var neverGiveUp = queue.MaxAttempts(1 << 30)
