package rest

import (
	"encoding/json"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/server/wire"
	"github.com/bridle-ci/bridle/internal/store"
)

// pipelineObject is the object `pipeline`.
type pipelineObject struct {
	ID                              string            `json:"id"`
	GraphQLID                       string            `json:"graphql_id"`
	URL                             string            `json:"url"`
	WebURL                          string            `json:"web_url"`
	Name                            string            `json:"name"`
	Description                     *string           `json:"description"`
	Slug                            string            `json:"slug"`
	Repository                      string            `json:"repository"`
	ClusterID                       *string           `json:"cluster_id"`
	ClusterURL                      *string           `json:"cluster_url"`
	PipelineTemplateUUID            *string           `json:"pipeline_template_uuid"`
	BranchConfiguration             *string           `json:"branch_configuration"`
	DefaultBranch                   string            `json:"default_branch"`
	SkipQueuedBranchBuilds          bool              `json:"skip_queued_branch_builds"`
	SkipQueuedBranchBuildsFilter    *string           `json:"skip_queued_branch_builds_filter"`
	CancelRunningBranchBuilds       bool              `json:"cancel_running_branch_builds"`
	CancelRunningBranchBuildsFilter *string           `json:"cancel_running_branch_builds_filter"`
	AllowRebuilds                   bool              `json:"allow_rebuilds"`
	CloneMirrorURL                  *string           `json:"clone_mirror_url"`
	Provider                        providerObject    `json:"provider"`
	BuildsURL                       string            `json:"builds_url"`
	BadgeURL                        string            `json:"badge_url"`
	CreatedBy                       *userObject       `json:"created_by"`
	CreatedAt                       wire.Time         `json:"created_at"`
	ArchivedAt                      *wire.Time        `json:"archived_at"`
	Env                             map[string]string `json:"env"`
	ScheduledBuildsCount            int               `json:"scheduled_builds_count"`
	RunningBuildsCount              int               `json:"running_builds_count"`
	ScheduledJobsCount              int               `json:"scheduled_jobs_count"`
	RunningJobsCount                int               `json:"running_jobs_count"`
	WaitingJobsCount                int               `json:"waiting_jobs_count"`
	Visibility                      string            `json:"visibility"`
	Tags                            []string          `json:"tags"`
	Emoji                           *string           `json:"emoji"`
	Color                           *string           `json:"color"`
	// Configuration is left out for a pipeline of visual steps.
	Configuration             *string        `json:"configuration,omitempty"`
	Steps                     []pipelineStep `json:"steps"`
	DefaultCommandStepTimeout *int64         `json:"default_command_step_timeout"`
	MaximumCommandStepTimeout *int64         `json:"maximum_command_step_timeout"`
}

// providerObject is the object `provider`. Clients decode the settings of known hosts without looking whether there are
// any, so they are always an object.
type providerObject struct {
	ID         string          `json:"id"`
	WebhookURL string          `json:"webhook_url"`
	Settings   json.RawMessage `json:"settings"`
}

// pipeline returns a pipeline's object. The address of its webhook is a secret that only who may edit it sees.
func (o objects) pipeline(actor access.Actor, row store.Pipeline, counts store.PipelineCounts, creator *store.User) *pipelineObject {
	address := o.urls.pipeline(o.org, row.Slug)
	steps, env := o.shownSteps(row)
	p := &pipelineObject{
		ID:                              row.ID,
		GraphQLID:                       global(pipelineType, row.ID),
		URL:                             address,
		WebURL:                          o.urls.pipelineWeb(o.org, row.Slug),
		Name:                            row.Name,
		Description:                     row.Description,
		Slug:                            row.Slug,
		Repository:                      row.Repository,
		ClusterID:                       row.ClusterID,
		ClusterURL:                      o.clusterURL(row.ClusterID),
		BranchConfiguration:             row.BranchConfiguration,
		DefaultBranch:                   row.DefaultBranch,
		SkipQueuedBranchBuilds:          row.SkipQueuedBranchBuilds,
		SkipQueuedBranchBuildsFilter:    row.SkipQueuedBranchBuildsFilter,
		CancelRunningBranchBuilds:       row.CancelRunningBranchBuilds,
		CancelRunningBranchBuildsFilter: row.CancelRunningBranchBuildsFilter,
		AllowRebuilds:                   row.AllowRebuilds,
		CloneMirrorURL:                  row.CloneMirrorURL,
		Provider:                        providerObject{ID: row.Provider, Settings: json.RawMessage("{}")},
		BuildsURL:                       address + "/builds",
		BadgeURL:                        o.urls.badge(row.BadgeToken),
		CreatedBy:                       o.user(creator),
		CreatedAt:                       wire.Time(row.CreatedAt),
		ArchivedAt:                      wire.TimePtr(row.ArchivedAt),
		Env:                             env,
		ScheduledBuildsCount:            counts.ScheduledBuilds,
		RunningBuildsCount:              counts.RunningBuilds,
		ScheduledJobsCount:              counts.ScheduledJobs,
		RunningJobsCount:                counts.RunningJobs,
		WaitingJobsCount:                counts.WaitingJobs,
		Visibility:                      row.Visibility,
		Tags:                            row.Tags,
		Emoji:                           row.Emoji,
		Color:                           row.Color,
		Steps:                           steps,
		DefaultCommandStepTimeout:       row.DefaultTimeoutMinutes,
		MaximumCommandStepTimeout:       row.MaximumTimeoutMinutes,
	}
	if len(row.ProviderSettings) > 0 {
		p.Provider.Settings = row.ProviderSettings
	}
	if access.Check(actor, access.PipelineUpdate) == nil {
		p.Provider.WebhookURL = o.urls.webhook(row.WebhookToken)
	}
	if row.VisualSteps == nil {
		p.Configuration = &row.Configuration
	}
	if len(p.Tags) == 0 {
		p.Tags = nil
	}
	return p
}

func (o objects) clusterURL(id *string) *string {
	if id == nil {
		return nil
	}
	address := o.urls.cluster(o.org, *id)
	return &address
}

func (o objects) queueURL(clusterID, id *string) *string {
	if clusterID == nil || id == nil {
		return nil
	}
	address := o.urls.queue(o.org, *clusterID, *id)
	return &address
}
