package builds

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/environment"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/store"
)

// maxTriggerDepth is how long a chain of builds that trigger each other may be (docs/contract/pipelines.md, section 30).
const maxTriggerDepth = 10

// trigger makes the build that a trigger job asks for, in one transaction with telling the job about it.
func (s *Service) trigger(ctx context.Context, task jobTask) error {
	job, err := store.GetJob(ctx, s.Store.Read(), task.JobID)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	err = s.changeAlone(ctx, job.BuildID, func(c *change) error {
		j, err := c.graph.Job(task.JobID)
		if err != nil || j.TriggeredBuildID != "" || j.State.Terminal() {
			return err
		}
		child, err := c.makeChild(j)
		if refused := fault.KindOf(err); refused != "" && refused != fault.Unavailable {
			return errRefusedChild{err}
		}
		if err != nil {
			return err
		}
		return c.apply(build.ChildCreated{JobID: j.ID, BuildID: child.ID})
	})
	// What the refused child has written so far must not stay, so the refusal is recorded in a transaction of its own.
	var refused errRefusedChild
	if errors.As(err, &refused) {
		return ignoreLate(s.change(ctx, job.BuildID, func(c *change) error {
			return c.apply(build.ChildRefused{JobID: task.JobID, Reason: refused.reason()})
		}))
	}
	return ignoreLate(err)
}

// errRefusedChild is why a trigger step's build could not be made, in words for the job.
type errRefusedChild struct{ error }

func (e errRefusedChild) reason() string {
	var f *fault.Error
	if !errors.As(e.error, &f) || len(f.Fields) == 0 {
		return e.Error()
	}
	var parts []string
	for _, field := range f.Fields {
		parts = append(parts, field.Field+" "+field.Code)
	}
	return e.Error() + ": " + strings.Join(parts, ", ")
}

func (c *change) makeChild(j *build.Job) (store.Build, error) {
	step, err := c.graph.Step(j.StepID)
	if err != nil {
		return store.Build{}, err
	}
	settings := step.Settings.Trigger
	if c.build.TriggerDepth+1 >= maxTriggerDepth {
		return store.Build{}, fault.New(fault.Invalid, "Builds may trigger each other at most %d deep", maxTriggerDepth)
	}
	p, err := store.PipelineBySlug(c.ctx, c.tx, c.build.OrganizationID, settings.Pipeline)
	if errors.Is(err, store.ErrNotFound) {
		return store.Build{}, fault.New(fault.Invalid, "There is no pipeline %q to trigger", settings.Pipeline)
	}
	if err != nil {
		return store.Build{}, err
	}
	if err := c.mayTrigger(p); err != nil {
		return store.Build{}, err
	}
	in := c.childOf(j, settings, p)
	return c.CreateInTx(c.ctx, c.tx, p, in)
}

// mayTrigger refuses what the person behind the build may not do: to build the target. A build that nobody made, and
// nobody let go on, belongs to the organization, which has no teams that could say more. A target in another cluster
// would need a rule, and there are none (docs/contract/pipelines.md, section 17).
func (c *change) mayTrigger(p store.Pipeline) error {
	mine, err := c.placement()
	if err != nil {
		return err
	}
	theirs, err := clusterOf(c.ctx, c.tx, p)
	if err != nil {
		return err
	}
	if theirs.ID != mine.cluster.ID {
		return fault.New(fault.Forbidden, "The pipeline %q is in another cluster: move one of them to trigger it", p.Slug)
	}
	who := c.build.CreatorID
	if who == nil {
		who = c.build.UnblockerID
	}
	if who == nil {
		return nil
	}
	membership, err := store.GetMembership(c.ctx, c.tx, c.build.OrganizationID, *who)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	person := access.Actor{
		OrganizationID: c.build.OrganizationID, UserID: *who, Role: membership.Role, Scopes: access.ScopesOf(access.BuildCreate),
	}
	if access.Check(person, access.BuildCreate) != nil {
		return fault.New(fault.Forbidden, `Could not find a matching team that includes both pipelines, each having a minimum "Build" access level.`)
	}
	return nil
}

// childOf works out what a trigger step asks for; docs/contract/pipelines.md, sections 2.6 and 17, has the defaults.
func (c *change) childOf(j *build.Job, t *build.TriggerSettings, p store.Pipeline) NewBuild {
	in := NewBuild{
		Branch: t.Build.Branch, Commit: t.Build.Commit, Message: t.Build.Message, Source: "trigger_job",
		Env: maps.Clone(t.Build.Env), MetaData: t.Build.MetaData, Author: c.build.Author,
		parent: &parent{build: c.build, jobID: j.ID}, CreatorID: c.build.CreatorID,
	}
	if in.Branch == "" {
		in.Branch = p.DefaultBranch
	}
	if in.Commit == "" {
		in.Commit = "HEAD"
	}
	if in.Message == "" {
		in.Message = j.Spec.Label
	}
	if parallel := environment.ParallelEnv(j.Spec.ParallelIndex, j.Spec.ParallelTotal); parallel != nil {
		if in.Env == nil {
			in.Env = map[string]string{}
		}
		maps.Copy(in.Env, parallel)
	}
	return in
}

// childChanged lets a trigger job follow the state of its build. The child is read under the parent's lock, so that of
// two changes told at the same time the later one stays.
func (s *Service) childChanged(ctx context.Context, task childTask) error {
	job, err := store.GetJob(ctx, s.Store.Read(), task.JobID)
	if err != nil {
		return ignoreGone(err)
	}
	return ignoreLate(s.change(ctx, job.BuildID, func(c *change) error {
		state, err := c.childState(task.BuildID)
		if err != nil {
			return ignoreGone(err)
		}
		return c.apply(build.ChildChanged{JobID: task.JobID, State: state})
	}))
}

// childState is a child's state as its trigger job has to take it: a child that made way for a newer build was skipped,
// whether or not it had started.
func (c *change) childState(id string) (build.State, error) {
	child, err := store.GetBuild(c.ctx, c.tx, id)
	if err != nil || child.State != build.Canceled {
		return child.State, err
	}
	superseded, err := store.IsBuildSuperseded(c.ctx, c.tx, id)
	if superseded {
		return build.Skipped, err
	}
	return child.State, err
}

// cancelChildren cancels the build of a trigger job that was canceled.
func (s *Service) cancelChildren(ctx context.Context, task jobTask) error {
	children, err := store.ChildBuilds(ctx, s.Store.Read(), []string{task.JobID})
	if err != nil {
		return err
	}
	for _, id := range children {
		err := s.change(ctx, id, func(c *change) error {
			return c.apply(build.CanceledBuild{Reason: "The build that triggered this one was canceled"})
		})
		if err := ignoreLate(err); err != nil {
			return fmt.Errorf("cancel triggered build %s: %w", id, err)
		}
	}
	return nil
}

func ignoreGone(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}
