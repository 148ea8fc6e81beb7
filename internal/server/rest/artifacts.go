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
	store.Place
	// jobID is empty for the build itself.
	jobID string
}

func (o owner) artifacts() artifacts.Owner {
	return artifacts.Owner{BuildID: o.BuildID, JobID: o.jobID}
}

// owner finds the build or job whose artifacts or annotations are meant. The action is what the call is about.
func (a *API) owner(c *call, action access.Action) (owner, error) {
	if c.r.PathValue("job") == "" {
		place, err := a.Builds.Place(c.r.Context(), c.looking(), c.r.PathValue("pipeline"), c.r.PathValue("build"))
		return owner{Place: place}, err
	}
	j, place, err := a.Builds.Job(c.r.Context(), c.actor, c.jobRef(), action)
	return owner{Place: place, jobID: j.ID}, err
}

func (c *call) artifact(row store.Artifact, of owner) artifactObject {
	o := c.objects()
	address := o.urls.job(o.org, of.PipelineSlug, of.BuildNumber, row.JobID) + "/artifacts/" + row.ID
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
