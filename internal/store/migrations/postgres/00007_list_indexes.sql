-- +goose Up

-- Lists of builds are newest first by when they were created, which several filters narrow: every index for them ends
-- with that order.
DROP INDEX builds_organization;
DROP INDEX builds_pipeline;
DROP INDEX builds_pipeline_state;
DROP INDEX builds_organization_state;
DROP INDEX builds_pipeline_branch;
DROP INDEX builds_commit;
DROP INDEX builds_creator;
CREATE INDEX builds_organization ON builds (organization_id, created_at, id);
CREATE INDEX builds_pipeline ON builds (pipeline_id, created_at, id);
CREATE INDEX builds_pipeline_state ON builds (pipeline_id, state, created_at, id);
CREATE INDEX builds_organization_state ON builds (organization_id, state, created_at, id);
CREATE INDEX builds_pipeline_branch ON builds (pipeline_id, branch, created_at, id);
CREATE INDEX builds_organization_branch ON builds (organization_id, branch, created_at, id);
CREATE INDEX builds_commit ON builds (organization_id, commit_sha, created_at, id);
CREATE INDEX builds_creator ON builds (organization_id, creator_id, created_at, id);

-- What a new build of a branch may supersede.
CREATE INDEX builds_open ON builds (pipeline_id, branch, id) WHERE state IN ('creating', 'scheduled', 'running', 'failing', 'blocked');

-- Builds by meta-data. Values may be long, and PostgreSQL's indexes hold short ones only.
CREATE INDEX build_meta_data_value ON build_meta_data (key, substr(value, 1, 100), build_id);
