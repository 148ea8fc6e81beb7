package rest

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"

	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/service/pipelines"
)

// pipelineBody is the body of pipelines.create and pipelines.update.
type pipelineBody struct {
	Name                            optional[string]          `json:"name"`
	Slug                            optional[string]          `json:"slug"`
	Description                     optional[string]          `json:"description"`
	Repository                      optional[string]          `json:"repository"`
	ClusterID                       optional[string]          `json:"cluster_id"`
	Configuration                   optional[string]          `json:"configuration"`
	Steps                           stepsBody                 `json:"steps"`
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
	Teams                           teamsBody                 `json:"teams"`
	TeamUUIDs                       teamsBody                 `json:"team_uuids"`
}

func (b pipelineBody) changes() pipelines.Changes {
	configuration := b.Configuration
	if !configuration.Set {
		configuration = b.Steps.yaml
	}
	return pipelines.Changes{
		Name:                            b.Name.Field,
		Slug:                            b.Slug.Field,
		Description:                     b.Description.Field,
		Repository:                      b.Repository.Field,
		ClusterID:                       b.ClusterID.Field,
		Configuration:                   configuration.Field,
		Steps:                           b.Steps.visual.Field,
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
		Teams:                           append(b.Teams, b.TeamUUIDs...),
	}
}

// stepsBody is the key `steps`: a list of visual steps, or `{"yaml": "..."}`, which is the configuration under the name
// that the contract's message for a missing one gives it.
type stepsBody struct {
	visual optional[json.RawMessage]
	yaml   optional[string]
}

// UnmarshalJSON implements json.Unmarshaler.
func (s *stepsBody) UnmarshalJSON(raw []byte) error {
	var form struct {
		YAML optional[string] `json:"yaml"`
	}
	if raw[0] == '{' {
		if json.Unmarshal(raw, &form) != nil {
			return fault.InvalidFields(fault.Field{Field: "steps", Code: "must have a string for yaml"})
		}
		if form.YAML.Set {
			s.yaml = form.YAML
			return nil
		}
	}
	return s.visual.UnmarshalJSON(raw)
}

// teamsBody is the ids of teams, as a list or as an object of their access levels (contracts/rest/README.md,
// Disagreements, 40).
type teamsBody []string

// UnmarshalJSON implements json.Unmarshaler.
func (t *teamsBody) UnmarshalJSON(raw []byte) error {
	var levels map[string]string
	if json.Unmarshal(raw, &levels) == nil {
		*t = slices.Sorted(maps.Keys(levels))
		return nil
	}
	var list []string
	if json.Unmarshal(raw, &list) != nil {
		return fault.InvalidFields(fault.Field{Field: "teams", Code: "must be an object of access levels by team, or an array of teams"})
	}
	*t = list
	return nil
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
