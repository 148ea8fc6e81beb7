package builds

import (
	"context"
	"errors"

	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/pipeline"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// Why an upload was rejected. The contract leaves the words open (contracts/rest/README.md, States).
const (
	invalidDefinition = "invalid_definition" // the document is no pipeline
	invalidSteps      = "invalid_steps"      // its steps do not fit the build, or there are too many
	notRunning        = "not_running"        // the build or the job does not run any more
)

const (
	// maxRejectedUploads bounds the rejected uploads that a build remembers. Those beyond are answered alike, each time
	// anew.
	maxRejectedUploads = 500
	// maxRejectedBytes is up to which size a rejected document is kept.
	maxRejectedBytes = 1 << 20
)

// rejection is an error that is an answer about the upload, and so is recorded.
type rejection struct {
	kind string
	error
}

func (r *rejection) Unwrap() error { return r.error }

// rejectedBy tells the rules' refusals from failures, which another attempt may not meet.
func rejectedBy(err error) error {
	switch fault.KindOf(err) {
	case fault.Invalid:
		return &rejection{invalidSteps, err}
	case fault.Conflict:
		return &rejection{notRunning, err}
	}
	return err
}

func rejectsUpload(err error) bool {
	var r *rejection
	return errors.As(err, &r)
}

// row is what is kept of an upload, whatever becomes of it.
func (u Upload) row(job store.Job, document *pipeline.Document) (store.PipelineUpload, error) {
	text, err := document.YAML()
	size := int64(len(text))
	return store.PipelineUpload{
		ID: u.ID, BuildID: job.BuildID, JobID: job.ID, Replace: u.Replace, Document: text, DocumentBytes: &size,
	}, err
}

// rejectUpload records that an upload was rejected, and why.
func (s *Service) rejectUpload(ctx context.Context, job store.Job, u Upload, cause error) (store.PipelineUpload, error) {
	row, err := u.rejectedRow(job, cause)
	if err != nil {
		return row, err
	}
	err = s.Store.Write(ctx, func(tx *sqldb.Tx) error {
		count, err := store.CountRejectedUploads(ctx, tx, job.BuildID)
		if err != nil || count >= maxRejectedUploads {
			return err
		}
		now := tx.Now()
		row.CreatedAt, row.ProcessedAt = now, &now
		added, err := store.InsertUpload(ctx, tx, row)
		if err != nil || added {
			return err
		}
		row, err = store.GetUpload(ctx, tx, job.ID, u.ID)
		return missing(err, "upload")
	})
	if err != nil {
		return store.PipelineUpload{}, err
	}
	return answerUpload(row)
}

func (u Upload) rejectedRow(job store.Job, cause error) (store.PipelineUpload, error) {
	size := int64(len(u.Pipeline))
	row := store.PipelineUpload{
		ID: u.ID, BuildID: job.BuildID, JobID: job.ID, Replace: u.Replace, Document: string(u.Pipeline), DocumentBytes: &size,
	}
	if document, err := pipeline.Parse(u.Pipeline); err == nil {
		if row, err = u.row(job, document); err != nil {
			return row, err
		}
	}
	if len(row.Document) > maxRejectedBytes {
		row.Document = ""
	}
	var r *rejection
	if errors.As(cause, &r) {
		row.RejectionType = r.kind
	}
	row.State, row.Message = store.UploadRejected, cause.Error()
	return row, nil
}

// answerUpload is the answer about an upload that is known, now as then.
func answerUpload(u store.PipelineUpload) (store.PipelineUpload, error) {
	if u.State == store.UploadRejected {
		return u, fault.New(fault.Invalid, "%s", u.Message)
	}
	return u, nil
}
