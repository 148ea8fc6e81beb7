-- +goose Up

CREATE TABLE schedules (
    id             uuid PRIMARY KEY,
    pipeline_id    uuid NOT NULL REFERENCES pipelines (id) ON DELETE CASCADE,
    cronline       text NOT NULL,
    label          text,
    message        text,
    commit_sha     text NOT NULL,
    -- Null is the pipeline's default branch of the day.
    branch         text,
    env            text NOT NULL,
    enabled        boolean NOT NULL,
    -- Null while no build is to come.
    next_build_at  bigint,
    failed_at      bigint,
    failed_message text,
    created_by_id  uuid,
    created_at     bigint NOT NULL
);
CREATE INDEX schedules_listing ON schedules (pipeline_id, id);
