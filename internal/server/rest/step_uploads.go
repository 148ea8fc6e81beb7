package rest

import (
	"github.com/bridle-ci/bridle/internal/core/ids"
	"github.com/bridle-ci/bridle/internal/server/wire"
	"github.com/bridle-ci/bridle/internal/service/builds"
	"github.com/bridle-ci/bridle/internal/store"
)

const (
	// uploadSource is where all uploads come from: a job's agent.
	uploadSource = "agent_job"
	// maxInlineDefinition is up to how many bytes a definition stands in the object.
	maxInlineDefinition = 1 << 20
)

// uploadObject is the object `step_upload` as lists have it.
type uploadObject struct {
	UUID                 string     `json:"uuid"`
	GraphQLID            string     `json:"graphql_id"`
	State                string     `json:"state"`
	Source               string     `json:"source"`
	SourceJobID          *string    `json:"source_job_id"`
	ReplaceExistingSteps bool       `json:"replace_existing_steps"`
	CreatedJobsCount     *int64     `json:"created_jobs_count"`
	RejectionType        *string    `json:"rejection_type"`
	Message              *string    `json:"message"`
	URL                  string     `json:"url"`
	CreatedAt            wire.Time  `json:"created_at"`
	ProcessedAt          *wire.Time `json:"processed_at"`
	DefinitionBytes      *int64     `json:"definition_bytes"`
}

// wholeUpload is the object `step_upload` by itself, with its definition.
type wholeUpload struct {
	uploadObject
	DefinitionYAML        *string `json:"definition_yaml"`
	DefinitionYAMLOmitted bool    `json:"definition_yaml_omitted"`
}

func (c *call) uploadObject(u store.PipelineUpload, b store.Build) uploadObject {
	address := c.api.urls.build(c.actor.OrganizationSlug, c.r.PathValue("pipeline"), b.Number)
	return uploadObject{
		UUID:                 u.ID,
		GraphQLID:            global(uploadType, u.ID),
		State:                string(u.State),
		Source:               uploadSource,
		SourceJobID:          orNull(u.JobID),
		ReplaceExistingSteps: u.Replace,
		CreatedJobsCount:     u.CreatedJobs,
		RejectionType:        orNull(u.RejectionType),
		Message:              orNull(u.Message),
		URL:                  address + "/step-uploads/" + u.ID,
		CreatedAt:            wire.Time(u.CreatedAt),
		ProcessedAt:          wire.TimePtr(u.ProcessedAt),
		DefinitionBytes:      u.DocumentBytes,
	}
}

func (a *API) listUploads(c *call) error {
	filter, err := c.uploadFilter()
	if err != nil {
		return err
	}
	page, err := a.Builds.Uploads(c.r.Context(), c.actor, c.r.PathValue("pipeline"), c.r.PathValue("build"), filter)
	if err != nil {
		return err
	}
	items := make([]any, len(page.Uploads))
	for i, u := range page.Uploads {
		items[i] = c.uploadObject(u, page.Build)
	}
	return c.cursorList(items, page.HasNext, page.HasPrev, func(i int) string { return page.Uploads[i].ID })
}

func (c *call) uploadFilter() (f builds.UploadFilter, err error) {
	job, err := c.query.text("filter[source_job_id]")
	if err != nil {
		return f, err
	}
	id, ok := ids.ParseUUID(job)
	if job != "" && !ok {
		return f, malformed("The parameter filter[source_job_id] must be the id of a job")
	}
	f.JobID = id
	if f.After, f.Before, err = c.cursors(); err != nil {
		return f, err
	}
	f.Limit, err = c.perPage()
	return f, err
}

func (a *API) getUpload(c *call) error {
	u, b, err := a.Builds.UploadByID(c.r.Context(), c.actor, c.r.PathValue("pipeline"), c.r.PathValue("build"), c.r.PathValue("upload"))
	if err != nil {
		return err
	}
	out := wholeUpload{uploadObject: c.uploadObject(u, b), DefinitionYAML: &u.Document}
	if u.Document == "" || len(u.Document) > maxInlineDefinition {
		out.DefinitionYAML, out.DefinitionYAMLOmitted = nil, true
	}
	return c.ok(out)
}
