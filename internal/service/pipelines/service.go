// Package pipelines is the use cases of pipelines: their settings, their configuration and the source host they build
// from. It makes no builds; it only sees to it that a stored configuration can become one.
package pipelines

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/ids"
	"github.com/bridle-ci/bridle/internal/core/text"
	"github.com/bridle-ci/bridle/internal/queue"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// Options are what a Service is made of.
type Options struct {
	Store *store.Store
	Queue *queue.Queue
	// Blobs hold the logs and artifacts, which go with a deleted pipeline.
	Blobs Blobs
	// Log may be nil to discard.
	Log *slog.Logger
}

// Service is the use cases of pipelines. It is safe for concurrent use.
type Service struct {
	store *store.Store
	queue *queue.Queue
	blobs Blobs
	log   *slog.Logger
}

// Blobs is what the service needs of package blob.
type Blobs interface {
	DeletePrefix(ctx context.Context, prefix string) error
}

// New returns the service and registers its background task.
func New(o Options) *Service {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Service{store: o.Store, queue: o.Queue, blobs: o.Blobs, log: o.Log}
	o.Queue.Handle(taskDeleteBlobs, s.deleteBlobs)
	return s
}

// View is a pipeline with what is shown of it.
type View struct {
	store.Pipeline
	Counts    store.PipelineCounts
	CreatedBy *store.User
}

// Filter narrows a list of pipelines: each is found anywhere in the text, whatever the case, and empty ones do not
// narrow.
type Filter struct {
	Name       string
	Repository string
}

// List returns a page of the organization's pipelines that pass a filter, newest first, and their number.
func (s *Service) List(ctx context.Context, actor access.Actor, f Filter, page store.Page) ([]View, int, error) {
	if err := access.Check(actor, access.PipelineView); err != nil {
		return nil, 0, err
	}
	if text.Problem(f.Name, maxURL) != "" || text.Problem(f.Repository, maxURL) != "" {
		return nil, 0, nil // no pipeline has such a text in it
	}
	filter := store.PipelineFilter{OrganizationID: actor.OrganizationID, Name: f.Name, Repository: f.Repository}
	rows, err := store.ListPipelines(ctx, s.store.Read(), filter, page)
	if err != nil {
		return nil, 0, fmt.Errorf("list pipelines: %w", err)
	}
	total, err := store.CountPipelines(ctx, s.store.Read(), filter)
	if err != nil {
		return nil, 0, fmt.Errorf("count pipelines: %w", err)
	}
	items, err := views(ctx, s.store.Read(), rows)
	return items, total, err
}

// Get returns a pipeline.
func (s *Service) Get(ctx context.Context, actor access.Actor, slug string) (View, error) {
	if err := access.Check(actor, access.PipelineView); err != nil {
		return View{}, err
	}
	row, err := find(ctx, s.store.Read(), actor, slug)
	if err != nil {
		return View{}, err
	}
	return view(ctx, s.store.Read(), row)
}

// AddWebhook would set up the source host to tell of its changes, for which it takes an account there that the
// installation may act with. It has none, so that every pipeline is answered with Invalid.
func (s *Service) AddWebhook(ctx context.Context, actor access.Actor, slug string) error {
	if err := access.Check(actor, access.PipelineUpdate); err != nil {
		return err
	}
	if _, err := find(ctx, s.store.Read(), actor, slug); err != nil {
		return err
	}
	return fault.New(fault.Invalid, "Auto-creating webhooks is not supported for your repository.")
}

// find returns a pipeline of the actor's organization.
func find(ctx context.Context, q sqldb.Queryer, actor access.Actor, slug string) (store.Pipeline, error) {
	if !ids.ValidSlug(slug) {
		return store.Pipeline{}, fault.Missing("pipeline")
	}
	row, err := store.PipelineBySlug(ctx, q, actor.OrganizationID, slug)
	return row, missing(err)
}

// lock is find for a pipeline that is going to change.
func lock(ctx context.Context, tx *sqldb.Tx, actor access.Actor, slug string) (store.Pipeline, error) {
	if !ids.ValidSlug(slug) {
		return store.Pipeline{}, fault.Missing("pipeline")
	}
	row, err := store.LockPipelineBySlug(ctx, tx, actor.OrganizationID, slug)
	return row, missing(err)
}

// change runs fn on a pipeline under its lock and returns what became of it.
func (s *Service) change(ctx context.Context, actor access.Actor, slug string, fn func(tx *sqldb.Tx, row store.Pipeline) error) (View, error) {
	var changed View
	err := s.store.Write(ctx, func(tx *sqldb.Tx) error {
		row, err := lock(ctx, tx, actor, slug)
		if err != nil {
			return err
		}
		if err := fn(tx, row); err != nil {
			return err
		}
		if row, err = store.GetPipeline(ctx, tx, row.ID); err != nil {
			return err
		}
		changed, err = view(ctx, tx, row)
		return err
	})
	return changed, err
}

func view(ctx context.Context, q sqldb.Queryer, row store.Pipeline) (View, error) {
	items, err := views(ctx, q, []store.Pipeline{row})
	if err != nil {
		return View{}, err
	}
	return items[0], nil
}

func views(ctx context.Context, q sqldb.Queryer, rows []store.Pipeline) ([]View, error) {
	var pipelineIDs, userIDs []string
	for _, p := range rows {
		pipelineIDs = append(pipelineIDs, p.ID)
		if p.CreatedByID != nil {
			userIDs = append(userIDs, *p.CreatedByID)
		}
	}
	counts, err := store.CountsOfPipelines(ctx, q, pipelineIDs)
	if err != nil {
		return nil, fmt.Errorf("count builds and jobs: %w", err)
	}
	users, err := store.GetUsers(ctx, q, userIDs)
	if err != nil {
		return nil, fmt.Errorf("find creators: %w", err)
	}
	items := make([]View, len(rows))
	for i, p := range rows {
		items[i] = View{Pipeline: p, Counts: counts[p.ID]}
		if p.CreatedByID == nil {
			continue
		}
		if creator, ok := users[*p.CreatedByID]; ok {
			items[i].CreatedBy = &creator
		}
	}
	return items, nil
}

// missing turns a row that is not there into the contract's text.
func missing(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return fault.Missing("pipeline")
	}
	return err
}
