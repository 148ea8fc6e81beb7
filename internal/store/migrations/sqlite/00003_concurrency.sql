-- +goose Up

-- Concurrency groups. A job keeps its own limit, since jobs of one group may differ.
ALTER TABLE jobs ADD COLUMN concurrency_group text NOT NULL DEFAULT '';
ALTER TABLE jobs ADD COLUMN concurrency_limit integer NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN concurrency_method text NOT NULL DEFAULT '';
ALTER TABLE jobs ADD COLUMN limiting_at integer;
ALTER TABLE jobs ADD COLUMN concurrency_wait integer;
CREATE INDEX jobs_concurrency ON jobs (organization_id, concurrency_group, scheduled_at, build_id, step_path, idx, id) WHERE concurrency_group <> '' AND state IN ('waiting', 'limiting', 'limited', 'scheduled', 'reserved', 'assigned', 'accepted', 'running', 'canceling', 'timing_out');

-- A step whose jobs wait behind a person, or behind what may never come, has no place in the queue of its group.
ALTER TABLE steps ADD COLUMN held boolean NOT NULL DEFAULT false;
ALTER TABLE step_edges ADD COLUMN forward boolean NOT NULL DEFAULT false;

-- The row of a group is its lock: who gives out slots holds it. It is there while the group has jobs that are open.
CREATE TABLE concurrency_groups (
    organization_id text NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    name            text NOT NULL,
    touched_at      integer NOT NULL,
    PRIMARY KEY (organization_id, name)
);
CREATE INDEX concurrency_groups_idle ON concurrency_groups (touched_at);
