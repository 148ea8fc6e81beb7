package rest

import (
	"context"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/server/wire"
	"github.com/bridle-ci/bridle/internal/service/pipelines"
)

// webhooksObject is the object `github_webhooks`.
type webhooksObject struct {
	URL        string     `json:"url"`
	Enabled    bool       `json:"enabled"`
	DisabledAt *wire.Time `json:"disabled_at"`
	DisabledBy *string    `json:"disabled_by"`
}

func (a *API) getGitHubWebhooks(c *call) error { return c.webhooks(a.Pipelines.GitHubWebhooks) }
func (a *API) enableGitHubWebhooks(c *call) error {
	return c.webhooks(a.Pipelines.EnableGitHubWebhooks)
}

func (a *API) disableGitHubWebhooks(c *call) error {
	return c.webhooks(a.Pipelines.DisableGitHubWebhooks)
}

// webhooks answers with what became of a pipeline's hooks.
func (c *call) webhooks(use func(context.Context, access.Actor, string) (pipelines.WebhookProcessing, error)) error {
	w, err := use(c.r.Context(), c.actor, c.r.PathValue("pipeline"))
	if err != nil {
		return err
	}
	out := webhooksObject{
		URL:        c.api.urls.pipeline(c.actor.OrganizationSlug, w.Pipeline.Slug) + "/github-webhooks",
		Enabled:    w.DisabledAt == nil,
		DisabledAt: wire.TimePtr(w.DisabledAt),
	}
	if w.DisabledBy != nil {
		out.DisabledBy = &w.DisabledBy.Name
	}
	return c.ok(out)
}
