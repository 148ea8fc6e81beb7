package builds

import (
	"context"
	"fmt"
	"time"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/branches"
	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/environment"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/pipeline"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// NewBuild is what a build is asked for with.
type NewBuild struct {
	Commit  string
	Branch  string
	Message string
	Tag     string
	Author  *store.Author
	// Source is webhook, api, ui, trigger_job or schedule.
	Source              string
	CleanCheckout       bool
	IgnoreBranchFilters bool
	Env                 map[string]string
	MetaData            map[string]string
	PullRequest         *store.PullRequest
	// CreatorID is in whose name the build is made; where an actor asks, that is the actor.
	CreatorID *string
	// ScheduledAt is the time the build was meant for; nil is now.
	ScheduledAt *time.Time

	// Where the build comes from, for rebuilds and trigger steps.
	rebuiltFromID  *string
	parent         *parent
	commitResolved bool
}

// parent is the trigger job that asked for a build.
type parent struct {
	build store.Build
	jobID string
}

// Create makes a build of a pipeline's stored configuration. Errors: NotFound for the pipeline; Invalid for a branch
// that the pipeline does not build, an archived pipeline, values over their limits, and a configuration that does not
// compile.
func (s *Service) Create(ctx context.Context, actor access.Actor, pipelineSlug string, in NewBuild) (store.Build, error) {
	if err := access.Check(actor, access.BuildCreate); err != nil {
		return store.Build{}, err
	}
	if actor.UserID != "" {
		in.CreatorID = &actor.UserID
	}
	around, err := store.SurroundingsBySlug(ctx, s.Store.Read(), actor.OrganizationID, pipelineSlug, in.people())
	if err != nil {
		return store.Build{}, missing(err, "pipeline")
	}
	return s.createIn(ctx, around, in)
}

// createIn makes a build in a transaction of its own. Builds of a pipeline wait for each other, as they take its numbers.
func (s *Service) createIn(ctx context.Context, around store.Surroundings, in NewBuild) (store.Build, error) {
	document, err := s.check(around.Pipeline, in)
	if err != nil {
		return store.Build{}, err
	}
	var created store.Build
	err = s.Store.WriteTogether(ctx, around.Pipeline.ID, nil, func(tx *sqldb.Tx) (err error) {
		created, err = s.create(ctx, tx, around, document, in)
		return err
	})
	return created, err
}

// people are the users that the new build tells of.
func (in NewBuild) people() []string {
	if in.CreatorID == nil {
		return nil
	}
	return []string{*in.CreatorID}
}

// CreateInTx is Create for the installation's own work, in a transaction of the caller: what a schedule asks for.
func (s *Service) CreateInTx(ctx context.Context, tx *sqldb.Tx, p store.Pipeline, in NewBuild) (store.Build, error) {
	document, err := s.check(p, in)
	if err != nil {
		return store.Build{}, err
	}
	around, err := store.SurroundingsOf(ctx, tx, p.ID, in.people())
	if err != nil {
		return store.Build{}, missing(err, "pipeline")
	}
	around.Pipeline = p
	return s.create(ctx, tx, around, document, in)
}

// check refuses what cannot become a build, before anything is locked.
func (s *Service) check(p store.Pipeline, in NewBuild) (*pipeline.Document, error) {
	if err := checkNewBuild(in); err != nil {
		return nil, err
	}
	if p.ArchivedAt != nil {
		return nil, fault.New(fault.Invalid, "The pipeline is archived: unarchive it to build it again")
	}
	if !in.IgnoreBranchFilters && p.BranchConfiguration != nil && !branches.Match(*p.BranchConfiguration, in.Branch) {
		return nil, fault.InvalidFields(fault.Field{Field: "branch", Code: fmt.Sprintf(
			"%q is not built by this pipeline, whose branch filter is %q", in.Branch, *p.BranchConfiguration)})
	}
	document, err := pipeline.Parse([]byte(p.Configuration))
	if err != nil {
		return nil, fault.New(fault.Invalid, "The pipeline's configuration is invalid: %s", err)
	}
	return document, nil
}

// create is the transaction of Create, for those who are in one already.
func (s *Service) create(ctx context.Context, tx *sqldb.Tx, around store.Surroundings, document *pipeline.Document, in NewBuild) (store.Build, error) {
	p := around.Pipeline
	number, err := store.TakeBuildNumber(ctx, tx, p.ID)
	if err != nil {
		return store.Build{}, missing(err, "pipeline")
	}
	b := newBuildRow(tx, p, number, in)
	c := s.newChange(ctx, tx, b, store.NewGraph(ctx, tx, b.ID))
	plan, err := c.compileStored(around, document)
	if err != nil {
		return store.Build{}, err
	}
	c.place = &placement{pipeline: p, cluster: *around.Cluster, byKey: map[string]string{}}
	c.build.DefaultAgents, c.build.Notify = plan.Agents, plan.Notify
	changes, err := c.decide(build.Created{Plan: plan})
	if err != nil {
		return store.Build{}, err
	}
	if err := store.InsertBuild(ctx, tx, &c.build); err != nil {
		return store.Build{}, fmt.Errorf("insert build: %w", err)
	}
	if err := store.SetMetaData(ctx, tx, c.build.ID, in.MetaData); err != nil {
		return store.Build{}, fmt.Errorf("set meta-data: %w", err)
	}
	changes.Build = false // it has just been inserted as it is now
	if err := c.graph.Save(&c.build, changes); err != nil {
		return store.Build{}, err
	}
	if err := c.carryOut(changes.Effects); err != nil {
		return store.Build{}, err
	}
	return c.build, c.supersede(p)
}

// compileStored compiles a pipeline's configuration for the build that is being made.
func (c *change) compileStored(around store.Surroundings, document *pipeline.Document) (pipeline.Plan, error) {
	env, err := c.buildContext(c.ctx, c.tx, c.build, around)
	if err != nil {
		return pipeline.Plan{}, err
	}
	options := pipeline.Options{
		Vars: environment.Conditions(env, string(build.Creating)), Branch: c.build.Branch, Stored: true,
		Elapsed: stopwatch(),
	}
	if around.Pipeline.ExpandsVariables() {
		options.Interpolate = environment.Interpolation(env)
	}
	plan, err := document.Compile(options)
	return plan, asFault(err)
}

// stopwatch tells the time since it was started.
func stopwatch() func() time.Duration {
	started := time.Now()
	return func() time.Duration { return time.Since(started) }
}

func newBuildRow(tx *sqldb.Tx, p store.Pipeline, number int64, in NewBuild) store.Build {
	now := tx.Now()
	b := store.Build{
		Build:          build.Build{ID: store.NewID(), State: build.Creating, CreatedAt: now},
		OrganizationID: p.OrganizationID, PipelineID: p.ID, Number: number,
		Branch: in.Branch, Commit: in.Commit, CommitResolved: in.commitResolved, Source: in.Source,
		Env: in.Env, Author: in.Author, CreatorID: in.CreatorID, PullRequest: in.PullRequest,
		CleanCheckout: in.CleanCheckout, RebuiltFromID: in.rebuiltFromID, ScheduledAt: in.ScheduledAt,
	}
	if b.ScheduledAt == nil {
		b.ScheduledAt = &now
	}
	if in.Message != "" {
		b.Message = &in.Message
	}
	if in.Tag != "" {
		b.Tag = &in.Tag
	}
	if in.parent != nil {
		b.TriggeredFromID, b.TriggeredJobID = &in.parent.build.ID, &in.parent.jobID
		b.TriggerDepth = in.parent.build.TriggerDepth + 1
	}
	return b
}
