package restclient

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// MaxSteps is how many jobs the configuration of a pipeline may have (docs/contract/pipelines.md, section 30).
const MaxSteps = 500

// EnsurePipeline makes a pipeline of so many command steps for a queue of a cluster, unless there is one of that slug,
// which is left as it is.
func (c *Client) EnsurePipeline(ctx context.Context, slug, clusterID, queue string, jobs int) error {
	err := c.call(ctx, http.MethodGet, "/pipelines/"+url.PathEscape(slug), nil, nil)
	status := (*StatusError)(nil)
	if err == nil || !errors.As(err, &status) || status.Status != http.StatusNotFound {
		return err
	}
	in := struct {
		Name          string `json:"name"`
		Repository    string `json:"repository"`
		ClusterID     string `json:"cluster_id"`
		Configuration string `json:"configuration"`
	}{slug, "https://example.com/swarm.git", clusterID, configuration(queue, jobs)}
	var made struct {
		Slug string `json:"slug"`
	}
	if err := c.call(ctx, http.MethodPost, "/pipelines", in, &made); err != nil {
		return fmt.Errorf("create pipeline %s: %w", slug, err)
	}
	if made.Slug != slug {
		return fmt.Errorf("the server made pipeline %s when asked for %s; choose a name that is a slug", made.Slug, slug)
	}
	return nil
}

func configuration(queue string, jobs int) string {
	var text strings.Builder
	fmt.Fprintf(&text, "agents:\n  queue: %q\nsteps:\n", queue)
	for i := range jobs {
		fmt.Fprintf(&text, "  - label: \"swarm %d\"\n    command: \"true\"\n", i+1)
	}
	return text.String()
}
