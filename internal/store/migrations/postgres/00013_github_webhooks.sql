-- +goose Up

-- Pipelines for which hooks from GitHub make no builds, until somebody takes the row away.
CREATE TABLE disabled_github_webhooks (
    pipeline_id    uuid PRIMARY KEY REFERENCES pipelines (id) ON DELETE CASCADE,
    disabled_at    bigint NOT NULL,
    disabled_by_id uuid
);
