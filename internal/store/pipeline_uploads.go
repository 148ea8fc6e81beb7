package store

import (
	"context"
	"time"

	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// UploadState is how far a pipeline upload is.
type UploadState string

// Upload states (docs/contract/agent-api.md, section 13).
const (
	UploadPending  UploadState = "pending"
	UploadApplied  UploadState = "applied"
	UploadRejected UploadState = "rejected"
)

// PipelineUpload is a document that a job sent to its build. Its id is the agent's, the same over retries.
type PipelineUpload struct {
	ID      string
	BuildID string
	JobID   string
	State   UploadState
	// RejectionType is a word for why it was rejected and Message a sentence for people; both are empty otherwise.
	RejectionType string
	Message       string
	Replace       bool
	// CreatedJobs counts the jobs that an applied upload added.
	CreatedJobs *int64
	// Document is the YAML of it. Lists leave it out, and it is empty when it was rejected and too large to keep.
	Document string
	// DocumentBytes is the size of the document.
	DocumentBytes *int64
	CreatedAt     time.Time
	ProcessedAt   *time.Time
}

const (
	uploadColumns = `id, build_id, job_id, state, rejection_type, message, replace, created_jobs_count, document,
	definition_bytes, created_at, processed_at`
	listedUploadColumns = `id, build_id, job_id, state, rejection_type, message, replace, created_jobs_count, '' AS document,
	definition_bytes, created_at, processed_at`
)

func scanUpload(row scanner) (PipelineUpload, error) {
	var u PipelineUpload
	var created int64
	var processed *int64
	err := row.Scan(&u.ID, &u.BuildID, &u.JobID, &u.State, &u.RejectionType, &u.Message, &u.Replace, &u.CreatedJobs,
		&u.Document, &u.DocumentBytes, &created, &processed)
	u.CreatedAt, u.ProcessedAt = fromMicros(created), fromMicrosPtr(processed)
	return u, err
}

// InsertUpload adds an upload; an id that is known adds nothing and returns false.
func InsertUpload(ctx context.Context, q sqldb.Queryer, u PipelineUpload) (bool, error) {
	n, err := q.Exec(ctx, "INSERT INTO pipeline_uploads ("+uploadColumns+") VALUES ("+placeholders(12)+`)
		ON CONFLICT (id) DO NOTHING`,
		u.ID, u.BuildID, u.JobID, string(u.State), u.RejectionType, u.Message, u.Replace, u.CreatedJobs, u.Document,
		u.DocumentBytes, micros(u.CreatedAt), microsPtr(u.ProcessedAt))
	return n == 1, err
}

// SetUploadCreatedJobs records how many jobs an upload added.
func SetUploadCreatedJobs(ctx context.Context, q sqldb.Queryer, id string, count int64) error {
	return mustChange(ctx, q, ErrNotFound, "UPDATE pipeline_uploads SET created_jobs_count = $2 WHERE id = $1", id, count)
}

// GetUpload returns an upload of a job.
func GetUpload(ctx context.Context, q sqldb.Queryer, jobID, id string) (PipelineUpload, error) {
	return one(ctx, q, scanUpload, "SELECT "+uploadColumns+" FROM pipeline_uploads WHERE id = $1 AND job_id = $2", id, jobID)
}

// UploadOfBuild returns an upload to a build.
func UploadOfBuild(ctx context.Context, q sqldb.Queryer, buildID, id string) (PipelineUpload, error) {
	return one(ctx, q, scanUpload, "SELECT "+uploadColumns+" FROM pipeline_uploads WHERE id = $1 AND build_id = $2", id, buildID)
}

// ListUploads returns the uploads to a build, of one job when jobID is given, newest first and without their documents.
// A build has a limited number of them.
func ListUploads(ctx context.Context, q sqldb.Queryer, buildID, jobID string) ([]PipelineUpload, error) {
	sql := "SELECT " + listedUploadColumns + " FROM pipeline_uploads WHERE build_id = $1"
	args := []any{buildID}
	if jobID != "" {
		sql += " AND job_id = $2"
		args = append(args, jobID)
	}
	return list(ctx, q, scanUpload, sql+" ORDER BY created_at DESC, id DESC", args...)
}

// CountRejectedUploads counts a build's uploads that were rejected.
func CountRejectedUploads(ctx context.Context, q sqldb.Queryer, buildID string) (int, error) {
	var n int
	err := q.QueryRow(ctx, "SELECT count(*) FROM pipeline_uploads WHERE build_id = $1 AND state = $2",
		buildID, string(UploadRejected)).Scan(&n)
	return n, err
}
