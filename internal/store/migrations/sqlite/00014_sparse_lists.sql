-- +goose Up

-- Builds of a branch that ended otherwise than by passing, newest first: of the thousands of builds on a branch, none may
-- have been canceled. Most builds pass, and cost these indexes nothing.
-- The condition is not an IN of the states that are left, as SQLite looks at it at every change of a build and at that for
-- long, nor an OR of them, for which SQLite would prepare the queries anew for every value.
CREATE INDEX builds_pipeline_branch_state ON builds (pipeline_id, branch, state, created_at, id) WHERE state <> 'passed' AND state <> 'running' AND state <> 'scheduled' AND state <> 'failing' AND state <> 'creating' AND state <> 'canceling';
CREATE INDEX builds_organization_branch_state ON builds (organization_id, branch, state, created_at, id) WHERE state <> 'passed' AND state <> 'running' AND state <> 'scheduled' AND state <> 'failing' AND state <> 'creating' AND state <> 'canceling';

-- A person's builds of one pipeline.
CREATE INDEX builds_pipeline_creator ON builds (pipeline_id, creator_id, created_at, id) WHERE creator_id IS NOT NULL;
