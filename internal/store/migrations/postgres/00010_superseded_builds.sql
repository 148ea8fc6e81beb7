-- +goose Up

-- The newer build of the branch because of which a build was skipped or canceled.
ALTER TABLE builds ADD COLUMN superseded_by_id uuid;
