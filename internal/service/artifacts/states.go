package artifacts

import (
	"context"
	"errors"
	"fmt"

	"github.com/bridle-ci/bridle/internal/blob"
	"github.com/bridle-ci/bridle/internal/core/artifact"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// StateChange is what an agent reports about an upload: that it is finished, or that it failed.
type StateChange struct {
	ID    string
	State store.ArtifactState
	// Parts are those of an upload in parts, in ascending order.
	Parts []blob.Part
}

// SetStates takes the reports about artifacts of a job. A finished one must be there, as long as announced. Repeating a
// report changes nothing. Nothing is changed when one of them cannot be.
func (s *Service) SetStates(ctx context.Context, job *store.Job, changes []StateChange) error {
	artifacts, err := s.reported(ctx, job, changes)
	if err != nil {
		return err
	}
	for _, c := range changes {
		if a := artifacts[c.ID]; c.State == store.ArtifactFinished && a.State == store.ArtifactNew {
			if err := s.complete(ctx, a, c.Parts); err != nil {
				return err
			}
		}
	}
	err = s.store.Write(ctx, func(tx *sqldb.Tx) error {
		for _, c := range changes {
			a := artifacts[c.ID]
			moved, err := store.SetArtifactState(ctx, tx, a.ID, store.ArtifactNew, c.State)
			if err != nil {
				return err
			}
			if moved && c.State == store.ArtifactError {
				if err := s.enqueueDeletion(ctx, tx, a); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("set states of artifacts of job %s: %w", job.ID, err)
	}
	s.changed(job.BuildID)
	return nil
}

// reported loads the artifacts of a report and checks that they are the job's, and can be in the state it says.
func (s *Service) reported(ctx context.Context, job *store.Job, changes []StateChange) (map[string]store.Artifact, error) {
	if len(changes) > artifact.MaxPerJob {
		return nil, fault.Reason("a request reports about %d artifacts at most", artifact.MaxPerJob)
	}
	var list []string
	for _, c := range changes {
		if c.State != store.ArtifactFinished && c.State != store.ArtifactError {
			return nil, fault.Reason("state %q of artifact %s is neither `finished` nor `error`", c.State, shorten(c.ID))
		}
		if !validID(c.ID) {
			return nil, fault.Missing("artifact")
		}
		list = append(list, c.ID)
	}
	artifacts, err := store.GetArtifacts(ctx, s.store.Read(), list)
	if err != nil {
		return nil, fmt.Errorf("find artifacts of job %s: %w", job.ID, err)
	}
	for _, id := range list {
		if a, ok := artifacts[id]; !ok || a.JobID != job.ID {
			return nil, fault.Missing("artifact")
		}
	}
	return artifacts, nil
}

// complete makes sure that the bytes of an artifact are there.
func (s *Service) complete(ctx context.Context, a store.Artifact, parts []blob.Part) error {
	if a.BlobKey == "" {
		return nil
	}
	var (
		info blob.Info
		err  error
	)
	if a.MultipartID != "" {
		if count := artifact.PartCount(a.FileSize); len(parts) != count {
			return fault.Reason("artifact %s has %d parts, but %d were reported", a.ID, count, len(parts))
		}
		if info, err = s.blobs.Complete(ctx, a.BlobKey, a.MultipartID, parts); errors.Is(err, blob.ErrNotFound) {
			info, err = s.blobs.Stat(ctx, a.BlobKey) // it was completed before, but the answer got lost
		}
	} else {
		info, err = s.blobs.Stat(ctx, a.BlobKey)
	}
	switch {
	case errors.Is(err, blob.ErrNotFound):
		return fault.Reason("artifact %s was not uploaded", a.ID)
	case errors.Is(err, blob.ErrBadPart):
		return fault.Wrap(fault.Invalid, err, "Validation failed: the parts of artifact %s are not those uploaded", a.ID)
	case err != nil:
		return fmt.Errorf("complete artifact %s: %w", a.ID, err)
	case info.Size != a.FileSize:
		return fault.Reason("artifact %s has %d bytes, but %d were announced", a.ID, info.Size, a.FileSize)
	}
	return nil
}
