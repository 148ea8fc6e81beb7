// Package schedules is the use cases of schedules, which make builds of a pipeline at set times. When a time comes is
// decided by core/cron, and how a build is made by whoever builds for it.
//
// The contract is docs/contract/pipelines.md, section 20.
package schedules

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"time"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/cron"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/ids"
	"github.com/bridle-ci/bridle/internal/queue"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// NewBuild is what a schedule asks a build with. Its source is `schedule`.
type NewBuild struct {
	Commit  string
	Branch  string
	Message string
	Env     map[string]string
	// CreatorID is who made the schedule; nil is the installation itself.
	CreatorID *string
	// ScheduledAt is the time that the schedule is for. The build may be made later.
	ScheduledAt time.Time
}

// Builder makes builds.
type Builder interface {
	// CreateInTx makes a build of a pipeline in a transaction and returns its id. A fault.Error, unless it is
	// fault.Unavailable, says why there cannot be such a build; the transaction is rolled back then, and the message shown
	// with the schedule. What has no kind may pass, and is tried again.
	CreateInTx(ctx context.Context, tx *sqldb.Tx, p store.Pipeline, in NewBuild) (buildID string, err error)
}

// Options are what a Service is made of.
type Options struct {
	Store   *store.Store
	Queue   *queue.Queue
	Builder Builder
	// Zones is where time zones are found; nil is time.LoadLocation.
	Zones cron.Zones
	// Log may be nil to discard.
	Log *slog.Logger
}

// Service is the use cases of schedules. It is safe for concurrent use.
type Service struct {
	store   *store.Store
	queue   *queue.Queue
	builder Builder
	zones   cron.Zones
	log     *slog.Logger
}

// New returns the service and registers its background task.
func New(o Options) *Service {
	if o.Zones == nil {
		o.Zones = time.LoadLocation
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Service{store: o.Store, queue: o.Queue, builder: o.Builder, zones: o.Zones, log: o.Log}
	// A schedule goes on for ever, so its task is never given up.
	s.queue.Handle(taskFire, s.fire, queue.MaxAttempts(math.MaxInt32))
	return s
}

// View is a schedule with what is shown of it.
type View struct {
	store.Schedule
	Pipeline  store.Pipeline
	CreatedBy *store.User
}

// BuildBranch is the branch that builds are made of: the schedule's own, or else the pipeline's default.
func (v View) BuildBranch() string { return branchOf(v.Schedule, v.Pipeline) }

func branchOf(row store.Schedule, p store.Pipeline) string {
	if row.Branch != nil {
		return *row.Branch
	}
	return p.DefaultBranch
}

// List returns a page of a pipeline's schedules, newest first, and their number.
func (s *Service) List(ctx context.Context, actor access.Actor, pipelineSlug string, page store.Page) ([]View, int, error) {
	if err := access.Check(actor, access.ScheduleView); err != nil {
		return nil, 0, err
	}
	q := s.store.Read()
	p, err := findPipeline(ctx, q, actor, pipelineSlug)
	if err != nil {
		return nil, 0, err
	}
	rows, err := store.ListSchedules(ctx, q, p.ID, page)
	if err != nil {
		return nil, 0, fmt.Errorf("list schedules: %w", err)
	}
	total, err := store.CountSchedules(ctx, q, p.ID)
	if err != nil {
		return nil, 0, fmt.Errorf("count schedules: %w", err)
	}
	items, err := views(ctx, q, p, rows)
	return items, total, err
}

// Get returns a schedule of a pipeline.
func (s *Service) Get(ctx context.Context, actor access.Actor, pipelineSlug, id string) (View, error) {
	if err := access.Check(actor, access.ScheduleView); err != nil {
		return View{}, err
	}
	p, row, err := find(ctx, s.store.Read(), actor, pipelineSlug, id, store.GetSchedule)
	if err != nil {
		return View{}, err
	}
	return view(ctx, s.store.Read(), p, row)
}

// findPipeline returns a pipeline of the actor's organization.
func findPipeline(ctx context.Context, q sqldb.Queryer, actor access.Actor, slug string) (store.Pipeline, error) {
	if !ids.ValidSlug(slug) {
		return store.Pipeline{}, fault.Missing("pipeline")
	}
	p, err := store.PipelineBySlug(ctx, q, actor.OrganizationID, slug)
	return p, missing(err, "pipeline")
}

// noun is what the contract's not-found text calls a schedule.
const noun = "pipeline schedule"

// find returns a schedule of a pipeline of the actor's organization, as get reads it.
func find(ctx context.Context, q sqldb.Queryer, actor access.Actor, pipelineSlug, id string,
	get func(context.Context, sqldb.Queryer, string) (store.Schedule, error),
) (store.Pipeline, store.Schedule, error) {
	p, err := findPipeline(ctx, q, actor, pipelineSlug)
	if err != nil {
		return store.Pipeline{}, store.Schedule{}, err
	}
	id, ok := ids.ParseUUID(id)
	if !ok {
		return store.Pipeline{}, store.Schedule{}, fault.Missing(noun)
	}
	row, err := get(ctx, q, id)
	if err == nil && row.PipelineID != p.ID {
		err = fault.Missing(noun)
	}
	return p, row, missing(err, noun)
}

func view(ctx context.Context, q sqldb.Queryer, p store.Pipeline, row store.Schedule) (View, error) {
	items, err := views(ctx, q, p, []store.Schedule{row})
	if err != nil {
		return View{}, err
	}
	return items[0], nil
}

func views(ctx context.Context, q sqldb.Queryer, p store.Pipeline, rows []store.Schedule) ([]View, error) {
	var userIDs []string
	for _, row := range rows {
		if row.CreatedByID != nil {
			userIDs = append(userIDs, *row.CreatedByID)
		}
	}
	users, err := store.GetUsers(ctx, q, userIDs)
	if err != nil {
		return nil, fmt.Errorf("find creators of schedules: %w", err)
	}
	items := make([]View, len(rows))
	for i, row := range rows {
		items[i] = View{Schedule: row, Pipeline: p}
		if row.CreatedByID == nil {
			continue
		}
		if creator, ok := users[*row.CreatedByID]; ok {
			items[i].CreatedBy = &creator
		}
	}
	return items, nil
}

// missing turns a row that is not there into the contract's text.
func missing(err error, noun string) error {
	if errors.Is(err, store.ErrNotFound) {
		return fault.Missing(noun)
	}
	return err
}
