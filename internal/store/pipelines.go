package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// Visibilities of a pipeline.
const (
	VisibilityPrivate = "private"
	VisibilityPublic  = "public"
)

// Pipeline is a pipeline's settings.
type Pipeline struct {
	ID             string
	OrganizationID string
	ClusterID      *string
	Slug           string
	Name           string
	Description    *string
	Repository     string
	// Configuration is YAML; VisualSteps the `steps` a pipeline was created with instead, which Configuration then
	// was made of.
	Configuration                   string
	VisualSteps                     json.RawMessage
	Env                             map[string]string
	DefaultBranch                   string
	BranchConfiguration             *string
	SkipQueuedBranchBuilds          bool
	SkipQueuedBranchBuildsFilter    *string
	CancelRunningBranchBuilds       bool
	CancelRunningBranchBuildsFilter *string
	AllowRebuilds                   bool
	CloneMirrorURL                  *string
	// Provider is the source host inferred from Repository (github, gitlab, …, unknown).
	Provider         string
	ProviderSettings json.RawMessage
	// Visibility is VisibilityPrivate or VisibilityPublic.
	Visibility string
	Tags       []string
	Emoji      *string
	Color      *string
	// Timeouts are minutes.
	DefaultTimeoutMinutes *int64
	MaximumTimeoutMinutes *int64
	BadgeToken            string
	WebhookToken          string
	NextBuildNumber       int64
	CreatedByID           *string
	CreatedAt             time.Time
	ArchivedAt            *time.Time
}

// ExpandsVariables reports whether `$VAR` in the configuration names a variable of the build
// (docs/contract/pipelines.md, section 16.2). In visual steps it is left for the shell of the agent.
func (p Pipeline) ExpandsVariables() bool { return p.VisualSteps == nil }

const pipelineColumns = `id, organization_id, cluster_id, slug, name, description, repository, configuration, visual_steps,
	env, default_branch, branch_configuration, skip_queued_branch_builds, skip_queued_branch_builds_filter,
	cancel_running_branch_builds, cancel_running_branch_builds_filter, allow_rebuilds, clone_mirror_url, provider,
	provider_settings, visibility, tags, emoji, color, default_timeout_minutes, maximum_timeout_minutes, badge_token,
	webhook_token, next_build_number, created_by_id, created_at, archived_at`

func scanPipeline(row scanner) (Pipeline, error) {
	var (
		p                      Pipeline
		visualSteps, env       *string
		providerSettings, tags string
		created                int64
		archived               *int64
	)
	err := row.Scan(&p.ID, &p.OrganizationID, &p.ClusterID, &p.Slug, &p.Name, &p.Description, &p.Repository,
		&p.Configuration, &visualSteps, &env, &p.DefaultBranch, &p.BranchConfiguration, &p.SkipQueuedBranchBuilds,
		&p.SkipQueuedBranchBuildsFilter, &p.CancelRunningBranchBuilds, &p.CancelRunningBranchBuildsFilter,
		&p.AllowRebuilds, &p.CloneMirrorURL, &p.Provider, &providerSettings, &p.Visibility, &tags, &p.Emoji, &p.Color,
		&p.DefaultTimeoutMinutes, &p.MaximumTimeoutMinutes, &p.BadgeToken, &p.WebhookToken, &p.NextBuildNumber,
		&p.CreatedByID, &created, &archived)
	if err != nil {
		return Pipeline{}, err
	}
	if visualSteps != nil {
		p.VisualSteps = json.RawMessage(*visualSteps)
	}
	if err := errors.Join(parsePtr(env, &p.Env), parse(tags, &p.Tags)); err != nil {
		return Pipeline{}, fmt.Errorf("pipeline %s: %w", p.ID, err)
	}
	p.ProviderSettings = json.RawMessage(providerSettings)
	p.CreatedAt, p.ArchivedAt = fromMicros(created), fromMicrosPtr(archived)
	return p, nil
}

// settings are the values of the columns that an update may change, in the order of pipelineColumns.
func (p Pipeline) settings() []any {
	var visualSteps, env *string
	if p.VisualSteps != nil {
		visualSteps = ptr(string(p.VisualSteps))
	}
	if p.Env != nil {
		env = ptr(document(p.Env))
	}
	return []any{
		p.ClusterID, p.Slug, p.Name, p.Description, p.Repository, p.Configuration, visualSteps, env, p.DefaultBranch,
		p.BranchConfiguration, p.SkipQueuedBranchBuilds, p.SkipQueuedBranchBuildsFilter, p.CancelRunningBranchBuilds,
		p.CancelRunningBranchBuildsFilter, p.AllowRebuilds, p.CloneMirrorURL, p.Provider, string(p.ProviderSettings),
		p.Visibility, document(p.Tags), p.Emoji, p.Color, p.DefaultTimeoutMinutes, p.MaximumTimeoutMinutes,
	}
}

// InsertPipeline adds a pipeline. A taken slug is a unique violation on "pipelines(organization_id, slug)", a taken name
// on "pipelines(organization_id, name)".
func InsertPipeline(ctx context.Context, q sqldb.Queryer, p Pipeline) error {
	args := append([]any{p.ID, p.OrganizationID}, p.settings()...)
	args = append(args, p.BadgeToken, p.WebhookToken, p.NextBuildNumber, p.CreatedByID, micros(p.CreatedAt),
		microsPtr(p.ArchivedAt))
	_, err := q.Exec(ctx, "INSERT INTO pipelines ("+pipelineColumns+") VALUES ("+placeholders(32)+")", args...)
	return err
}

// GetPipeline returns a pipeline.
func GetPipeline(ctx context.Context, q sqldb.Queryer, id string) (Pipeline, error) {
	return one(ctx, q, scanPipeline, "SELECT "+pipelineColumns+" FROM pipelines WHERE id = $1", id)
}

// PipelineBySlug returns an organization's pipeline.
func PipelineBySlug(ctx context.Context, q sqldb.Queryer, organizationID, slug string) (Pipeline, error) {
	return one(ctx, q, scanPipeline, "SELECT "+pipelineColumns+" FROM pipelines WHERE organization_id = $1 AND slug = $2",
		organizationID, slug)
}

// TakenNames tells which of a pipeline's name and slug another one of its organization has.
func TakenNames(ctx context.Context, q sqldb.Queryer, p Pipeline) (name, slug bool, err error) {
	err = q.QueryRow(ctx, `SELECT
		EXISTS (SELECT 1 FROM pipelines WHERE organization_id = $1 AND name = $2 AND id <> $4),
		EXISTS (SELECT 1 FROM pipelines WHERE organization_id = $1 AND slug = $3 AND id <> $4)`,
		p.OrganizationID, p.Name, p.Slug, p.ID).Scan(&name, &slug)
	return name, slug, err
}

// PipelineByBadge returns the pipeline with the token of a badge.
func PipelineByBadge(ctx context.Context, q sqldb.Queryer, token string) (Pipeline, error) {
	return one(ctx, q, scanPipeline, "SELECT "+pipelineColumns+" FROM pipelines WHERE badge_token = $1", token)
}

// LockPipelineBySlug returns a pipeline that the transaction is going to change.
func LockPipelineBySlug(ctx context.Context, q sqldb.Queryer, organizationID, slug string) (Pipeline, error) {
	return one(ctx, q, scanPipeline, "SELECT "+pipelineColumns+` FROM pipelines WHERE organization_id = $1 AND slug = $2 `+
		sqldb.ForUpdate(q), organizationID, slug)
}

// GetPipelines returns those of the pipelines that exist, by id.
func GetPipelines(ctx context.Context, q sqldb.Queryer, ids []string) (map[string]Pipeline, error) {
	found := make(map[string]Pipeline, len(ids))
	r := NewReads(q)
	r.Pipelines(ids, found)
	return found, r.Do(ctx)
}

// UpdatePipeline writes a pipeline's settings. The caller holds its lock. Taken names are unique violations, as with
// InsertPipeline.
func UpdatePipeline(ctx context.Context, q sqldb.Queryer, p Pipeline) error {
	return mustChange(ctx, q, ErrNotFound, `UPDATE pipelines SET cluster_id = $2, slug = $3, name = $4, description = $5,
		repository = $6, configuration = $7, visual_steps = $8, env = $9, default_branch = $10, branch_configuration = $11,
		skip_queued_branch_builds = $12, skip_queued_branch_builds_filter = $13, cancel_running_branch_builds = $14,
		cancel_running_branch_builds_filter = $15, allow_rebuilds = $16, clone_mirror_url = $17, provider = $18,
		provider_settings = $19, visibility = $20, tags = $21, emoji = $22, color = $23, default_timeout_minutes = $24,
		maximum_timeout_minutes = $25 WHERE id = $1`, append([]any{p.ID}, p.settings()...)...)
}

// ArchivePipeline makes a pipeline take no more builds; ErrStale is one that is archived already.
func ArchivePipeline(ctx context.Context, q sqldb.Queryer, id string, at time.Time) error {
	return mustChange(ctx, q, ErrStale, "UPDATE pipelines SET archived_at = $2 WHERE id = $1 AND archived_at IS NULL",
		id, micros(at))
}

// UnarchivePipeline undoes ArchivePipeline; ErrStale is a pipeline that is not archived.
func UnarchivePipeline(ctx context.Context, q sqldb.Queryer, id string) error {
	return mustChange(ctx, q, ErrStale, "UPDATE pipelines SET archived_at = NULL WHERE id = $1 AND archived_at IS NOT NULL", id)
}

// DeletePipeline removes a pipeline with its builds and all that is theirs in the database.
func DeletePipeline(ctx context.Context, q sqldb.Queryer, id string) error {
	return mustChange(ctx, q, ErrNotFound, "DELETE FROM pipelines WHERE id = $1", id)
}
