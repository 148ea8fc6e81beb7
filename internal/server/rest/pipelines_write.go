package rest

import (
	"encoding/json"
	"net/http"

	"github.com/bridle-ci/bridle/internal/service/pipelines"
)

// pipelineBody is the body of pipelines.create and pipelines.update. Teams are ignored while there are none.
type pipelineBody struct {
	Name                            optional[string]          `json:"name"`
	Slug                            optional[string]          `json:"slug"`
	Description                     optional[string]          `json:"description"`
	Repository                      optional[string]          `json:"repository"`
	ClusterID                       optional[string]          `json:"cluster_id"`
	Configuration                   optional[string]          `json:"configuration"`
	Steps                           optional[json.RawMessage] `json:"steps"`
	Env                             optional[stringMap]       `json:"env"`
	DefaultBranch                   optional[string]          `json:"default_branch"`
	BranchConfiguration             optional[string]          `json:"branch_configuration"`
	SkipQueuedBranchBuilds          optional[bool]            `json:"skip_queued_branch_builds"`
	SkipQueuedBranchBuildsFilter    optional[string]          `json:"skip_queued_branch_builds_filter"`
	CancelRunningBranchBuilds       optional[bool]            `json:"cancel_running_branch_builds"`
	CancelRunningBranchBuildsFilter optional[string]          `json:"cancel_running_branch_builds_filter"`
	AllowRebuilds                   optional[bool]            `json:"allow_rebuilds"`
	CloneMirrorURL                  optional[string]          `json:"clone_mirror_url"`
	ProviderSettings                optional[json.RawMessage] `json:"provider_settings"`
	Visibility                      optional[string]          `json:"visibility"`
	Tags                            optional[[]string]        `json:"tags"`
	Emoji                           optional[string]          `json:"emoji"`
	Color                           optional[string]          `json:"color"`
	DefaultCommandStepTimeout       optional[int64]           `json:"default_command_step_timeout"`
	MaximumCommandStepTimeout       optional[int64]           `json:"maximum_command_step_timeout"`
	PipelineTemplateUUID            optional[string]          `json:"pipeline_template_uuid"`
}

func (b pipelineBody) changes() pipelines.Changes {
	return pipelines.Changes{
		Name:                            b.Name.Field,
		Slug:                            b.Slug.Field,
		Description:                     b.Description.Field,
		Repository:                      b.Repository.Field,
		ClusterID:                       b.ClusterID.Field,
		Configuration:                   b.Configuration.Field,
		Steps:                           b.Steps.Field,
		Env:                             envField(b.Env),
		DefaultBranch:                   b.DefaultBranch.Field,
		BranchConfiguration:             b.BranchConfiguration.Field,
		SkipQueuedBranchBuilds:          b.SkipQueuedBranchBuilds.Field,
		SkipQueuedBranchBuildsFilter:    b.SkipQueuedBranchBuildsFilter.Field,
		CancelRunningBranchBuilds:       b.CancelRunningBranchBuilds.Field,
		CancelRunningBranchBuildsFilter: b.CancelRunningBranchBuildsFilter.Field,
		AllowRebuilds:                   b.AllowRebuilds.Field,
		CloneMirrorURL:                  b.CloneMirrorURL.Field,
		ProviderSettings:                b.ProviderSettings.Field,
		Visibility:                      b.Visibility.Field,
		Tags:                            b.Tags.Field,
		Emoji:                           b.Emoji.Field,
		Color:                           b.Color.Field,
		DefaultTimeoutMinutes:           b.DefaultCommandStepTimeout.Field,
		MaximumTimeoutMinutes:           b.MaximumCommandStepTimeout.Field,
		TemplateID:                      b.PipelineTemplateUUID.Field,
	}
}

func (a *API) createPipeline(c *call) error {
	var in pipelineBody
	if err := c.body(&in); err != nil {
		return err
	}
	v, err := a.Pipelines.Create(c.r.Context(), c.actor, in.changes())
	if err != nil {
		return err
	}
	return c.json(http.StatusCreated, c.pipeline(v))
}

func (a *API) updatePipeline(c *call) error {
	var in pipelineBody
	if err := c.body(&in); err != nil {
		return err
	}
	v, err := a.Pipelines.Update(c.r.Context(), c.actor, c.r.PathValue("pipeline"), in.changes())
	if err != nil {
		return err
	}
	return c.ok(c.pipeline(v))
}
