package restclient

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
)

// Build is what a load run knows of a build.
type Build struct {
	Number int64  `json:"number"`
	State  string `json:"state"`
	Jobs   []struct {
		ID   string `json:"id"`
		Type string `json:"type"`
	} `json:"jobs"`
}

// JobIDs are the ids of the jobs that agents run.
func (b Build) JobIDs() []string {
	ids := make([]string, 0, len(b.Jobs))
	for _, j := range b.Jobs {
		if j.Type == "script" {
			ids = append(ids, j.ID)
		}
	}
	return ids
}

// CreateBuild makes a build of a pipeline.
func (c *Client) CreateBuild(ctx context.Context, pipeline, message string) (Build, error) {
	in := struct {
		Commit  string `json:"commit"`
		Branch  string `json:"branch"`
		Message string `json:"message"`
	}{"HEAD", "main", message}
	var b Build
	err := c.call(ctx, http.MethodPost, buildsPath(pipeline), in, &b)
	return b, err
}

// GetBuild returns a build without its jobs.
func (c *Client) GetBuild(ctx context.Context, pipeline string, number int64) (Build, error) {
	var b Build
	path := buildsPath(pipeline) + "/" + strconv.FormatInt(number, 10) + "?exclude_jobs=true&exclude_pipeline=true"
	err := c.call(ctx, http.MethodGet, path, nil, &b)
	return b, err
}

// CancelBuild cancels a build.
func (c *Client) CancelBuild(ctx context.Context, pipeline string, number int64) error {
	return c.call(ctx, http.MethodPut, buildsPath(pipeline)+"/"+strconv.FormatInt(number, 10)+"/cancel", nil, nil)
}

// LogSize returns the size of a job's log in bytes.
func (c *Client) LogSize(ctx context.Context, jobID string) (int64, error) {
	size, _, err := c.do(ctx, http.MethodHead, "/jobs/"+url.PathEscape(jobID)+"/log", nil)
	return size, err
}

func buildsPath(pipeline string) string {
	return "/pipelines/" + url.PathEscape(pipeline) + "/builds"
}
