package store

import (
	"context"
	"fmt"
	"time"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/pipeline"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// Build is a build: what the rules need, and what it was made for.
type Build struct {
	build.Build
	OrganizationID string
	PipelineID     string
	Number         int64
	Branch         string
	Commit         string
	// CommitResolved says that Commit, Author and Message are known to be the commit's own.
	CommitResolved bool
	Message        *string
	Tag            *string
	// Source is webhook, api, ui, trigger_job or schedule.
	Source          string
	Env             map[string]string
	Author          *Author
	CreatorID       *string
	UnblockerID     *string
	PullRequest     *PullRequest
	CleanCheckout   bool
	RebuiltFromID   *string
	TriggeredFromID *string
	TriggeredJobID  *string
	// TriggerDepth counts the builds above this one in a chain of trigger steps.
	TriggerDepth int
	ScheduledAt  *time.Time
	// DefaultAgents are the query rules at the top of the stored configuration, for uploaded steps that have none.
	DefaultAgents []string
	// Notify is whom to tell of the build: the stored configuration's and what uploads added.
	Notify []pipeline.Notification
}

// Author is the commit's author, as told and unverified.
type Author struct {
	Username string `json:"username,omitempty"`
	Name     string `json:"name,omitempty"`
	Email    string `json:"email,omitempty"`
}

// PullRequest is what a build knows of its pull request.
type PullRequest struct {
	ID         string   `json:"id"`
	Base       string   `json:"base,omitempty"`
	Repository string   `json:"repository,omitempty"`
	Labels     []string `json:"labels,omitempty"`
	Draft      bool     `json:"draft,omitempty"`
}

const buildColumns = `id, organization_id, pipeline_id, number, state, blocked_state, branch, commit_sha, commit_resolved,
	message, tag, source, env, pipeline_env, upload_env, author, creator_id, unblocker_id, pull_request, clean_checkout,
	rebuilt_from_id, triggered_from_id, triggered_job_id, trigger_depth, cancel_requested, skip_requested, cancel_reason,
	uploads, jobs_created, open_count, moving_count, offered_count, ran_count, failed_count, promised_count,
	created_at, scheduled_at, started_at, failing_at, finished_at, canceled_at, default_agents, notify`

func scanBuild(row scanner) (Build, error) {
	var (
		b                                                  Build
		env, pipelineEnv, uploadEnv, agents, notify        string
		author, pullRequest                                *string
		created                                            int64
		scheduled, started, failing, finished, canceledRow *int64
	)
	err := row.Scan(&b.ID, &b.OrganizationID, &b.PipelineID, &b.Number, &b.State, &b.BlockedState, &b.Branch, &b.Commit,
		&b.CommitResolved, &b.Message, &b.Tag, &b.Source, &env, &pipelineEnv, &uploadEnv, &author, &b.CreatorID, &b.UnblockerID,
		&pullRequest, &b.CleanCheckout, &b.RebuiltFromID, &b.TriggeredFromID, &b.TriggeredJobID, &b.TriggerDepth,
		&b.CancelRequested, &b.SkipRequested, &b.CancelReason, &b.Uploads, &b.JobsCreated, &b.Counts.Open,
		&b.Counts.Moving, &b.Counts.Offered, &b.Counts.Ran, &b.Counts.Failed, &b.Counts.PromisedFailed, &created,
		&scheduled, &started, &failing, &finished, &canceledRow, &agents, &notify)
	if err != nil {
		return Build{}, err
	}
	for _, column := range []error{
		parse(env, &b.Env), parse(pipelineEnv, &b.PipelineEnv), parse(uploadEnv, &b.UploadEnv), parsePtr(author, &b.Author),
		parsePtr(pullRequest, &b.PullRequest), parse(agents, &b.DefaultAgents), parse(notify, &b.Notify),
	} {
		if column != nil {
			return Build{}, fmt.Errorf("build %s: %w", b.ID, column)
		}
	}
	b.CreatedAt, b.ScheduledAt, b.StartedAt = fromMicros(created), fromMicrosPtr(scheduled), fromMicrosPtr(started)
	b.FailingAt, b.FinishedAt, b.CanceledAt = fromMicrosPtr(failing), fromMicrosPtr(finished), fromMicrosPtr(canceledRow)
	return b, nil
}

// InsertBuild adds a build.
func InsertBuild(ctx context.Context, q sqldb.Queryer, b *Build) error {
	return InsertBuilds(ctx, q, []*Build{b})
}

// InsertBuilds adds builds.
func InsertBuilds(ctx context.Context, q sqldb.Queryer, builds []*Build) error {
	rows := make([][]any, len(builds))
	for i, b := range builds {
		rows[i] = b.row()
	}
	return insertRows(ctx, q, "builds", buildColumns, rows)
}

// row is a build as buildColumns has it.
func (b *Build) row() []any {
	var author, pullRequest *string
	if b.Author != nil {
		author = ptr(document(b.Author))
	}
	if b.PullRequest != nil {
		pullRequest = ptr(document(b.PullRequest))
	}
	return []any{
		b.ID, b.OrganizationID, b.PipelineID, b.Number, string(b.State), string(b.BlockedState), b.Branch, b.Commit,
		b.CommitResolved, b.Message, b.Tag, b.Source, document(b.Env), document(b.PipelineEnv), document(b.UploadEnv), author, b.CreatorID,
		b.UnblockerID, pullRequest, b.CleanCheckout, b.RebuiltFromID, b.TriggeredFromID, b.TriggeredJobID, b.TriggerDepth,
		b.CancelRequested, b.SkipRequested, b.CancelReason, b.Uploads, b.JobsCreated, b.Counts.Open, b.Counts.Moving,
		b.Counts.Offered, b.Counts.Ran, b.Counts.Failed, b.Counts.PromisedFailed, micros(b.CreatedAt),
		microsPtr(b.ScheduledAt), microsPtr(b.StartedAt), microsPtr(b.FailingAt), microsPtr(b.FinishedAt),
		microsPtr(b.CanceledAt), document(b.DefaultAgents), document(b.Notify),
	}
}

// GetBuild returns a build.
func GetBuild(ctx context.Context, q sqldb.Queryer, id string) (Build, error) {
	return one(ctx, q, scanBuild, "SELECT "+buildColumns+" FROM builds WHERE id = $1", id)
}

// LockBuild returns a build whose parts the transaction is going to change. All changes to one build's steps and jobs
// take this lock first and so happen one after the other.
func LockBuild(ctx context.Context, q sqldb.Queryer, id string) (Build, error) {
	return one(ctx, q, scanBuild, lockBuildSQL(q), id)
}

// lockBuildSQL does not keep logs, artifacts and annotations of the build from being added.
func lockBuildSQL(q sqldb.Queryer) string {
	return "SELECT " + buildColumns + " FROM builds WHERE id = $1 " + sqldb.ForUpdateOfParent(q)
}

// BuildWithPipeline returns a build of the pipeline with a slug, by its number or, with none, by its id. The pipeline comes
// too, also when it has no such build, which is ErrNotFound then; without a pipeline the slug is empty.
func BuildWithPipeline(ctx context.Context, q sqldb.Queryer, organizationID, slug string, number int64, id string) (Pipeline, Build, error) {
	const of = "FROM pipelines WHERE organization_id = $1 AND slug = $2"
	sql, ref := "SELECT "+buildColumns+" FROM builds WHERE pipeline_id = (SELECT id "+of+") AND number = $3", any(number)
	if number == 0 {
		sql, ref = "SELECT "+buildColumns+" FROM builds WHERE id = $3 AND pipeline_id = (SELECT id "+of+")", id
	}
	var pipelines []Pipeline
	var builds []Build
	err := q.Send(ctx,
		listed(&pipelines, scanPipeline, "SELECT "+pipelineColumns+" "+of, organizationID, slug),
		listed(&builds, scanBuild, sql, organizationID, slug, ref))
	switch {
	case err != nil:
		return Pipeline{}, Build{}, err
	case len(pipelines) == 0:
		return Pipeline{}, Build{}, ErrNotFound
	case len(builds) == 0:
		return pipelines[0], Build{}, ErrNotFound
	}
	return pipelines[0], builds[0], nil
}

// GetBuilds returns those of the builds that exist, by id.
func GetBuilds(ctx context.Context, q sqldb.Queryer, ids []string) (map[string]Build, error) {
	found := make(map[string]Build, len(ids))
	r := NewReads(q)
	r.Builds(ids, found)
	return found, r.Do(ctx)
}

// SaveBuild writes what the rules change of a build. The caller holds its lock.
func SaveBuild(ctx context.Context, q sqldb.Queryer, b *build.Build) error {
	return later(ctx, q, nil, `UPDATE builds SET state = $2, blocked_state = $3, upload_env = $4, cancel_requested = $5,
		skip_requested = $6, cancel_reason = $7, uploads = $8, jobs_created = $9, open_count = $10, moving_count = $11,
		offered_count = $12, ran_count = $13, failed_count = $14, promised_count = $15, started_at = $16,
		failing_at = $17, finished_at = $18, canceled_at = $19 WHERE id = $1`,
		b.ID, string(b.State), string(b.BlockedState), document(b.UploadEnv), b.CancelRequested, b.SkipRequested,
		b.CancelReason, b.Uploads, b.JobsCreated, b.Counts.Open, b.Counts.Moving, b.Counts.Offered, b.Counts.Ran,
		b.Counts.Failed, b.Counts.PromisedFailed, microsPtr(b.StartedAt), microsPtr(b.FailingAt),
		microsPtr(b.FinishedAt), microsPtr(b.CanceledAt))
}

// SetBuildCommit records what the first checkout found out about the commit.
func SetBuildCommit(ctx context.Context, q sqldb.Queryer, id, commit string, author *Author, message *string) error {
	var text *string
	if author != nil {
		text = ptr(document(author))
	}
	_, err := q.Exec(ctx, `UPDATE builds SET commit_sha = $2, author = $3, message = $4, commit_resolved = $5 WHERE id = $1`,
		id, commit, text, message, true)
	return err
}

// SetBuildNotify records whom to tell of a build.
func SetBuildNotify(ctx context.Context, q sqldb.Queryer, id string, notify []pipeline.Notification) error {
	_, err := q.Exec(ctx, "UPDATE builds SET notify = $2 WHERE id = $1", id, document(notify))
	return err
}

// SetBuildUnblocker records who unblocked a build last.
func SetBuildUnblocker(ctx context.Context, q sqldb.Queryer, id, userID string) error {
	_, err := q.Exec(ctx, "UPDATE builds SET unblocker_id = $2 WHERE id = $1", id, userID)
	return err
}

// TakeBuildNumber returns the next number of a pipeline. Numbers have no gaps: the row stays locked until the
// transaction that uses the number ends.
func TakeBuildNumber(ctx context.Context, tx *sqldb.Tx, pipelineID string) (int64, error) {
	return TakeBuildNumbers(ctx, tx, pipelineID, 1)
}

// TakeBuildNumbers takes the next so many numbers of a pipeline and returns the first. Of those that share a transaction
// only the first has to ask: the others know what it left.
func TakeBuildNumbers(ctx context.Context, tx *sqldb.Tx, pipelineID string, count int64) (int64, error) {
	key := nextNumber{pipelineID}
	if first, known := tx.Shared(key).(int64); known {
		tx.Share(key, first+count)
		return first, tx.Later(ctx, nil, "UPDATE pipelines SET next_build_number = $2 WHERE id = $1", pipelineID, first+count)
	}
	var next int64
	err := tx.QueryRow(ctx, `UPDATE pipelines SET next_build_number = next_build_number + $2 WHERE id = $1
		RETURNING next_build_number`, pipelineID, count).Scan(&next)
	if err != nil {
		return 0, notFound(err)
	}
	tx.Share(key, next)
	return next - count, nil
}

// nextNumber is the key under which a pipeline's next number is shared.
type nextNumber struct{ pipelineID string }

// HasBuilds reports whether there is any build.
func HasBuilds(ctx context.Context, q sqldb.Queryer) (bool, error) {
	return exists(ctx, q, "SELECT 1 FROM builds")
}

// ChildBuilds returns the ids of builds that trigger jobs of a build made.
func ChildBuilds(ctx context.Context, q sqldb.Queryer, jobIDs []string) ([]string, error) {
	return list(ctx, q, scanText, "SELECT id FROM builds WHERE "+sqldb.In(q, "triggered_job_id", 1, jobIDs)+" ORDER BY id",
		sqldb.List(q, jobIDs))
}

func ptr[T any](v T) *T { return &v }
