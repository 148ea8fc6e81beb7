package store

import (
	"context"
	"time"

	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// ArtifactState is how far an artifact has come.
type ArtifactState string

// Artifact states (contracts/rest/README.md, States).
const (
	ArtifactNew      ArtifactState = "new"
	ArtifactError    ArtifactState = "error"
	ArtifactFinished ArtifactState = "finished"
	ArtifactDeleted  ArtifactState = "deleted"
	ArtifactExpired  ArtifactState = "expired"
)

// Artifact is a file that a job uploads. Path is data and names no file here.
type Artifact struct {
	ID             string
	OrganizationID string
	BuildID        string
	JobID          string
	// BatchID is the request that created it, Position its place there.
	BatchID      string
	Position     int
	State        ArtifactState
	Path         string
	AbsolutePath string
	ContentType  string
	// FileSize is in bytes, as the agent announced it.
	FileSize  int64
	SHA1Sum   string
	SHA256Sum string
	// URL and UploadDestination are set when the agent stores the file elsewhere by itself; BlobKey when it is ours.
	URL               string
	UploadDestination string
	BlobKey           string
	// MultipartID is the upload in parts, while there is one.
	MultipartID string
	CreatedAt   time.Time
}

const artifactColumns = `id, organization_id, build_id, job_id, batch_id, position, state, path, absolute_path, content_type,
	file_size, sha1sum, sha256sum, url, upload_destination, blob_key, multipart_id, created_at`

func scanArtifact(row scanner) (Artifact, error) {
	var (
		a       Artifact
		created int64
	)
	err := row.Scan(&a.ID, &a.OrganizationID, &a.BuildID, &a.JobID, &a.BatchID, &a.Position, &a.State, &a.Path,
		&a.AbsolutePath, &a.ContentType, &a.FileSize, &a.SHA1Sum, &a.SHA256Sum, &a.URL, &a.UploadDestination, &a.BlobKey,
		&a.MultipartID, &created)
	a.CreatedAt = fromMicros(created)
	return a, err
}

// InsertArtifacts adds artifacts. A batch that exists already is an error for which sqldb.IsUnique is true.
func InsertArtifacts(ctx context.Context, q sqldb.Queryer, artifacts []Artifact) error {
	rows := make([][]any, len(artifacts))
	for i, a := range artifacts {
		rows[i] = []any{
			a.ID, a.OrganizationID, a.BuildID, a.JobID, a.BatchID, a.Position, string(a.State), a.Path, a.AbsolutePath,
			a.ContentType, a.FileSize, a.SHA1Sum, a.SHA256Sum, a.URL, a.UploadDestination, a.BlobKey, a.MultipartID,
			micros(a.CreatedAt),
		}
	}
	return insertRows(ctx, q, "artifacts", artifactColumns, rows)
}

// GetArtifact returns an artifact.
func GetArtifact(ctx context.Context, q sqldb.Queryer, id string) (Artifact, error) {
	return one(ctx, q, scanArtifact, "SELECT "+artifactColumns+" FROM artifacts WHERE id = $1", id)
}

// GetArtifacts returns those of the artifacts that exist, by id.
func GetArtifacts(ctx context.Context, q sqldb.Queryer, ids []string) (map[string]Artifact, error) {
	return byID(ctx, q, scanArtifact, func(a Artifact) string { return a.ID }, "SELECT "+artifactColumns+" FROM artifacts", ids)
}

// ArtifactsOfBatch returns the artifacts that one request of a job created, in its order.
func ArtifactsOfBatch(ctx context.Context, q sqldb.Queryer, jobID, batchID string) ([]Artifact, error) {
	return list(ctx, q, scanArtifact, "SELECT "+artifactColumns+` FROM artifacts
		WHERE job_id = $1 AND batch_id = $2 ORDER BY position`, jobID, batchID)
}

// SetArtifactState moves an artifact from one state to another; false when it was not in that state.
func SetArtifactState(ctx context.Context, q sqldb.Queryer, id string, from, to ArtifactState) (bool, error) {
	n, err := q.Exec(ctx, "UPDATE artifacts SET state = $3, multipart_id = '' WHERE id = $1 AND state = $2",
		id, string(from), string(to))
	return n == 1, err
}

// SetArtifactMultipart records the upload in parts that an artifact has; false when it has one already or is not new.
func SetArtifactMultipart(ctx context.Context, q sqldb.Queryer, id, multipartID string) (bool, error) {
	n, err := q.Exec(ctx, "UPDATE artifacts SET multipart_id = $2 WHERE id = $1 AND multipart_id = '' AND state = 'new'",
		id, multipartID)
	return n == 1, err
}
