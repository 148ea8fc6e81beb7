-- +goose Up

-- What a build keeps of its documents beside its steps: the agents of steps that name none, and whom to notify. Both are
-- JSON.
ALTER TABLE builds ADD COLUMN default_agents text NOT NULL DEFAULT '';
ALTER TABLE builds ADD COLUMN notify text NOT NULL DEFAULT '';
