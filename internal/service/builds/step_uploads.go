package builds

import (
	"context"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/ids"
	"github.com/bridle-ci/bridle/internal/store"
)

// UploadFilter narrows the list of a build's uploads.
type UploadFilter struct {
	// JobID is the job that uploaded; empty is any.
	JobID string
	// After and Before are upload ids of the list, exclusive; at most one of them.
	After  string
	Before string
	Limit  int
}

// UploadPage is a part of the list of a build's uploads.
type UploadPage struct {
	Build   store.Build
	Uploads []store.PipelineUpload
	HasNext bool
	HasPrev bool
}

// Uploads lists the uploads to a build, newest first and without their documents.
func (s *Service) Uploads(ctx context.Context, actor access.Actor, pipelineSlug, ref string, f UploadFilter) (UploadPage, error) {
	b, err := s.Find(ctx, actor, pipelineSlug, ref)
	if err != nil {
		return UploadPage{}, err
	}
	all, err := store.ListUploads(ctx, s.Store.Read(), b.ID, f.JobID)
	if err != nil {
		return UploadPage{}, err
	}
	from, to, err := cursor{f.After, f.Before, f.Limit}.window(len(all), func(id string) (stand, error) {
		return standOfUpload(all, id)
	})
	if err != nil {
		return UploadPage{}, err
	}
	return UploadPage{Build: b, Uploads: all[from:to], HasNext: to < len(all), HasPrev: from > 0}, nil
}

// UploadByID returns an upload to a build, with its document, and the build.
func (s *Service) UploadByID(ctx context.Context, actor access.Actor, pipelineSlug, ref, uploadID string) (store.PipelineUpload, store.Build, error) {
	b, err := s.Find(ctx, actor, pipelineSlug, ref)
	if err != nil {
		return store.PipelineUpload{}, store.Build{}, err
	}
	id, ok := ids.ParseUUID(uploadID)
	if !ok {
		return store.PipelineUpload{}, store.Build{}, fault.Missing("step upload")
	}
	u, err := store.UploadOfBuild(ctx, s.Store.Read(), b.ID, id)
	return u, b, missing(err, "step upload")
}
