-- +goose Up

-- What became of an upload of steps. The document is kept as YAML; it is empty when it was refused and too large to keep.
ALTER TABLE pipeline_uploads ADD COLUMN rejection_type text NOT NULL DEFAULT '';
ALTER TABLE pipeline_uploads ADD COLUMN created_jobs_count integer;
ALTER TABLE pipeline_uploads ADD COLUMN definition_bytes integer;
ALTER TABLE pipeline_uploads ADD COLUMN processed_at integer;
