package agenttest

import (
	"bytes"
	"context"
	"crypto/sha1" //nolint:gosec // agents send it
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Instructions say how to upload a file.
type Instructions struct {
	Data   map[string]string `json:"data"`
	Action struct {
		URL       string `json:"url"`
		Method    string `json:"method"`
		Path      string `json:"path"`
		FileInput string `json:"file_input"`
	} `json:"action"`
	Actions []struct {
		URL        string `json:"url"`
		Method     string `json:"method"`
		PartNumber int    `json:"part_number"`
	} `json:"actions"`
}

// Batch is the answer to an announcement of files.
type Batch struct {
	ID           string                   `json:"id"`
	ArtifactIDs  []string                 `json:"artifact_ids"`
	Instructions *Instructions            `json:"upload_instructions"`
	PerArtifact  map[string]*Instructions `json:"per_artifact_instructions"`
}

// Announce creates a batch of artifacts: files by path, in the order of paths.
func (j *Job) Announce(ctx context.Context, batchID string, paths []string, files map[string]string) (Batch, error) {
	items := make([]map[string]any, len(paths))
	for i, path := range paths {
		content := []byte(files[path])
		one, two := sha1.Sum(content), sha256.Sum256(content) //nolint:gosec // agents send it
		items[i] = map[string]any{
			"id": "", "job_id": "", "glob_path": "*", "created_at": "0001-01-01T00:00:00Z", "path": path,
			"absolute_path": "/build/" + path, "file_size": len(content), "sha1sum": hex.EncodeToString(one[:]),
			"sha256sum": hex.EncodeToString(two[:]), "content_type": "text/plain",
		}
	}
	var out Batch
	err := j.do(ctx, http.MethodPost, "artifacts", map[string]any{
		"id": batchID, "upload_destination": "", "multipart_supported": true, "artifacts": items,
	}, &out)
	return out, err
}

// UploadForm uploads a file the way agents follow instructions with a form.
func (j *Job) UploadForm(ctx context.Context, in Instructions, path, content string) error {
	address, err := url.Parse(in.Action.URL)
	if err != nil {
		return err
	}
	address.Path = in.Action.Path
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for key, value := range in.Data {
		if err := form.WriteField(key, strings.ReplaceAll(value, "${artifact:path}", path)); err != nil {
			return err
		}
	}
	file, err := form.CreateFormFile(in.Action.FileInput, path)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(file, content); err != nil {
		return err
	}
	if err := form.Close(); err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, in.Action.Method, address.String(), &body)
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", form.FormDataContentType())
	if _, err := j.server.do(request, "", nil); err != nil {
		return fmt.Errorf("upload %s: %w", path, err)
	}
	return nil
}

// ReportArtifacts says that uploads are `finished`, or failed with `error`.
func (j *Job) ReportArtifacts(ctx context.Context, state string, ids ...string) error {
	items := make([]map[string]any, len(ids))
	for i, id := range ids {
		items[i] = map[string]any{"id": id, "state": state}
	}
	return j.do(ctx, http.MethodPut, "artifacts", map[string]any{"artifacts": items}, nil)
}

// Artifact uploads a file from announcement to report.
func (j *Job) Artifact(ctx context.Context, batchID, path, content string) error {
	batch, err := j.Announce(ctx, batchID, []string{path}, map[string]string{path: content})
	if err != nil {
		return err
	}
	if batch.Instructions == nil || len(batch.ArtifactIDs) != 1 {
		return fmt.Errorf("upload %s: no instructions", path)
	}
	if err := j.UploadForm(ctx, *batch.Instructions, path, content); err != nil {
		return err
	}
	return j.ReportArtifacts(ctx, "finished", batch.ArtifactIDs...)
}

// FoundArtifact is a search result as the agent decodes it.
type FoundArtifact struct {
	ID                string    `json:"id"`
	JobID             string    `json:"job_id"`
	Path              string    `json:"path"`
	AbsolutePath      string    `json:"absolute_path"`
	FileSize          int64     `json:"file_size"`
	SHA1Sum           string    `json:"sha1sum"`
	SHA256Sum         string    `json:"sha256sum"`
	CreatedAt         time.Time `json:"created_at"`
	URL               string    `json:"url"`
	UploadDestination string    `json:"upload_destination"`
	ContentType       string    `json:"content_type"`
}

// FindArtifacts searches a build's artifacts.
func (j *Job) FindArtifacts(ctx context.Context, buildID, query, scope string) ([]FoundArtifact, error) {
	values := url.Values{"query": {query}, "state": {"finished"}}
	if scope != "" {
		values.Set("scope", scope)
	}
	var out []FoundArtifact
	err := j.do(ctx, http.MethodGet, "/builds/"+escape(buildID)+"/artifacts/search?"+values.Encode(), nil, &out)
	return out, err
}
