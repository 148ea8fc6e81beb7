package restclient

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
)

// Read gets a path below the organization's and drops the answer.
func (c *Client) Read(ctx context.Context, path string) error {
	return c.call(ctx, http.MethodGet, path, nil, nil)
}

// PagePath is where a page of a pipeline's builds is to be had; more are parameters such as exclude_jobs=true.
func PagePath(pipeline string, page, perPage int, more string) string {
	path := buildsPath(pipeline) + "?per_page=" + strconv.Itoa(perPage) + "&page=" + strconv.Itoa(page)
	if more != "" {
		path += "&" + more
	}
	return path
}

// BuildPath is where a build with its jobs is to be had.
func BuildPath(pipeline string, number int64) string {
	return buildsPath(pipeline) + "/" + strconv.FormatInt(number, 10)
}

// JobPath is where a job is to be had.
func JobPath(id string) string { return "/jobs/" + url.PathEscape(id) }

// ListBuilds returns a page of a pipeline's builds, newest first, with their jobs.
func (c *Client) ListBuilds(ctx context.Context, pipeline string, page, perPage int) ([]Build, error) {
	var builds []Build
	err := c.call(ctx, http.MethodGet, PagePath(pipeline, page, perPage, ""), nil, &builds)
	return builds, err
}
