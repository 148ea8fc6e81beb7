package store

import (
	"context"
	"time"

	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// DisabledWebhooks is that a pipeline's hooks from GitHub make no builds. Without such a row they do.
type DisabledWebhooks struct {
	PipelineID   string
	DisabledAt   time.Time
	DisabledByID *string
}

func scanDisabledWebhooks(row scanner) (DisabledWebhooks, error) {
	var (
		d  DisabledWebhooks
		at int64
	)
	err := row.Scan(&d.PipelineID, &at, &d.DisabledByID)
	d.DisabledAt = fromMicros(at)
	return d, err
}

// DisabledWebhooksOf returns ErrNotFound when a pipeline's hooks are enabled.
func DisabledWebhooksOf(ctx context.Context, q sqldb.Queryer, pipelineID string) (DisabledWebhooks, error) {
	return one(ctx, q, scanDisabledWebhooks,
		"SELECT pipeline_id, disabled_at, disabled_by_id FROM disabled_github_webhooks WHERE pipeline_id = $1", pipelineID)
}

// DisableWebhooks disables a pipeline's hooks. What is disabled already stays as it is.
func DisableWebhooks(ctx context.Context, q sqldb.Queryer, d DisabledWebhooks) error {
	_, err := q.Exec(ctx, `INSERT INTO disabled_github_webhooks (pipeline_id, disabled_at, disabled_by_id) VALUES ($1, $2, $3)
		ON CONFLICT (pipeline_id) DO NOTHING`, d.PipelineID, micros(d.DisabledAt), d.DisabledByID)
	return err
}

// EnableWebhooks enables a pipeline's hooks, if they were not.
func EnableWebhooks(ctx context.Context, q sqldb.Queryer, pipelineID string) error {
	_, err := q.Exec(ctx, "DELETE FROM disabled_github_webhooks WHERE pipeline_id = $1", pipelineID)
	return err
}
