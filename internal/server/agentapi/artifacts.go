package agentapi

import (
	"strings"

	"github.com/bridle-ci/bridle/internal/blob"
	"github.com/bridle-ci/bridle/internal/server/wire"
	"github.com/bridle-ci/bridle/internal/service/artifacts"
	"github.com/bridle-ci/bridle/internal/store"
)

type artifactBatch struct {
	ID                 string         `json:"id"`
	UploadDestination  string         `json:"upload_destination"`
	MultipartSupported bool           `json:"multipart_supported"`
	Artifacts          []artifactItem `json:"artifacts"`
}

// artifactItem is a file of a batch. Agents send more, such as an empty id, that says nothing.
type artifactItem struct {
	Path         string `json:"path"`
	AbsolutePath string `json:"absolute_path"`
	ContentType  string `json:"content_type"`
	FileSize     int64  `json:"file_size"`
	SHA1Sum      string `json:"sha1sum"`
	SHA256Sum    string `json:"sha256sum"`
	URL          string `json:"url"`
}

// artifactsCreated is the answer to a batch. Agents crash without upload_instructions.
type artifactsCreated struct {
	ID                 string                        `json:"id"`
	ArtifactIDs        []string                      `json:"artifact_ids"`
	UploadInstructions uploadInstructions            `json:"upload_instructions"`
	PerArtifact        map[string]uploadInstructions `json:"per_artifact_instructions,omitempty"`
}

type uploadInstructions struct {
	Data    map[string]string `json:"data"`
	Action  *formAction       `json:"action,omitempty"`
	Actions []partAction      `json:"actions,omitempty"`
}

type formAction struct {
	URL       string `json:"url"`
	Method    string `json:"method"`
	Path      string `json:"path"`
	FileInput string `json:"file_input"`
}

type partAction struct {
	URL        string `json:"url"`
	Method     string `json:"method"`
	PartNumber int    `json:"part_number"`
}

func (a *API) createArtifacts(c *call) error {
	var in artifactBatch
	if err := c.body(&in, maxBody); err != nil {
		return err
	}
	batch := artifacts.Batch{ID: in.ID, UploadDestination: in.UploadDestination, Multipart: in.MultipartSupported}
	for _, item := range in.Artifacts {
		batch.Artifacts = append(batch.Artifacts, artifacts.Item{
			Path: item.Path, AbsolutePath: item.AbsolutePath, ContentType: item.ContentType, FileSize: item.FileSize,
			SHA1Sum: item.SHA1Sum, SHA256Sum: item.SHA256Sum, URL: item.URL,
		})
	}
	created, err := a.Artifacts.CreateBatch(c.r.Context(), &c.job, batch)
	if err != nil {
		return err
	}
	body := artifactsCreated{
		ID: created.ID, ArtifactIDs: created.ArtifactIDs, UploadInstructions: newInstructions(created.Instructions),
	}
	for id, own := range created.PerArtifact {
		if body.PerArtifact == nil {
			body.PerArtifact = make(map[string]uploadInstructions, len(created.PerArtifact))
		}
		body.PerArtifact[id] = newInstructions(own)
	}
	return c.ok(body)
}

func newInstructions(in artifacts.Instructions) uploadInstructions {
	out := uploadInstructions{Data: in.Data}
	if out.Data == nil {
		out.Data = map[string]string{}
	}
	if f := in.Action; f != nil {
		out.Action = &formAction{f.URL, f.Method, f.Path, f.FileInput}
	}
	for _, p := range in.Actions {
		out.Actions = append(out.Actions, partAction(p))
	}
	return out
}

type artifactStates struct {
	Artifacts []struct {
		ID    string `json:"id"`
		State string `json:"state"`
		ETags []struct {
			PartNumber int    `json:"part_number"`
			ETag       string `json:"etag"`
		} `json:"multipart_etags"`
	} `json:"artifacts"`
}

func (a *API) updateArtifacts(c *call) error {
	var in artifactStates
	if err := c.body(&in, maxArtifactStates); err != nil {
		return err
	}
	changes := make([]artifacts.StateChange, len(in.Artifacts))
	for i, item := range in.Artifacts {
		changes[i] = artifacts.StateChange{ID: strings.ToLower(item.ID), State: store.ArtifactState(item.State)}
		for _, part := range item.ETags {
			changes[i].Parts = append(changes[i].Parts, blob.Part{Number: part.PartNumber, ETag: part.ETag})
		}
	}
	if err := a.Artifacts.SetStates(c.r.Context(), &c.job, changes); err != nil {
		return err
	}
	return c.done()
}

// artifactFound is a search result. Its time is always there: agents cannot read an empty one.
type artifactFound struct {
	ID                string    `json:"id"`
	JobID             string    `json:"job_id"`
	Path              string    `json:"path"`
	AbsolutePath      string    `json:"absolute_path"`
	FileSize          int64     `json:"file_size"`
	SHA1Sum           string    `json:"sha1sum"`
	SHA256Sum         string    `json:"sha256sum"`
	CreatedAt         wire.Time `json:"created_at"`
	URL               string    `json:"url"`
	UploadDestination string    `json:"upload_destination,omitempty"`
	ContentType       string    `json:"content_type"`
}

// searchArtifacts answers with a list, which is empty when nothing matches: agents repeat a search that fails.
func (a *API) searchArtifacts(c *call) error {
	buildID, err := c.buildID()
	if err != nil {
		return err
	}
	search := artifacts.Search{
		BuildID:            buildID,
		IncludeRetriedJobs: c.r.URL.Query().Get("include_retried_jobs") == "true",
		IncludeDuplicates:  c.r.URL.Query().Get("include_duplicates") == "true",
	}
	if search.Query, err = c.query("query"); err != nil {
		return err
	}
	if search.Scope, err = c.query("scope"); err != nil {
		return err
	}
	found, err := a.Artifacts.Search(c.r.Context(), &c.job, search)
	if err != nil {
		return err
	}
	body := make([]artifactFound, len(found))
	for i, f := range found {
		body[i] = artifactFound{
			ID: f.ID, JobID: f.JobID, Path: f.Path, AbsolutePath: f.AbsolutePath, FileSize: f.FileSize,
			SHA1Sum: f.SHA1Sum, SHA256Sum: f.SHA256Sum, CreatedAt: wire.Time(f.CreatedAt), URL: f.URL,
			UploadDestination: f.UploadDestination, ContentType: f.ContentType,
		}
	}
	return c.ok(body)
}
