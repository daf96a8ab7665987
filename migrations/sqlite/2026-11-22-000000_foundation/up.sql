-- Organisations, API keys, projects, agents, tasks with their journals, log lines, events, and what the service keeps for itself.
--
-- Keys are composite (org_id, …), and so are the foreign keys: a row cannot point into another organisation.
-- Times are microseconds since 1970-01-01 UTC: datetime(created_at / 1e6, 'unixepoch'). Documents are JSON texts.

CREATE TABLE organisation (
    id TEXT NOT NULL CONSTRAINT organisation_key PRIMARY KEY,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX organisation_name ON organisation (name_key);

CREATE TABLE api_key (
    org_id TEXT NOT NULL CONSTRAINT api_key_organisation REFERENCES organisation (id),
    kid TEXT NOT NULL,
    digest BLOB NOT NULL,
    name TEXT NOT NULL,
    user_id TEXT NOT NULL,
    permissions TEXT NOT NULL,
    projects TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER,
    CONSTRAINT api_key_key PRIMARY KEY (org_id, kid)
) STRICT;
-- A caller shows a key before anybody knows whose it is.
CREATE UNIQUE INDEX api_key_kid ON api_key (kid);

CREATE TABLE project (
    org_id TEXT NOT NULL CONSTRAINT project_organisation REFERENCES organisation (id),
    id TEXT NOT NULL,
    number INTEGER NOT NULL,
    canonical_name TEXT NOT NULL,
    canonical_key TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    description TEXT,
    phase TEXT NOT NULL CONSTRAINT project_phase CHECK (phase IN ('active', 'archived', 'deleted')),
    visibility TEXT NOT NULL CONSTRAINT project_visibility CHECK (visibility IN ('private', 'shared')),
    team_id TEXT,
    created_by TEXT NOT NULL,
    metadata TEXT NOT NULL,
    labels TEXT NOT NULL,
    search_text TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT project_key PRIMARY KEY (org_id, id)
) STRICT;
CREATE UNIQUE INDEX project_number ON project (number);
CREATE UNIQUE INDEX project_canonical_name ON project (org_id, canonical_key) WHERE phase <> 'deleted';
CREATE INDEX project_created ON project (org_id, created_at);
CREATE INDEX project_deleted ON project (org_id, id) WHERE phase = 'deleted';

CREATE TABLE agent (
    org_id TEXT NOT NULL,
    id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    description TEXT,
    config TEXT NOT NULL,
    environment BLOB,
    metadata TEXT NOT NULL,
    labels TEXT NOT NULL,
    search_text TEXT NOT NULL,
    created_by TEXT NOT NULL,
    runtime TEXT NOT NULL CONSTRAINT agent_runtime CHECK (runtime IN ('local', 'external')),
    phase TEXT NOT NULL CONSTRAINT agent_phase CHECK (phase IN ('creating', 'running', 'paused', 'stopped', 'error',
        'updating_running', 'updating_paused', 'updating_stopped', 'deleted')),
    generation INTEGER NOT NULL,
    config_revision INTEGER NOT NULL,
    applied_revision INTEGER NOT NULL,
    incarnation INTEGER NOT NULL,
    process TEXT NOT NULL CONSTRAINT agent_process CHECK (process IN ('none', 'waiting_for_worker', 'starting', 'ready',
        'parked', 'stopping', 'backoff')),
    process_since INTEGER NOT NULL,
    failures TEXT NOT NULL,
    retry_at INTEGER,
    restarts INTEGER NOT NULL,
    announce INTEGER NOT NULL CONSTRAINT agent_announce CHECK (announce IN (0, 1)),
    stops_owed INTEGER NOT NULL,
    update_until INTEGER,
    last_exit TEXT,
    fault TEXT,
    session_id TEXT,
    nonce TEXT,
    token BLOB,
    due_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    last_activity INTEGER,
    version INTEGER NOT NULL,
    CONSTRAINT agent_key PRIMARY KEY (org_id, id),
    CONSTRAINT agent_project_key UNIQUE (org_id, project_id, id),
    CONSTRAINT agent_project FOREIGN KEY (org_id, project_id) REFERENCES project (org_id, id)
) STRICT;
CREATE UNIQUE INDEX agent_name ON agent (org_id, project_id, name) WHERE phase <> 'deleted';
CREATE INDEX agent_created ON agent (org_id, project_id, created_at);
CREATE INDEX agent_due ON agent (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE task (
    org_id TEXT NOT NULL,
    id TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    input TEXT NOT NULL,
    metadata TEXT NOT NULL,
    labels TEXT NOT NULL,
    timeout_seconds INTEGER NOT NULL,
    max_attempts INTEGER NOT NULL,
    phase TEXT NOT NULL CONSTRAINT task_phase CHECK (phase IN ('queued', 'running', 'completed', 'failed', 'cancelled')),
    attempt INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    not_before INTEGER,
    incarnation INTEGER,
    lease_until INTEGER,
    cancel_requested_at INTEGER,
    output TEXT,
    error_code TEXT,
    error_message TEXT,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    model_requests INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    attempt_started_at INTEGER,
    completed_at INTEGER,
    updated_at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT task_key PRIMARY KEY (org_id, id),
    CONSTRAINT task_error CHECK ((error_code IS NULL) = (error_message IS NULL)),
    -- to the agent together with its project: a task is always of its agent's project
    CONSTRAINT task_agent FOREIGN KEY (org_id, project_id, agent_id) REFERENCES agent (org_id, project_id, id)
) STRICT;
CREATE INDEX task_queue ON task (org_id, agent_id, phase, created_at);
CREATE INDEX task_created ON task (org_id, agent_id, created_at);
CREATE INDEX task_lease ON task (lease_until) WHERE lease_until IS NOT NULL;

CREATE TABLE journal (
    org_id TEXT NOT NULL,
    task_id TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    kind TEXT NOT NULL CONSTRAINT journal_kind CHECK (kind IN ('llm.request', 'llm.response', 'message', 'tool.started',
        'tool.finished', 'usage')),
    data TEXT NOT NULL,
    at INTEGER NOT NULL,
    CONSTRAINT journal_key PRIMARY KEY (org_id, task_id, sequence),
    CONSTRAINT journal_task FOREIGN KEY (org_id, task_id) REFERENCES task (org_id, id)
) STRICT;

CREATE TABLE log (
    org_id TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    key TEXT NOT NULL,
    position INTEGER PRIMARY KEY, -- the order of writing
    at INTEGER NOT NULL,
    level TEXT NOT NULL CONSTRAINT log_level CHECK (level IN ('debug', 'info', 'warn', 'error')),
    message TEXT NOT NULL,
    context TEXT NOT NULL,
    CONSTRAINT log_key UNIQUE (org_id, agent_id, key),
    CONSTRAINT log_agent FOREIGN KEY (org_id, agent_id) REFERENCES agent (org_id, id)
) STRICT;
CREATE INDEX log_time ON log (org_id, agent_id, at, position);

-- The last number of each organisation's sequence: taken inside the unit, so that a unit that fails leaves no gap.
CREATE TABLE event_counter (
    org_id TEXT NOT NULL CONSTRAINT event_counter_key PRIMARY KEY CONSTRAINT event_counter_organisation REFERENCES organisation (id),
    last INTEGER NOT NULL
) STRICT;

-- No foreign key to the project: what happened outlives what it happened to.
CREATE TABLE event (
    org_id TEXT NOT NULL CONSTRAINT event_organisation REFERENCES organisation (id),
    sequence INTEGER NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL CONSTRAINT event_kind CHECK (kind IN ('project.created', 'project.updated', 'project.deleted',
        'agent.launched', 'agent.completed', 'agent.failed', 'agent.stopped')),
    created_at INTEGER NOT NULL,
    project_id TEXT NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT,
    data TEXT NOT NULL,
    CONSTRAINT event_key PRIMARY KEY (org_id, sequence)
) STRICT;
CREATE UNIQUE INDEX event_id ON event (org_id, id);

CREATE TABLE idempotency (
    org_id TEXT NOT NULL CONSTRAINT idempotency_organisation REFERENCES organisation (id),
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    answer BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    CONSTRAINT idempotency_key PRIMARY KEY (org_id, key)
) STRICT;
CREATE INDEX idempotency_expires ON idempotency (expires_at);

CREATE TABLE property (
    name TEXT NOT NULL CONSTRAINT property_key PRIMARY KEY,
    value BLOB NOT NULL
) STRICT;

-- Numbers of the whole service: the last project number given away, and how often the store was asked whether it can be written to.
CREATE TABLE counter (
    name TEXT NOT NULL CONSTRAINT counter_key PRIMARY KEY,
    last INTEGER NOT NULL
) STRICT;
INSERT INTO counter (name, last) VALUES ('project', 0), ('ping', 0);
