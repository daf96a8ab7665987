-- Organisations, API keys, projects, agents, tasks with their journals, log lines, events, and what the service keeps for itself.
--
-- Keys are composite (org_id, …), and so are the foreign keys: a row cannot point into another organisation.
-- Identifiers and sort keys compare bytewise (COLLATE "C"). Documents are json, not jsonb: the order of keys is kept, and so is \u0000.

-- A guarded statement casts "did it touch the rows it had to" to this domain; false raises 23514 with the constraint's name.
CREATE DOMAIN expected_rows AS boolean CONSTRAINT expected_rows CHECK (VALUE);

CREATE TABLE organisation (
    id text COLLATE "C" CONSTRAINT organisation_key PRIMARY KEY,
    name text NOT NULL,
    name_key text COLLATE "C" NOT NULL,
    owner_id text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX organisation_name ON organisation (name_key);

CREATE TABLE api_key (
    org_id text COLLATE "C" NOT NULL CONSTRAINT api_key_organisation REFERENCES organisation (id),
    kid text COLLATE "C" NOT NULL,
    digest bytea NOT NULL,
    name text NOT NULL,
    user_id text COLLATE "C" NOT NULL,
    permissions json NOT NULL,
    projects json,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    CONSTRAINT api_key_key PRIMARY KEY (org_id, kid)
);
-- A caller shows a key before anybody knows whose it is.
CREATE UNIQUE INDEX api_key_kid ON api_key (kid);

CREATE TABLE project (
    org_id text COLLATE "C" NOT NULL CONSTRAINT project_organisation REFERENCES organisation (id),
    id text COLLATE "C" NOT NULL,
    number bigint NOT NULL,
    canonical_name text COLLATE "C" NOT NULL,
    canonical_key text COLLATE "C" NOT NULL,
    name text NOT NULL,
    name_key text COLLATE "C" NOT NULL,
    description text,
    phase text COLLATE "C" NOT NULL CONSTRAINT project_phase CHECK (phase IN ('active', 'archived', 'deleted')),
    visibility text COLLATE "C" NOT NULL CONSTRAINT project_visibility CHECK (visibility IN ('private', 'shared')),
    team_id text COLLATE "C",
    created_by text COLLATE "C" NOT NULL,
    metadata json NOT NULL,
    labels text COLLATE "C" NOT NULL,
    search_text text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT project_key PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX project_number ON project (number);
CREATE UNIQUE INDEX project_canonical_name ON project (org_id, canonical_key) WHERE phase <> 'deleted';
CREATE INDEX project_created ON project (org_id, created_at);
CREATE INDEX project_deleted ON project (org_id, id) WHERE phase = 'deleted';

CREATE TABLE agent (
    org_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    project_id text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    name_key text COLLATE "C" NOT NULL,
    description text,
    config json NOT NULL,
    environment bytea,
    metadata json NOT NULL,
    labels text COLLATE "C" NOT NULL,
    search_text text COLLATE "C" NOT NULL,
    created_by text COLLATE "C" NOT NULL,
    runtime text COLLATE "C" NOT NULL CONSTRAINT agent_runtime CHECK (runtime IN ('local', 'external')),
    phase text COLLATE "C" NOT NULL CONSTRAINT agent_phase CHECK (phase IN ('creating', 'running', 'paused', 'stopped', 'error',
        'updating_running', 'updating_paused', 'updating_stopped', 'deleted')),
    generation bigint NOT NULL,
    config_revision bigint NOT NULL,
    applied_revision bigint NOT NULL,
    incarnation bigint NOT NULL,
    process text COLLATE "C" NOT NULL CONSTRAINT agent_process CHECK (process IN ('none', 'waiting_for_worker', 'starting', 'ready',
        'parked', 'stopping', 'backoff')),
    process_since timestamptz NOT NULL,
    failures json NOT NULL,
    retry_at timestamptz,
    restarts bigint NOT NULL,
    announce boolean NOT NULL,
    stops_owed bigint NOT NULL,
    update_until timestamptz,
    last_exit json,
    fault json,
    session_id text COLLATE "C",
    nonce text COLLATE "C",
    token bytea,
    due_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    last_activity timestamptz,
    version bigint NOT NULL,
    CONSTRAINT agent_key PRIMARY KEY (org_id, id),
    CONSTRAINT agent_project_key UNIQUE (org_id, project_id, id),
    CONSTRAINT agent_project FOREIGN KEY (org_id, project_id) REFERENCES project (org_id, id)
);
CREATE UNIQUE INDEX agent_name ON agent (org_id, project_id, name) WHERE phase <> 'deleted';
CREATE INDEX agent_created ON agent (org_id, project_id, created_at);
CREATE INDEX agent_due ON agent (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE task (
    org_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    agent_id text COLLATE "C" NOT NULL,
    project_id text COLLATE "C" NOT NULL,
    input json NOT NULL,
    metadata json NOT NULL,
    labels text COLLATE "C" NOT NULL,
    timeout_seconds bigint NOT NULL,
    max_attempts bigint NOT NULL,
    phase text COLLATE "C" NOT NULL CONSTRAINT task_phase CHECK (phase IN ('queued', 'running', 'completed', 'failed', 'cancelled')),
    attempt bigint NOT NULL,
    failures bigint NOT NULL,
    not_before timestamptz,
    incarnation bigint,
    lease_until timestamptz,
    cancel_requested_at timestamptz,
    output json,
    error_code text,
    error_message text,
    prompt_tokens bigint NOT NULL,
    completion_tokens bigint NOT NULL,
    model_requests bigint NOT NULL,
    created_at timestamptz NOT NULL,
    started_at timestamptz,
    attempt_started_at timestamptz,
    completed_at timestamptz,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT task_key PRIMARY KEY (org_id, id),
    CONSTRAINT task_error CHECK ((error_code IS NULL) = (error_message IS NULL)),
    -- to the agent together with its project: a task is always of its agent's project
    CONSTRAINT task_agent FOREIGN KEY (org_id, project_id, agent_id) REFERENCES agent (org_id, project_id, id)
);
CREATE INDEX task_queue ON task (org_id, agent_id, phase, created_at);
CREATE INDEX task_created ON task (org_id, agent_id, created_at);
CREATE INDEX task_lease ON task (lease_until) WHERE lease_until IS NOT NULL;

CREATE TABLE journal (
    org_id text COLLATE "C" NOT NULL,
    task_id text COLLATE "C" NOT NULL,
    sequence bigint NOT NULL,
    attempt bigint NOT NULL,
    kind text COLLATE "C" NOT NULL CONSTRAINT journal_kind CHECK (kind IN ('llm.request', 'llm.response', 'message', 'tool.started',
        'tool.finished', 'usage')),
    data json NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT journal_key PRIMARY KEY (org_id, task_id, sequence),
    CONSTRAINT journal_task FOREIGN KEY (org_id, task_id) REFERENCES task (org_id, id)
);

CREATE TABLE log (
    org_id text COLLATE "C" NOT NULL,
    agent_id text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    position bigint GENERATED BY DEFAULT AS IDENTITY, -- the order of writing
    at timestamptz NOT NULL,
    level text COLLATE "C" NOT NULL CONSTRAINT log_level CHECK (level IN ('debug', 'info', 'warn', 'error')),
    message text NOT NULL,
    context json NOT NULL,
    CONSTRAINT log_key PRIMARY KEY (org_id, agent_id, key),
    CONSTRAINT log_agent FOREIGN KEY (org_id, agent_id) REFERENCES agent (org_id, id)
);
CREATE INDEX log_time ON log (org_id, agent_id, at, position);

-- The last number of each organisation's sequence: taken inside the unit, so that a unit that fails leaves no gap.
CREATE TABLE event_counter (
    org_id text COLLATE "C" CONSTRAINT event_counter_key PRIMARY KEY CONSTRAINT event_counter_organisation REFERENCES organisation (id),
    last bigint NOT NULL
);

-- No foreign key to the project: what happened outlives what it happened to.
CREATE TABLE event (
    org_id text COLLATE "C" NOT NULL CONSTRAINT event_organisation REFERENCES organisation (id),
    sequence bigint NOT NULL,
    id text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL CONSTRAINT event_kind CHECK (kind IN ('project.created', 'project.updated', 'project.deleted',
        'agent.launched', 'agent.completed', 'agent.failed', 'agent.stopped')),
    created_at timestamptz NOT NULL,
    project_id text COLLATE "C" NOT NULL,
    actor text COLLATE "C" NOT NULL,
    reason text,
    data json NOT NULL,
    CONSTRAINT event_key PRIMARY KEY (org_id, sequence)
);
CREATE UNIQUE INDEX event_id ON event (org_id, id);

CREATE TABLE idempotency (
    org_id text COLLATE "C" NOT NULL CONSTRAINT idempotency_organisation REFERENCES organisation (id),
    key text COLLATE "C" NOT NULL,
    fingerprint text COLLATE "C" NOT NULL,
    answer bytea NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT idempotency_key PRIMARY KEY (org_id, key)
);
CREATE INDEX idempotency_expires ON idempotency (expires_at);

CREATE TABLE property (
    name text COLLATE "C" CONSTRAINT property_key PRIMARY KEY,
    value bytea NOT NULL
);

-- Numbers of the whole service: the last project number given away, and how often the store was asked whether it can be written to.
CREATE TABLE counter (
    name text COLLATE "C" CONSTRAINT counter_key PRIMARY KEY,
    last bigint NOT NULL
);
INSERT INTO counter (name, last) VALUES ('project', 0), ('ping', 0);
