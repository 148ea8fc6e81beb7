-- +goose Up

-- Values that belong to the installation as a whole: signing keys, the schema's birth.
CREATE TABLE instance_values (
    name  text PRIMARY KEY,
    value text NOT NULL
);

CREATE TABLE organizations (
    id         uuid PRIMARY KEY,
    slug       text NOT NULL UNIQUE,
    name       text NOT NULL,
    created_at bigint NOT NULL
);

CREATE TABLE users (
    id         uuid PRIMARY KEY,
    name       text NOT NULL,
    email      text NOT NULL UNIQUE,
    created_at bigint NOT NULL
);

CREATE TABLE memberships (
    organization_id uuid NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    user_id         uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role            text NOT NULL,
    created_at      bigint NOT NULL,
    PRIMARY KEY (organization_id, user_id)
);
CREATE INDEX memberships_user ON memberships (user_id);

CREATE TABLE api_tokens (
    id                   uuid PRIMARY KEY,
    organization_id      uuid NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    user_id              uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    description          text NOT NULL,
    token_hash           text NOT NULL UNIQUE,
    scopes               text NOT NULL,
    allowed_ip_addresses text,
    created_at           bigint NOT NULL,
    expires_at           bigint,
    revoked_at           bigint,
    last_used_at         bigint,
    last_used_ip         text
);
CREATE INDEX api_tokens_user ON api_tokens (user_id);

CREATE TABLE clusters (
    id               uuid PRIMARY KEY,
    organization_id  uuid NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    name             text NOT NULL,
    description      text,
    emoji            text,
    color            text,
    default_queue_id uuid,
    is_default       boolean NOT NULL,
    created_by_id    uuid,
    created_at       bigint NOT NULL,
    UNIQUE (organization_id, name)
);

CREATE TABLE cluster_maintainers (
    id         uuid PRIMARY KEY,
    cluster_id uuid NOT NULL REFERENCES clusters (id) ON DELETE CASCADE,
    user_id    uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    UNIQUE (cluster_id, user_id)
);

CREATE TABLE queues (
    id                   uuid PRIMARY KEY,
    organization_id      uuid NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    cluster_id           uuid NOT NULL REFERENCES clusters (id) ON DELETE CASCADE,
    key                  text NOT NULL,
    description          text,
    retry_agent_affinity text NOT NULL,
    paused_at            bigint,
    paused_by_id         uuid,
    paused_note          text,
    created_by_id        uuid,
    created_at           bigint NOT NULL,
    UNIQUE (cluster_id, key)
);

CREATE TABLE cluster_tokens (
    id                   uuid PRIMARY KEY,
    organization_id      uuid NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    cluster_id           uuid NOT NULL REFERENCES clusters (id) ON DELETE CASCADE,
    description          text NOT NULL,
    token_hash           text NOT NULL UNIQUE,
    allowed_ip_addresses text,
    expires_at           bigint,
    created_by_id        uuid,
    created_at           bigint NOT NULL
);
CREATE INDEX cluster_tokens_cluster ON cluster_tokens (cluster_id, id);

CREATE TABLE agents (
    id                     uuid PRIMARY KEY,
    organization_id        uuid NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    cluster_id             uuid NOT NULL REFERENCES clusters (id) ON DELETE CASCADE,
    queue_id               uuid REFERENCES queues (id) ON DELETE SET NULL,
    token_id               uuid,
    session_hash           text NOT NULL UNIQUE,
    state                  text NOT NULL,
    name                   text NOT NULL,
    hostname               text NOT NULL,
    os                     text NOT NULL,
    arch                   text NOT NULL,
    version                text NOT NULL,
    build                  text NOT NULL,
    user_agent             text NOT NULL,
    ip_address             text NOT NULL,
    machine_id             text NOT NULL,
    pid                    bigint NOT NULL,
    priority               bigint,
    tags                   text NOT NULL,
    features               text NOT NULL,
    ignore_in_dispatches   boolean NOT NULL,
    stop_forced            boolean NOT NULL,
    created_at             bigint NOT NULL,
    connected_at           bigint,
    last_seen_at           bigint,
    disconnected_at        bigint,
    lost_at                bigint,
    stopped_at             bigint,
    stopped_by_id          uuid,
    paused_at              bigint,
    paused_by_id           uuid,
    paused_note            text,
    paused_timeout_minutes bigint,
    last_job_finished_at   bigint
);
CREATE INDEX agents_organization ON agents (organization_id, id);
CREATE INDEX agents_present ON agents (organization_id, id) WHERE state IN ('connected', 'stopping');
CREATE INDEX agents_last_seen ON agents (last_seen_at) WHERE state IN ('connected', 'stopping');
CREATE INDEX agents_queue_present ON agents (queue_id) WHERE state IN ('connected', 'stopping');

CREATE TABLE pipelines (
    id                                  uuid PRIMARY KEY,
    organization_id                     uuid NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    cluster_id                          uuid REFERENCES clusters (id),
    slug                                text NOT NULL,
    name                                text NOT NULL,
    description                         text,
    repository                          text NOT NULL,
    configuration                       text NOT NULL,
    -- The visual steps a pipeline was made of, as JSON; null for YAML pipelines.
    visual_steps                        text,
    env                                 text,
    default_branch                      text NOT NULL,
    branch_configuration                text,
    skip_queued_branch_builds           boolean NOT NULL,
    skip_queued_branch_builds_filter    text,
    cancel_running_branch_builds        boolean NOT NULL,
    cancel_running_branch_builds_filter text,
    allow_rebuilds                      boolean NOT NULL,
    clone_mirror_url                    text,
    provider                            text NOT NULL,
    provider_settings                   text NOT NULL,
    visibility                          text NOT NULL,
    tags                                text NOT NULL,
    emoji                               text,
    color                               text,
    default_timeout_minutes             bigint,
    maximum_timeout_minutes             bigint,
    badge_token                         text NOT NULL,
    webhook_token                       text NOT NULL,
    next_build_number                   bigint NOT NULL,
    created_by_id                       uuid,
    created_at                          bigint NOT NULL,
    archived_at                         bigint,
    UNIQUE (organization_id, slug)
);
CREATE UNIQUE INDEX pipelines_name ON pipelines (organization_id, name);
CREATE INDEX pipelines_listing ON pipelines (organization_id, id);

CREATE TABLE builds (
    id                   uuid PRIMARY KEY,
    organization_id      uuid NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    pipeline_id          uuid NOT NULL REFERENCES pipelines (id) ON DELETE CASCADE,
    number               bigint NOT NULL,
    state                text NOT NULL,
    blocked_state        text NOT NULL,
    branch               text NOT NULL,
    commit_sha           text NOT NULL,
    commit_resolved      boolean NOT NULL,
    message              text,
    tag                  text,
    source               text NOT NULL,
    env                  text NOT NULL,
    pipeline_env         text NOT NULL,
    upload_env           text NOT NULL,
    author               text,
    creator_id           uuid,
    unblocker_id         uuid,
    pull_request         text,
    clean_checkout       boolean NOT NULL,
    rebuilt_from_id      uuid,
    triggered_from_id    uuid,
    triggered_job_id     uuid,
    trigger_depth        bigint NOT NULL,
    cancel_requested     boolean NOT NULL,
    skip_requested       boolean NOT NULL,
    cancel_reason        text NOT NULL,
    uploads              bigint NOT NULL,
    jobs_created         bigint NOT NULL,
    open_count           bigint NOT NULL,
    moving_count         bigint NOT NULL,
    offered_count        bigint NOT NULL,
    ran_count            bigint NOT NULL,
    failed_count         bigint NOT NULL,
    promised_count       bigint NOT NULL,
    created_at           bigint NOT NULL,
    scheduled_at         bigint,
    started_at           bigint,
    failing_at           bigint,
    finished_at          bigint,
    canceled_at          bigint,
    UNIQUE (pipeline_id, number)
);
CREATE INDEX builds_organization ON builds (organization_id, id);
CREATE INDEX builds_pipeline ON builds (pipeline_id, id);
CREATE INDEX builds_pipeline_state ON builds (pipeline_id, state, id);
CREATE INDEX builds_organization_state ON builds (organization_id, state, id);
CREATE INDEX builds_pipeline_branch ON builds (pipeline_id, branch, id);
CREATE INDEX builds_commit ON builds (commit_sha);
CREATE INDEX builds_creator ON builds (organization_id, creator_id, id);
CREATE INDEX builds_pipeline_finished ON builds (pipeline_id, finished_at);
CREATE INDEX builds_organization_finished ON builds (organization_id, finished_at);
CREATE INDEX builds_triggered_job ON builds (triggered_job_id) WHERE triggered_job_id IS NOT NULL;

CREATE TABLE build_meta_data (
    build_id uuid NOT NULL REFERENCES builds (id) ON DELETE CASCADE,
    key      text NOT NULL,
    value    text NOT NULL,
    PRIMARY KEY (build_id, key)
);

CREATE TABLE steps (
    id            uuid PRIMARY KEY,
    build_id      uuid NOT NULL REFERENCES builds (id) ON DELETE CASCADE,
    kind          text NOT NULL,
    key           text NOT NULL,
    label         text NOT NULL,
    path          text NOT NULL COLLATE "C",
    group_id      text NOT NULL,
    uploaded_by   text NOT NULL,
    state         text NOT NULL,
    outcome       text NOT NULL,
    settings      text NOT NULL,
    own_settled   boolean NOT NULL,
    -- The step's counters and flags, which no query asks for.
    progress      text NOT NULL,
    created_at    bigint NOT NULL
);
CREATE INDEX steps_build ON steps (build_id, path);
CREATE UNIQUE INDEX steps_key ON steps (build_id, key) WHERE key <> '';

CREATE TABLE step_edges (
    id       uuid PRIMARY KEY,
    build_id uuid NOT NULL REFERENCES builds (id) ON DELETE CASCADE,
    from_id  text NOT NULL,
    to_id    text NOT NULL,
    key      text NOT NULL,
    lenient  boolean NOT NULL,
    own_only boolean NOT NULL,
    through  boolean NOT NULL,
    state    text NOT NULL
);
CREATE INDEX step_edges_from ON step_edges (build_id, from_id);
CREATE INDEX step_edges_to ON step_edges (build_id, to_id);
CREATE INDEX step_edges_key ON step_edges (build_id, key) WHERE from_id = '';

CREATE TABLE jobs (
    id                   uuid PRIMARY KEY,
    organization_id      uuid NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    pipeline_id          uuid NOT NULL REFERENCES pipelines (id) ON DELETE CASCADE,
    build_id             uuid NOT NULL REFERENCES builds (id) ON DELETE CASCADE,
    step_id              uuid NOT NULL,
    type                 text NOT NULL,
    state                text NOT NULL,
    step_path            text NOT NULL COLLATE "C",
    idx                  bigint NOT NULL,
    spec                 text NOT NULL,
    priority             bigint NOT NULL,
    timeout_minutes      bigint NOT NULL,
    queue_id             text NOT NULL,
    exit_status          bigint,
    signal               text NOT NULL,
    signal_reason        text NOT NULL,
    soft_failed          boolean NOT NULL,
    broken_reason        text NOT NULL,
    promised_exit_status bigint,
    promised_reason      text NOT NULL,
    promised_at          bigint,
    retries_count        bigint NOT NULL,
    rule_retries         text NOT NULL,
    retried_in_job_id    text NOT NULL,
    retry_source_id      text NOT NULL,
    retry_type           text NOT NULL,
    retried_by_id        text NOT NULL,
    agent_id             text NOT NULL,
    unblocked_by_id      text NOT NULL,
    triggered_build_id   text NOT NULL,
    token_hash           text,
    chunks_failed_count  bigint NOT NULL,
    created_at           bigint NOT NULL,
    scheduled_at         bigint NOT NULL,
    runnable_at          bigint,
    assigned_at          bigint,
    accepted_at          bigint,
    started_at           bigint,
    canceled_at          bigint,
    finished_at          bigint,
    expired_at           bigint,
    unblocked_at         bigint
);
CREATE INDEX jobs_build ON jobs (build_id, step_path, idx, id);
CREATE INDEX jobs_step ON jobs (step_id, idx);
CREATE INDEX jobs_runnable ON jobs (queue_id, priority DESC, scheduled_at, step_path, id) WHERE state = 'scheduled';
CREATE INDEX jobs_on_agent ON jobs (agent_id) WHERE state IN ('assigned', 'accepted', 'running', 'canceling', 'timing_out');
CREATE INDEX jobs_held ON jobs (state, assigned_at) WHERE state IN ('assigned', 'accepted');
CREATE INDEX jobs_pipeline_open ON jobs (pipeline_id, state) WHERE state IN ('scheduled', 'limited', 'limiting', 'reserved', 'assigned', 'accepted', 'running', 'canceling', 'timing_out', 'waiting', 'blocked');
CREATE INDEX jobs_queue_open ON jobs (queue_id, state) WHERE state IN ('scheduled', 'limited', 'limiting', 'reserved', 'assigned', 'accepted', 'running', 'canceling', 'timing_out', 'waiting', 'blocked');
CREATE UNIQUE INDEX jobs_token ON jobs (token_hash) WHERE token_hash IS NOT NULL;

CREATE TABLE pipeline_uploads (
    id         uuid PRIMARY KEY,
    build_id   uuid NOT NULL REFERENCES builds (id) ON DELETE CASCADE,
    job_id     uuid NOT NULL,
    state      text NOT NULL,
    message    text NOT NULL,
    replace    boolean NOT NULL,
    document   text NOT NULL,
    created_at bigint NOT NULL
);
CREATE INDEX pipeline_uploads_build ON pipeline_uploads (build_id, id);

CREATE TABLE annotations (
    id         uuid PRIMARY KEY,
    build_id   uuid NOT NULL REFERENCES builds (id) ON DELETE CASCADE,
    job_id     text NOT NULL,
    scope      text NOT NULL,
    context    text NOT NULL,
    style      text NOT NULL,
    priority   bigint NOT NULL,
    body       text NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    -- job_id is empty for the build's own annotations, so the pair tells the owner.
    UNIQUE (build_id, job_id, scope, context)
);
CREATE INDEX annotations_build ON annotations (build_id, priority DESC, id);
CREATE INDEX annotations_job ON annotations (job_id, priority DESC, id) WHERE job_id <> '';

CREATE TABLE artifacts (
    id                 uuid PRIMARY KEY,
    organization_id    uuid NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    build_id           uuid NOT NULL REFERENCES builds (id) ON DELETE CASCADE,
    job_id             uuid NOT NULL,
    batch_id           uuid NOT NULL,
    position           bigint NOT NULL,
    state              text NOT NULL,
    path               text NOT NULL,
    absolute_path      text NOT NULL,
    content_type       text NOT NULL,
    file_size          bigint NOT NULL,
    sha1sum            text NOT NULL,
    sha256sum          text NOT NULL,
    url                text NOT NULL,
    upload_destination text NOT NULL,
    blob_key           text NOT NULL,
    multipart_id       text NOT NULL,
    created_at         bigint NOT NULL,
    UNIQUE (job_id, batch_id, position)
);
CREATE INDEX artifacts_build ON artifacts (build_id, id);
CREATE INDEX artifacts_job ON artifacts (job_id, id);

CREATE TABLE job_logs (
    job_id       uuid PRIMARY KEY,
    build_id     uuid NOT NULL REFERENCES builds (id) ON DELETE CASCADE,
    state        text NOT NULL,
    -- What is there of the log without a gap; stored counts the bytes of all chunks in log_chunks.
    size         bigint NOT NULL,
    stored       bigint NOT NULL,
    truncated    boolean NOT NULL,
    blob_key     text NOT NULL,
    header_times text NOT NULL,
    -- What the agent told about header times while the log was open.
    posted_times text NOT NULL,
    updated_at   bigint NOT NULL
);
CREATE INDEX job_logs_build ON job_logs (build_id);

-- Requests whose repetition must not take effect again, by the sender's key.
CREATE TABLE seen_requests (
    key        text PRIMARY KEY,
    created_at bigint NOT NULL
);
CREATE INDEX seen_requests_age ON seen_requests (created_at);

-- Chunks of open logs, where the node's own disk is not the place for them.
CREATE TABLE log_chunks (
    job_id     uuid NOT NULL REFERENCES job_logs (job_id) ON DELETE CASCADE,
    start_byte bigint NOT NULL,
    size       bigint NOT NULL,
    data       bytea NOT NULL,
    PRIMARY KEY (job_id, start_byte, size)
);
-- Chunks come compressed.
ALTER TABLE log_chunks ALTER COLUMN data SET STORAGE EXTERNAL;

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
