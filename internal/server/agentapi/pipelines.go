package agentapi

import (
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/ids"
	"github.com/bridle-ci/bridle/internal/service/builds"
	"github.com/bridle-ci/bridle/internal/store"
)

// uploadRetryAfter is in seconds: how soon to ask what became of an upload.
const uploadRetryAfter = "1"

// uploadPipeline takes a document with more steps. One that is applied already, or that an old agent sends without
// asking to be told later, is answered as done; an invalid one never is accepted.
func (a *API) uploadPipeline(c *call) error {
	var in struct {
		UUID     string          `json:"uuid"`
		Pipeline json.RawMessage `json:"pipeline"`
		Replace  bool            `json:"replace"`
	}
	if err := c.body(&in, maxPipelineBody); err != nil {
		return err
	}
	id, ok := ids.ParseUUID(in.UUID)
	if !ok {
		return fault.New(fault.Invalid, "The upload's uuid must be a UUID")
	}
	if len(in.Pipeline) == 0 || string(in.Pipeline) == "null" {
		return fault.New(fault.Invalid, "The upload has no pipeline")
	}
	upload, err := a.Jobs.Upload(c.r.Context(), c.job, builds.Upload{ID: id, Pipeline: in.Pipeline, Replace: in.Replace})
	if err != nil {
		return err
	}
	if upload.State == store.UploadPending && c.r.URL.Query().Get("async") == "true" {
		// Agents compare the ids in the address with the ones they sent, byte by byte.
		c.w.Header().Set("Location", "/v3/jobs/"+url.PathEscape(c.params["job"])+"/pipelines/"+url.PathEscape(in.UUID))
		c.w.Header().Set("Retry-After", uploadRetryAfter)
		return c.json(http.StatusAccepted, newUploadBody(upload))
	}
	return c.ok(newUploadBody(upload))
}

type uploadBody struct {
	State   string `json:"state"`
	Message string `json:"message"`
}

func newUploadBody(u store.PipelineUpload) uploadBody {
	return uploadBody{State: string(u.State), Message: u.Message}
}

func (a *API) uploadStatus(c *call) error {
	id, err := c.id("upload")
	if err != nil {
		return err
	}
	upload, err := a.Jobs.UploadStatus(c.r.Context(), c.job, id)
	if err != nil {
		return err
	}
	if upload.State == store.UploadPending {
		c.w.Header().Set("Retry-After", uploadRetryAfter)
	}
	return c.ok(newUploadBody(upload))
}
