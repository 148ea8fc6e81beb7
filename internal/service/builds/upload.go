package builds

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/environment"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/ids"
	"github.com/bridle-ci/bridle/internal/core/pipeline"
	"github.com/bridle-ci/bridle/internal/store"
)

// Upload is a document that a running job adds to its build (docs/contract/pipelines.md, section 15).
type Upload struct {
	// ID is the agent's, the same whenever it sends the document again.
	ID       string
	Pipeline json.RawMessage
	Replace  bool
}

// maxUploadBytes is the contract's limit of a document (docs/contract/pipelines.md, section 33, row 19).
const maxUploadBytes = 10 << 20

// Upload adds a document's steps after the job's own, all or none. Sent again, it adds nothing. A document that does
// not compile, or steps that do not fit the build, are Invalid with the contract's text.
func (s *Service) Upload(ctx context.Context, job store.Job, u Upload) (store.PipelineUpload, error) {
	id, ok := ids.ParseUUID(u.ID)
	if !ok {
		return store.PipelineUpload{}, fault.New(fault.Invalid, "The upload needs a `uuid`")
	}
	u.ID = id
	if len(u.Pipeline) > maxUploadBytes {
		return store.PipelineUpload{}, fault.New(fault.TooLarge, "The pipeline is too large: the maximum is %d bytes", maxUploadBytes)
	}
	if known, err := store.GetUpload(ctx, s.Store.Read(), job.ID, id); err == nil {
		return known, nil
	}
	plan, err := s.compileUpload(ctx, job, u)
	if err != nil {
		return store.PipelineUpload{}, err
	}
	var applied store.PipelineUpload
	err = s.change(ctx, job.BuildID, func(c *change) error {
		applied, err = c.upload(job, u, plan)
		return err
	})
	return applied, err
}

// compileUpload works out a document before the build is locked. What conditions read of a build does not change.
func (s *Service) compileUpload(ctx context.Context, job store.Job, u Upload) (pipeline.Plan, error) {
	q := s.Store.Read()
	document, err := pipeline.Parse(u.Pipeline)
	if err != nil {
		return pipeline.Plan{}, asFault(err)
	}
	b, err := store.GetBuild(ctx, q, job.BuildID)
	if err != nil {
		return pipeline.Plan{}, missing(err, "build")
	}
	p, err := store.GetPipeline(ctx, q, b.PipelineID)
	if err != nil {
		return pipeline.Plan{}, missing(err, "pipeline")
	}
	env, err := s.buildContext(ctx, q, b, p)
	if err != nil {
		return pipeline.Plan{}, err
	}
	plan, err := document.Compile(pipeline.Options{Vars: environment.Conditions(env, string(b.State)), Branch: b.Branch})
	return plan, asFault(err)
}

func (c *change) upload(job store.Job, u Upload, plan pipeline.Plan) (store.PipelineUpload, error) {
	row := store.PipelineUpload{
		ID: u.ID, BuildID: job.BuildID, JobID: job.ID, State: store.UploadApplied, Replace: u.Replace,
		Document: string(u.Pipeline), CreatedAt: c.tx.Now(),
	}
	added, err := store.InsertUpload(c.ctx, c.tx, row)
	if err != nil {
		return row, fmt.Errorf("insert upload: %w", err)
	}
	if !added {
		known, err := store.GetUpload(c.ctx, c.tx, job.ID, u.ID)
		return known, missing(err, "upload")
	}
	if err := c.apply(build.Uploaded{JobID: job.ID, Plan: plan, Replace: u.Replace}); err != nil {
		return row, err
	}
	if code := checkEnv(c.build.UploadEnv); code != "" {
		return row, fault.New(fault.Invalid, "The env of the uploads %s", code)
	}
	return row, nil
}

// UploadStatus returns what became of an upload of the job.
func (s *Service) UploadStatus(ctx context.Context, job store.Job, id string) (store.PipelineUpload, error) {
	parsed, ok := ids.ParseUUID(id)
	if !ok {
		return store.PipelineUpload{}, fault.Missing("upload")
	}
	u, err := store.GetUpload(ctx, s.Store.Read(), job.ID, parsed)
	return u, missing(err, "upload")
}
