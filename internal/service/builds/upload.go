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

// Upload adds a document's steps after the job's own, all or none. A document that does not compile, or steps that do
// not fit the build, are Invalid with the contract's text, and nothing but the upload's own row says so. Sent again, an
// upload changes nothing and is answered as before.
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
		return answerUpload(known)
	}
	applied, err := s.applyUpload(ctx, job, u)
	if rejectsUpload(err) {
		return s.rejectUpload(ctx, job, u, err)
	}
	return applied, err
}

func (s *Service) applyUpload(ctx context.Context, job store.Job, u Upload) (store.PipelineUpload, error) {
	document, err := pipeline.Parse(u.Pipeline)
	if err != nil {
		return store.PipelineUpload{}, &rejection{invalidDefinition, asFault(err)}
	}
	plan, err := s.compileUpload(ctx, job, document)
	if err != nil {
		return store.PipelineUpload{}, err
	}
	row, err := u.row(job, document)
	if err != nil {
		return store.PipelineUpload{}, err
	}
	var applied store.PipelineUpload
	err = s.change(ctx, job.BuildID, func(c *change) error {
		applied, err = c.upload(row, plan)
		return err
	})
	if err != nil {
		return store.PipelineUpload{}, err
	}
	return answerUpload(applied)
}

// compileUpload works out a document before the build is locked. What conditions read of a build does not change.
func (s *Service) compileUpload(ctx context.Context, job store.Job, document *pipeline.Document) (pipeline.Plan, error) {
	q := s.Store.Read()
	b, err := store.GetBuild(ctx, q, job.BuildID)
	if err != nil {
		return pipeline.Plan{}, missing(err, "build")
	}
	around, err := store.SurroundingsOf(ctx, q, b.PipelineID, peopleOf(b))
	if err != nil {
		return pipeline.Plan{}, missing(err, "pipeline")
	}
	env, err := s.buildContext(ctx, q, b, around)
	if err != nil {
		return pipeline.Plan{}, err
	}
	plan, err := document.Compile(pipeline.Options{
		Vars: environment.Conditions(env, string(b.State)), Branch: b.Branch, DefaultAgents: b.DefaultAgents,
		Elapsed: stopwatch(),
	})
	if err != nil {
		return pipeline.Plan{}, &rejection{invalidDefinition, asFault(err)}
	}
	return plan, nil
}

func (c *change) upload(row store.PipelineUpload, plan pipeline.Plan) (store.PipelineUpload, error) {
	now := c.tx.Now()
	row.State, row.CreatedAt, row.ProcessedAt = store.UploadApplied, now, &now
	added, err := store.InsertUpload(c.ctx, c.tx, row)
	if err != nil {
		return row, fmt.Errorf("insert upload: %w", err)
	}
	if !added {
		known, err := store.GetUpload(c.ctx, c.tx, row.JobID, row.ID)
		return known, missing(err, "upload")
	}
	before := c.build.JobsCreated
	if err := c.apply(build.Uploaded{JobID: row.JobID, Plan: plan, Replace: row.Replace}); err != nil {
		return row, rejectedBy(err)
	}
	if code := environment.OfBuilds.Problem(c.build.UploadEnv); code != "" {
		return row, &rejection{invalidSteps, fault.New(fault.Invalid, "The env of the uploads %s", code)}
	}
	if err := c.addNotifications(plan.Notify); err != nil {
		return row, err
	}
	created := int64(c.build.JobsCreated - before)
	row.CreatedJobs = &created
	return row, store.SetUploadCreatedJobs(c.ctx, c.tx, row.ID, created)
}

// maxBuildNotifications bounds what all documents of a build ask for.
const maxBuildNotifications = 500

// addNotifications adds those of an upload to the build's.
func (c *change) addNotifications(added []pipeline.Notification) error {
	if len(added) == 0 {
		return nil
	}
	c.build.Notify = append(c.build.Notify, added...)
	if len(c.build.Notify) > maxBuildNotifications {
		return &rejection{invalidSteps, fault.New(fault.Invalid,
			"The notifications of this build are too many with those of the upload: the maximum is %d", maxBuildNotifications)}
	}
	return store.SetBuildNotify(c.ctx, c.tx, c.build.ID, c.build.Notify)
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
