package rest

import (
	"net/http"
	"path"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/service/artifacts"
	"github.com/bridle-ci/bridle/internal/store"
)

// artifactObject is the object `artifact`.
type artifactObject struct {
	ID           string              `json:"id"`
	JobID        string              `json:"job_id"`
	URL          string              `json:"url"`
	DownloadURL  string              `json:"download_url"`
	State        store.ArtifactState `json:"state"`
	Path         string              `json:"path"`
	Dirname      string              `json:"dirname"`
	Filename     string              `json:"filename"`
	MimeType     string              `json:"mime_type"`
	FileSize     int64               `json:"file_size"`
	GlobPath     *string             `json:"glob_path"`
	OriginalPath *string             `json:"original_path"`
	SHA1Sum      *string             `json:"sha1sum"`
	SHA256Sum    *string             `json:"sha256sum"`
}

// owner is the build or job of the path.
type owner struct {
	build store.Build
	// jobID is empty for the build itself.
	jobID string
	// slug is the pipeline's, for addresses.
	slug string
}

func (o owner) artifacts() artifacts.Owner {
	return artifacts.Owner{BuildID: o.build.ID, JobID: o.jobID}
}

// owner finds the build or job whose artifacts or annotations are meant. The action is what the call is about.
func (a *API) owner(c *call, action access.Action) (owner, error) {
	ctx, slug := c.r.Context(), c.r.PathValue("pipeline")
	if c.r.PathValue("job") == "" {
		b, err := a.Builds.Find(ctx, c.looking(), slug, c.r.PathValue("build"))
		return owner{build: b, slug: slug}, err
	}
	j, b, err := a.Builds.Job(ctx, c.actor, c.jobRef(), action)
	if err == nil && slug == "" {
		slug, err = a.pipelineSlug(c, b)
	}
	return owner{build: b, jobID: j.ID, slug: slug}, err
}

// pipelineSlug is the slug of a build's pipeline, for addresses of calls in the organization's form.
func (a *API) pipelineSlug(c *call, b store.Build) (string, error) {
	with, err := a.Builds.ExpandJobs(c.r.Context(), c.looking(), b, nil)
	return with.Pipelines[b.PipelineID].Slug, err
}

func (c *call) artifact(row store.Artifact, of owner) artifactObject {
	o := c.objects()
	address := o.urls.job(o.org, of.slug, of.build.Number, row.JobID) + "/artifacts/" + row.ID
	return artifactObject{
		ID:          row.ID,
		JobID:       row.JobID,
		URL:         address,
		DownloadURL: address + "/download",
		State:       row.State,
		Path:        row.Path,
		Dirname:     path.Dir(row.Path),
		Filename:    path.Base(row.Path),
		MimeType:    row.ContentType,
		FileSize:    row.FileSize,
		SHA1Sum:     orNull(row.SHA1Sum),
		SHA256Sum:   orNull(row.SHA256Sum),
	}
}

func (a *API) listArtifacts(c *call) error {
	var (
		filter artifacts.Filter
		err    error
	)
	if filter.State, err = c.query.text("state"); err != nil {
		return err
	}
	if filter.Path, err = c.query.text("path"); err != nil {
		return err
	}
	of, err := a.owner(c, access.ArtifactView)
	if err != nil {
		return err
	}
	p, rows := c.page()
	items, total, err := a.Artifacts.List(c.r.Context(), c.actor, of.artifacts(), filter, rows)
	if err != nil {
		return err
	}
	return list(c, p, total, each(items, func(row store.Artifact) artifactObject { return c.artifact(row, of) }))
}

func (a *API) getArtifact(c *call) error {
	of, err := a.owner(c, access.ArtifactView)
	if err != nil {
		return err
	}
	row, err := a.Artifacts.Get(c.r.Context(), c.actor, of.artifacts(), c.r.PathValue("artifact"))
	if err != nil {
		return err
	}
	return c.ok(c.artifact(row, of))
}

// downloadArtifact redirects to the artifact's bytes; the body tells the same address.
func (a *API) downloadArtifact(c *call) error {
	of, err := a.owner(c, access.ArtifactView)
	if err != nil {
		return err
	}
	address, err := a.Artifacts.DownloadURL(c.r.Context(), c.actor, of.artifacts(), c.r.PathValue("artifact"))
	if err != nil {
		return err
	}
	c.w.Header().Set("Location", address)
	return c.json(http.StatusFound, struct {
		URL string `json:"url"`
	}{address})
}

func (a *API) deleteArtifact(c *call) error {
	of, err := a.owner(c, access.ArtifactDelete)
	if err != nil {
		return err
	}
	if err := a.Artifacts.Delete(c.r.Context(), c.actor, of.artifacts(), c.r.PathValue("artifact")); err != nil {
		return err
	}
	return c.noContent()
}
