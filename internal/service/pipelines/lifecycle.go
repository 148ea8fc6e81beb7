package pipelines

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/queue"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// taskDeleteBlobs removes the logs and artifacts of a deleted pipeline.
const taskDeleteBlobs = "pipelines.delete_blobs"

// blobPrefix is the payload of taskDeleteBlobs.
type blobPrefix struct {
	Prefix string `json:"prefix"`
}

func (s *Service) deleteBlobs(ctx context.Context, task queue.Task) error {
	var payload blobPrefix
	if err := json.Unmarshal(task.Payload, &payload); err != nil {
		return queue.Permanent(fmt.Errorf("read payload: %w", err))
	}
	return s.blobs.DeletePrefix(ctx, payload.Prefix)
}

// Archive makes a pipeline take no more builds. Invalid is one that is archived already.
func (s *Service) Archive(ctx context.Context, actor access.Actor, slug string) (View, error) {
	if err := access.Check(actor, access.PipelineArchive); err != nil {
		return View{}, err
	}
	return s.change(ctx, actor, slug, func(tx *sqldb.Tx, row store.Pipeline) error {
		err := store.ArchivePipeline(ctx, tx, row.ID, tx.Now())
		if errors.Is(err, store.ErrStale) {
			return fault.New(fault.Invalid, "Pipeline could not be archived.")
		}
		return err
	})
}

// Unarchive undoes Archive. Invalid is a pipeline that is not archived.
func (s *Service) Unarchive(ctx context.Context, actor access.Actor, slug string) (View, error) {
	if err := access.Check(actor, access.PipelineArchive); err != nil {
		return View{}, err
	}
	return s.change(ctx, actor, slug, func(tx *sqldb.Tx, row store.Pipeline) error {
		err := store.UnarchivePipeline(ctx, tx, row.ID)
		if errors.Is(err, store.ErrStale) {
			return fault.New(fault.Invalid, "Pipeline could not be unarchived.")
		}
		return err
	})
}

// Delete removes a pipeline with its builds, running ones included. Logs and artifacts follow in the background.
func (s *Service) Delete(ctx context.Context, actor access.Actor, slug string) error {
	if err := access.Check(actor, access.PipelineDelete); err != nil {
		return err
	}
	err := s.store.Write(ctx, func(tx *sqldb.Tx) error {
		row, err := lock(ctx, tx, actor, slug)
		if err != nil {
			return err
		}
		if err := store.DeletePipeline(ctx, tx, row.ID); err != nil {
			return err
		}
		payload, err := json.Marshal(blobPrefix{Prefix: "pipelines/" + row.ID + "/"})
		if err != nil {
			return err
		}
		return s.queue.Enqueue(ctx, tx, queue.Task{Kind: taskDeleteBlobs, Key: row.ID, Payload: payload})
	})
	if err != nil {
		return fmt.Errorf("delete pipeline %s: %w", slug, err)
	}
	return nil
}
