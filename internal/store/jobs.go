package store

import (
	"context"
	"fmt"
	"time"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// Job is a job: what the rules need, and whose it is.
type Job struct {
	build.Job
	OrganizationID string
	PipelineID     string
	// TokenHash is of the token that the agent which accepted the job speaks with.
	TokenHash         *string
	ChunksFailedCount int64
	PromisedAt        *time.Time
}

const jobColumns = `id, organization_id, pipeline_id, build_id, step_id, type, state, step_path, idx, spec, priority,
	timeout_minutes, queue_id, exit_status, signal, signal_reason, soft_failed, broken_reason, promised_exit_status,
	promised_reason, promised_at, retries_count, rule_retries, retried_in_job_id, retry_source_id, retry_type,
	retried_by_id, agent_id, unblocked_by_id, triggered_build_id, token_hash, chunks_failed_count, created_at,
	scheduled_at, runnable_at, assigned_at, accepted_at, started_at, canceled_at, finished_at, expired_at, unblocked_at,
	concurrency_group, concurrency_limit, concurrency_method, limiting_at, concurrency_wait`

func scanJob(row scanner) (*Job, error) { return scanJobAnd(row) }

// scanJobAnd scans a job and the columns that follow it.
func scanJobAnd(row scanner, more ...any) (*Job, error) {
	var (
		j                                               Job
		spec, ruleRetries                               string
		created, scheduled                              int64
		promised, runnable, assigned, accepted, started *int64
		canceledRow, finished, expired, unblocked       *int64
		limiting, wait                                  *int64
	)
	places := [...]any{
		&j.ID, &j.OrganizationID, &j.PipelineID, &j.BuildID, &j.StepID, &j.Type, &j.State, &j.StepPath, &j.Index,
		&spec, &j.Priority, &j.TimeoutMinutes, &j.QueueID, &j.ExitStatus, &j.Signal, &j.SignalReason, &j.SoftFailed,
		&j.BrokenReason, &j.PromisedExitStatus, &j.PromisedReason, &promised, &j.RetriesCount, &ruleRetries,
		&j.RetriedInJobID, &j.RetrySourceID, &j.RetryType, &j.RetriedByID, &j.AgentID, &j.UnblockedBy,
		&j.TriggeredBuildID, &j.TokenHash, &j.ChunksFailedCount, &created, &scheduled, &runnable, &assigned, &accepted,
		&started, &canceledRow, &finished, &expired, &unblocked, &j.Concurrency.Group, &j.Concurrency.Limit,
		&j.Concurrency.Method, &limiting, &wait,
	}
	if err := row.Scan(append(places[:], more...)...); err != nil {
		return nil, err
	}
	if err := parse(spec, &j.Spec); err != nil {
		return nil, fmt.Errorf("job %s: %w", j.ID, err)
	}
	if err := parse(ruleRetries, &j.RuleRetries); err != nil {
		return nil, fmt.Errorf("job %s: %w", j.ID, err)
	}
	j.CreatedAt, j.ScheduledAt, j.RunnableAt = fromMicros(created), fromMicros(scheduled), fromMicrosPtr(runnable)
	j.AssignedAt, j.AcceptedAt, j.StartedAt = fromMicrosPtr(assigned), fromMicrosPtr(accepted), fromMicrosPtr(started)
	j.CanceledAt, j.FinishedAt, j.ExpiredAt = fromMicrosPtr(canceledRow), fromMicrosPtr(finished), fromMicrosPtr(expired)
	j.UnblockedAt, j.PromisedAt, j.LimitingAt = fromMicrosPtr(unblocked), fromMicrosPtr(promised), fromMicrosPtr(limiting)
	if wait != nil {
		j.ConcurrencyWait = ptr(time.Duration(*wait) * time.Microsecond)
	}
	return &j, nil
}

// InsertJobs adds jobs to a build.
func InsertJobs(ctx context.Context, q sqldb.Queryer, organizationID, pipelineID string, jobs []*build.Job) error {
	rows := make([][]any, len(jobs))
	for i, j := range jobs {
		rows[i] = []any{
			j.ID, organizationID, pipelineID, j.BuildID, j.StepID, string(j.Type), string(j.State), j.StepPath, j.Index,
			document(j.Spec), j.Priority, j.TimeoutMinutes, j.QueueID, j.ExitStatus, j.Signal, j.SignalReason,
			j.SoftFailed, j.BrokenReason, j.PromisedExitStatus, j.PromisedReason, nil, j.RetriesCount,
			document(j.RuleRetries), j.RetriedInJobID, j.RetrySourceID, j.RetryType, j.RetriedByID, j.AgentID,
			j.UnblockedBy, j.TriggeredBuildID, nil, 0, micros(j.CreatedAt), micros(j.ScheduledAt),
			microsPtr(j.RunnableAt), microsPtr(j.AssignedAt), microsPtr(j.AcceptedAt), microsPtr(j.StartedAt),
			microsPtr(j.CanceledAt), microsPtr(j.FinishedAt), microsPtr(j.ExpiredAt), microsPtr(j.UnblockedAt),
			j.Concurrency.Group, j.Concurrency.Limit, string(j.Concurrency.Method), microsPtr(j.LimitingAt),
			waitMicros(j.ConcurrencyWait),
		}
	}
	return insertRows(ctx, q, "jobs", jobColumns, rows)
}

// SaveJob writes what the rules change of a job that was loaded in state was, and its token. A claim may have moved the job meanwhile,
// since claims do not take the build's lock: that is ErrStale.
func SaveJob(ctx context.Context, q sqldb.Queryer, j *Job, was build.JobState) error {
	check := func(n int64) error {
		if n == 0 {
			return fmt.Errorf("job %s: %w", j.ID, ErrStale)
		}
		return nil
	}
	return later(ctx, q, check, `UPDATE jobs SET state = $3, priority = $4, timeout_minutes = $5, queue_id = $6, exit_status = $7,
		signal = $8, signal_reason = $9, soft_failed = $10, broken_reason = $11, promised_exit_status = $12,
		promised_reason = $13, retried_in_job_id = $14, retry_type = $15, retried_by_id = $16, agent_id = $17,
		unblocked_by_id = $18, triggered_build_id = $19, runnable_at = $20, assigned_at = $21, accepted_at = $22,
		started_at = $23, canceled_at = $24, finished_at = $25, expired_at = $26, unblocked_at = $27,
		limiting_at = $28, concurrency_wait = $29, token_hash = $30
		WHERE id = $1 AND state = $2`,
		j.ID, string(was), string(j.State), j.Priority, j.TimeoutMinutes, j.QueueID, j.ExitStatus, j.Signal,
		j.SignalReason, j.SoftFailed, j.BrokenReason, j.PromisedExitStatus, j.PromisedReason, j.RetriedInJobID,
		j.RetryType, j.RetriedByID, j.AgentID, j.UnblockedBy, j.TriggeredBuildID, microsPtr(j.RunnableAt),
		microsPtr(j.AssignedAt), microsPtr(j.AcceptedAt), microsPtr(j.StartedAt), microsPtr(j.CanceledAt),
		microsPtr(j.FinishedAt), microsPtr(j.ExpiredAt), microsPtr(j.UnblockedAt),
		microsPtr(j.LimitingAt), waitMicros(j.ConcurrencyWait), j.TokenHash)
}

func waitMicros(wait *time.Duration) *int64 {
	if wait == nil {
		return nil
	}
	return ptr(wait.Microseconds())
}

// Claim is a job that an agent is to be given.
type Claim struct{ JobID, AgentID string }

// ClaimJobs gives scheduled jobs to agents. It returns the builds of those that were given, by job: the others are not
// scheduled any more, or somebody else was faster.
func ClaimJobs(ctx context.Context, q sqldb.Queryer, claims []Claim, now time.Time) (map[string]string, error) {
	builds := make(map[string]string, len(claims))
	statements := make([]sqldb.Statement, len(claims))
	for i, c := range claims {
		statements[i] = sqldb.Statement{
			SQL: `UPDATE jobs SET state = 'assigned', agent_id = $2, assigned_at = $3
				WHERE id = $1 AND state = 'scheduled' RETURNING build_id`,
			Args: []any{c.JobID, c.AgentID, micros(now)},
			Read: func(rows sqldb.Rows) error {
				for rows.Next() {
					var buildID string
					if err := rows.Scan(&buildID); err != nil {
						return err
					}
					builds[c.JobID] = buildID
				}
				return rows.Err()
			},
		}
	}
	return builds, q.Send(ctx, statements...)
}

// SetJobToken records the hash of a job's token.
func SetJobToken(ctx context.Context, q sqldb.Queryer, jobID string, hash *string) error {
	return later(ctx, q, nil, "UPDATE jobs SET token_hash = $2 WHERE id = $1", jobID, hash)
}

// SetJobChunksFailed records how many log chunks the agent gave up on.
func SetJobChunksFailed(ctx context.Context, q sqldb.Queryer, jobID string, count int64) error {
	return later(ctx, q, nil, "UPDATE jobs SET chunks_failed_count = $2 WHERE id = $1", jobID, count)
}

// SetJobPromised records when a job promised to fail.
func SetJobPromised(ctx context.Context, q sqldb.Queryer, jobID string, at time.Time) error {
	_, err := q.Exec(ctx, "UPDATE jobs SET promised_at = $2 WHERE id = $1", jobID, micros(at))
	return err
}

// SetJobPriority changes the priority of a job; false when it is not in one of the states that still wait.
func SetJobPriority(ctx context.Context, q sqldb.Queryer, jobID string, priority int) (bool, error) {
	n, err := q.Exec(ctx, `UPDATE jobs SET priority = $2 WHERE id = $1
		AND state IN ('pending', 'waiting', 'blocked', 'limiting', 'limited', 'scheduled', 'reserved')`, jobID, priority)
	return n == 1, err
}

// SetJobTimeout changes a job's timeout in minutes.
func SetJobTimeout(ctx context.Context, q sqldb.Queryer, jobID string, minutes int) error {
	_, err := q.Exec(ctx, "UPDATE jobs SET timeout_minutes = $2 WHERE id = $1", jobID, minutes)
	return err
}

// GetJob returns a job.
func GetJob(ctx context.Context, q sqldb.Queryer, id string) (*Job, error) {
	return one(ctx, q, scanJob, "SELECT "+jobColumns+" FROM jobs WHERE id = $1", id)
}

// JobByToken returns the job whose token has a hash.
func JobByToken(ctx context.Context, q sqldb.Queryer, hash string) (*Job, error) {
	return one(ctx, q, scanJob, "SELECT "+jobColumns+" FROM jobs WHERE token_hash = $1", hash)
}

// JobHeldBy returns the job an agent holds: assigned to it and not ended.
func JobHeldBy(ctx context.Context, q sqldb.Queryer, agentID string) (*Job, error) {
	return one(ctx, q, scanJob, "SELECT "+jobColumns+` FROM jobs WHERE agent_id = $1
		AND state IN ('assigned', 'accepted', 'running', 'canceling', 'timing_out') ORDER BY id DESC LIMIT 1`, agentID)
}

// JobsHeldBy returns the jobs that agents hold, by agent id.
func JobsHeldBy(ctx context.Context, q sqldb.Queryer, agentIDs []string) (map[string]*Job, error) {
	held := make(map[string]*Job, len(agentIDs))
	if len(agentIDs) == 0 {
		return held, nil
	}
	jobs, err := list(ctx, q, scanJob, "SELECT "+jobColumns+" FROM jobs WHERE "+sqldb.In(q, "agent_id", 1, agentIDs)+
		" AND state IN ('assigned', 'accepted', 'running', 'canceling', 'timing_out')", sqldb.List(q, agentIDs))
	for _, j := range jobs {
		held[j.AgentID] = j
	}
	return held, err
}

// RunnableJobs returns a queue's scheduled jobs in the order of dispatch (docs/contract/pipelines.md, section 13).
func RunnableJobs(ctx context.Context, q sqldb.Queryer, queueID string, limit int) ([]*Job, error) {
	return list(ctx, q, scanJob, "SELECT "+jobColumns+` FROM jobs WHERE queue_id = $1 AND state = 'scheduled'
		ORDER BY priority DESC, scheduled_at, step_path, id LIMIT $2`, queueID, limit)
}

// JobsHeldSince returns assigned or accepted jobs that have been so since before a time.
func JobsHeldSince(ctx context.Context, q sqldb.Queryer, before time.Time, limit int) ([]*Job, error) {
	return list(ctx, q, scanJob, "SELECT "+jobColumns+` FROM jobs WHERE state IN ('assigned', 'accepted')
		AND assigned_at < $1 ORDER BY assigned_at LIMIT $2`, micros(before), limit)
}

// JobsRunnableSince returns scheduled jobs created before a time, oldest first.
func JobsRunnableSince(ctx context.Context, q sqldb.Queryer, before time.Time, limit int) ([]*Job, error) {
	return list(ctx, q, scanJob, "SELECT "+jobColumns+` FROM jobs WHERE state = 'scheduled' AND created_at < $1
		ORDER BY created_at LIMIT $2`, micros(before), limit)
}
