-- What package queue keeps its tasks in.
CREATE TABLE tasks (
    seq         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id          uuid NOT NULL UNIQUE,
    kind        text NOT NULL,
    key         text,
    destination text,
    payload     bytea NOT NULL,
    state       text NOT NULL CHECK (state IN ('ready', 'running', 'dead')),
    run_at      bigint NOT NULL,
    attempt     integer NOT NULL,
    lease_owner text,
    lease_until bigint,
    last_error  text,
    created_at  bigint NOT NULL,
    updated_at  bigint NOT NULL
);
-- The key comes first, or SQLite would look for due tasks by kind.
CREATE UNIQUE INDEX tasks_ready_key ON tasks (key, kind) WHERE state = 'ready';
CREATE UNIQUE INDEX tasks_running_key ON tasks (key, kind) WHERE state = 'running';
CREATE UNIQUE INDEX tasks_running_destination ON tasks (destination) WHERE state = 'running';
CREATE INDEX tasks_ready ON tasks (run_at, seq) WHERE state = 'ready';
CREATE INDEX tasks_ready_free ON tasks (run_at, seq) WHERE state = 'ready' AND destination IS NULL;
CREATE INDEX tasks_ready_destination ON tasks (destination, run_at, seq) WHERE state = 'ready' AND destination IS NOT NULL;
CREATE INDEX tasks_running_lease ON tasks (lease_until) WHERE state = 'running';
CREATE INDEX tasks_dead ON tasks (updated_at) WHERE state = 'dead';
