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
	ID        string
	BuildID   string
	JobID     string
	State     UploadState
	Message   string
	Replace   bool
	Document  string
	CreatedAt time.Time
}

const uploadColumns = `id, build_id, job_id, state, message, replace, document, created_at`

func scanUpload(row scanner) (PipelineUpload, error) {
	var u PipelineUpload
	var created int64
	err := row.Scan(&u.ID, &u.BuildID, &u.JobID, &u.State, &u.Message, &u.Replace, &u.Document, &created)
	u.CreatedAt = fromMicros(created)
	return u, err
}

// InsertUpload adds an upload; an id that is known adds nothing and returns false.
func InsertUpload(ctx context.Context, q sqldb.Queryer, u PipelineUpload) (bool, error) {
	n, err := q.Exec(ctx, "INSERT INTO pipeline_uploads ("+uploadColumns+") VALUES ("+placeholders(8)+`)
		ON CONFLICT (id) DO NOTHING`,
		u.ID, u.BuildID, u.JobID, string(u.State), u.Message, u.Replace, u.Document, micros(u.CreatedAt))
	return n == 1, err
}

// GetUpload returns an upload of a job.
func GetUpload(ctx context.Context, q sqldb.Queryer, jobID, id string) (PipelineUpload, error) {
	return one(ctx, q, scanUpload, "SELECT "+uploadColumns+" FROM pipeline_uploads WHERE id = $1 AND job_id = $2", id, jobID)
}
