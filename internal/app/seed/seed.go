package seed

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

const (
	// batchSize is how many builds go into a transaction: large enough to share its cost, small enough to let a running
	// server write in between.
	batchSize = 500
	// writers is how many batches are made and written at the same time. SQLite writes one after the other, but the next
	// ones are made meanwhile.
	writers = 4
)

// Run writes a history into an organization and calls progress with how many builds are written.
func Run(ctx context.Context, st *store.Store, organization store.Organization, o Options, progress func(written int)) error {
	if err := o.Validate(); err != nil {
		return err
	}
	if !o.Force {
		found, err := store.HasBuilds(ctx, st.Read())
		if err != nil {
			return fmt.Errorf("look for builds: %w", err)
		}
		if found {
			return errHasBuilds
		}
	}
	h := history{Options: o, organization: organization, until: time.Now().UTC().Truncate(time.Microsecond)}
	if err := st.Write(ctx, func(tx *sqldb.Tx) (err error) {
		h.catalog, err = prepare(ctx, tx, organization, o)
		return err
	}); err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	return h.write(ctx, st, progress)
}

// write writes all builds, several batches at a time. The first error stops the others.
func (h *history) write(ctx context.Context, st *store.Store, progress func(written int)) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	starts := make(chan int)
	go func() {
		defer close(starts)
		for from := 0; from < h.Builds; from += batchSize {
			select {
			case starts <- from:
			case <-ctx.Done():
				return
			}
		}
	}()
	var (
		working sync.WaitGroup
		mu      sync.Mutex
		written int
	)
	for range writers {
		working.Go(func() {
			for from := range starts {
				b := h.batch(from, min(from+batchSize, h.Builds))
				if err := b.insert(ctx, st, h.organization.ID); err != nil {
					stop(fmt.Errorf("write builds %d to %d: %w", from, from+len(b.builds), err))
					return
				}
				mu.Lock()
				written += len(b.builds)
				progress(written)
				mu.Unlock()
			}
		})
	}
	working.Wait()
	return context.Cause(ctx)
}

// batch is the rows of some builds.
type batch struct {
	builds      []*store.Build
	steps       []*build.Step
	jobs        map[string][]*build.Job // by pipeline
	metaData    []store.MetaDataItem
	artifacts   []store.Artifact
	annotations []store.Annotation
}

func (b *batch) insert(ctx context.Context, st *store.Store, organizationID string) error {
	return st.Write(ctx, func(tx *sqldb.Tx) error {
		if err := store.InsertBuilds(ctx, tx, b.builds); err != nil {
			return err
		}
		if err := store.InsertSteps(ctx, tx, b.steps); err != nil {
			return err
		}
		for pipelineID, jobs := range b.jobs {
			if err := store.InsertJobs(ctx, tx, organizationID, pipelineID, jobs); err != nil {
				return err
			}
		}
		if err := store.InsertMetaData(ctx, tx, b.metaData); err != nil {
			return err
		}
		if err := store.InsertArtifacts(ctx, tx, b.artifacts); err != nil {
			return err
		}
		for _, a := range b.annotations {
			if _, err := store.InsertAnnotation(ctx, tx, a); err != nil {
				return err
			}
		}
		return nil
	})
}
