-- Figures over time: how many log lines, tasks, response times and resource readings there were in each minute, hour, day
-- and quarter of an hour or day.
--
-- Triggers keep the figures, so that every way in which a line, a task or a sample is written, sent twice or removed keeps them
-- true. `start` is in microseconds since 1970: a bucket of any length is start - start % length, on both databases.

CREATE TABLE rollup_grain (
    word TEXT NOT NULL CONSTRAINT rollup_grain_key PRIMARY KEY,
    micros INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO rollup_grain (word, micros) VALUES ('minute', 60000000), ('quarter_hour', 900000000), ('hour', 3600000000),
    ('quarter_day', 21600000000), ('day', 86400000000);

-- The lower bounds of the histogram's steps, 32 to each power of two (connix_domain::telemetry::Histogram).
CREATE TABLE duration_step (
    lower INTEGER NOT NULL PRIMARY KEY
) STRICT;
INSERT INTO duration_step (lower)
    WITH RECURSIVE exact (lower) AS (SELECT 0 UNION ALL SELECT lower + 1 FROM exact WHERE lower < 63),
        step (n) AS (SELECT 32 UNION ALL SELECT n + 1 FROM step WHERE n < 63),
        shift (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM shift WHERE n < 34)
    SELECT lower FROM exact UNION ALL SELECT step.n << shift.n FROM step, shift;

-- How many lines there are of each level: not by quarters, since every line is counted in each grain.
CREATE TABLE log_count (
    org_id TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    grain TEXT NOT NULL,
    start INTEGER NOT NULL,
    level TEXT NOT NULL,
    lines INTEGER NOT NULL,
    CONSTRAINT log_count_key PRIMARY KEY (org_id, agent_id, grain, start, level),
    CONSTRAINT log_count_agent FOREIGN KEY (org_id, agent_id) REFERENCES agent (org_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
-- Retention looks for the agents that have old lines.
CREATE INDEX log_count_day ON log_count (org_id, start) WHERE grain = 'day';

-- Made in that time, and ended in that time.
CREATE TABLE task_figure (
    org_id TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    grain TEXT NOT NULL,
    start INTEGER NOT NULL,
    created INTEGER NOT NULL DEFAULT 0,
    completed INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    cancelled INTEGER NOT NULL DEFAULT 0,
    response_micros INTEGER NOT NULL DEFAULT 0,
    prompt_tokens INTEGER NOT NULL DEFAULT 0,
    completion_tokens INTEGER NOT NULL DEFAULT 0,
    model_requests INTEGER NOT NULL DEFAULT 0,
    CONSTRAINT task_figure_key PRIMARY KEY (org_id, agent_id, grain, start),
    CONSTRAINT task_figure_agent FOREIGN KEY (org_id, agent_id) REFERENCES agent (org_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- How many of the tasks that completed took how long: a histogram that merges by SUM … GROUP BY step.
CREATE TABLE response_time (
    org_id TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    grain TEXT NOT NULL,
    start INTEGER NOT NULL,
    step INTEGER NOT NULL,
    tasks INTEGER NOT NULL,
    CONSTRAINT response_time_key PRIMARY KEY (org_id, agent_id, grain, start, step),
    CONSTRAINT response_time_agent FOREIGN KEY (org_id, agent_id) REFERENCES agent (org_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- What an incarnation used in the window that ended at `at`. Empty: not measured.
CREATE TABLE resource_sample (
    org_id TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    incarnation INTEGER NOT NULL,
    at INTEGER NOT NULL,
    window_micros INTEGER NOT NULL,
    cpu REAL,
    cpu_source TEXT,
    memory REAL,
    memory_source TEXT,
    disk REAL,
    disk_source TEXT,
    received INTEGER,
    sent INTEGER,
    network_source TEXT,
    CONSTRAINT resource_sample_key PRIMARY KEY (org_id, agent_id, at, incarnation),
    CONSTRAINT resource_sample_agent FOREIGN KEY (org_id, agent_id) REFERENCES agent (org_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX resource_sample_time ON resource_sample (org_id, at);

CREATE TABLE resource_figure (
    org_id TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    grain TEXT NOT NULL,
    start INTEGER NOT NULL,
    cpu_count INTEGER NOT NULL,
    cpu_sum REAL NOT NULL,
    cpu_max REAL NOT NULL,
    memory_count INTEGER NOT NULL,
    memory_sum REAL NOT NULL,
    memory_max REAL NOT NULL,
    disk_count INTEGER NOT NULL,
    disk_sum REAL NOT NULL,
    disk_max REAL NOT NULL,
    received INTEGER NOT NULL,
    sent INTEGER NOT NULL,
    CONSTRAINT resource_figure_key PRIMARY KEY (org_id, agent_id, grain, start),
    CONSTRAINT resource_figure_agent FOREIGN KEY (org_id, agent_id) REFERENCES agent (org_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- What a project is charged for, by the model that its agents were configured with. Outlives the agents.
CREATE TABLE project_usage (
    org_id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    grain TEXT NOT NULL,
    start INTEGER NOT NULL,
    model TEXT NOT NULL,
    prompt_tokens INTEGER NOT NULL DEFAULT 0,
    completion_tokens INTEGER NOT NULL DEFAULT 0,
    model_requests INTEGER NOT NULL DEFAULT 0,
    completed INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    agent_micros INTEGER NOT NULL DEFAULT 0,
    CONSTRAINT project_usage_key PRIMARY KEY (org_id, project_id, grain, start, model),
    CONSTRAINT project_usage_project FOREIGN KEY (org_id, project_id) REFERENCES project (org_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- One level's page, however rare the level is; the tasks that ended in a time.
CREATE INDEX log_level_time ON log (org_id, agent_id, level, at, position);
CREATE INDEX task_completed ON task (org_id, agent_id, completed_at) WHERE completed_at IS NOT NULL;

-- What there is already.

INSERT INTO log_count (org_id, agent_id, grain, start, level, lines)
    SELECT org_id, agent_id, word, at - ((at % micros) + micros) % micros, level, count(*)
    FROM log, rollup_grain WHERE word IN ('minute', 'hour', 'day') GROUP BY 1, 2, 3, 4, 5;

INSERT INTO task_figure (org_id, agent_id, grain, start, created)
    SELECT org_id, agent_id, word, created_at - ((created_at % micros) + micros) % micros, count(*)
    FROM task, rollup_grain GROUP BY 1, 2, 3, 4;

INSERT INTO task_figure (org_id, agent_id, grain, start, completed, failed, cancelled, response_micros, prompt_tokens,
        completion_tokens, model_requests)
    SELECT org_id, agent_id, word, completed_at - ((completed_at % micros) + micros) % micros,
        count(*) FILTER (WHERE phase = 'completed'), count(*) FILTER (WHERE phase = 'failed'),
        count(*) FILTER (WHERE phase = 'cancelled'),
        coalesce(sum(max(coalesce(completed_at - attempt_started_at, 0), 0)) FILTER (WHERE phase = 'completed'), 0),
        sum(min(prompt_tokens, 1000000000000)), sum(min(completion_tokens, 1000000000000)), sum(min(model_requests, 1000000000000))
    FROM task, rollup_grain
    WHERE phase IN ('completed', 'failed', 'cancelled') AND completed_at IS NOT NULL GROUP BY 1, 2, 3, 4
    ON CONFLICT (org_id, agent_id, grain, start) DO UPDATE SET completed = excluded.completed, failed = excluded.failed,
        cancelled = excluded.cancelled, response_micros = excluded.response_micros, prompt_tokens = excluded.prompt_tokens,
        completion_tokens = excluded.completion_tokens, model_requests = excluded.model_requests;

INSERT INTO response_time (org_id, agent_id, grain, start, step, tasks)
    SELECT org_id, agent_id, word, completed_at - ((completed_at % micros) + micros) % micros,
        (SELECT max(lower) FROM duration_step WHERE lower <= max(coalesce(completed_at - attempt_started_at, 0), 0)), count(*)
    FROM task, rollup_grain WHERE phase = 'completed' AND completed_at IS NOT NULL GROUP BY 1, 2, 3, 4, 5;

INSERT INTO project_usage (org_id, project_id, grain, start, model, prompt_tokens, completion_tokens, model_requests, completed,
        failed)
    SELECT task.org_id, task.project_id, word, task.updated_at - ((task.updated_at % micros) + micros) % micros, config ->> 'model',
        sum(min(prompt_tokens, 1000000000000)), sum(min(completion_tokens, 1000000000000)), sum(min(model_requests, 1000000000000)),
        count(*) FILTER (WHERE task.phase = 'completed'), count(*) FILTER (WHERE task.phase = 'failed')
    FROM task JOIN agent ON agent.org_id = task.org_id AND agent.id = task.agent_id, rollup_grain
    WHERE prompt_tokens <> 0 OR completion_tokens <> 0 OR model_requests <> 0 OR task.phase IN ('completed', 'failed')
    GROUP BY 1, 2, 3, 4, 5;

-- From now on.

CREATE TRIGGER log_added AFTER INSERT ON log BEGIN
    INSERT INTO log_count (org_id, agent_id, grain, start, level, lines)
        SELECT NEW.org_id, NEW.agent_id, word, NEW.at - ((NEW.at % micros) + micros) % micros, NEW.level, 1
        FROM rollup_grain WHERE word IN ('minute', 'hour', 'day')
        ON CONFLICT (org_id, agent_id, grain, start, level) DO UPDATE SET lines = lines + 1;
END;

CREATE TRIGGER log_removed AFTER DELETE ON log BEGIN
    UPDATE log_count SET lines = lines - 1
        FROM (SELECT word, OLD.at - ((OLD.at % micros) + micros) % micros AS first
            FROM rollup_grain WHERE word IN ('minute', 'hour', 'day')) AS gone
        WHERE org_id = OLD.org_id AND agent_id = OLD.agent_id AND grain = gone.word AND start = gone.first AND level = OLD.level;
    DELETE FROM log_count WHERE org_id = OLD.org_id AND agent_id = OLD.agent_id AND level = OLD.level AND lines = 0
        AND (grain, start) IN (SELECT word, OLD.at - ((OLD.at % micros) + micros) % micros FROM rollup_grain
            WHERE word IN ('minute', 'hour', 'day'));
END;

CREATE TRIGGER task_created AFTER INSERT ON task BEGIN
    INSERT INTO task_figure (org_id, agent_id, grain, start, created)
        SELECT NEW.org_id, NEW.agent_id, word, NEW.created_at - ((NEW.created_at % micros) + micros) % micros, 1 FROM rollup_grain WHERE true
        ON CONFLICT (org_id, agent_id, grain, start) DO UPDATE SET created = created + 1;
END;

CREATE TRIGGER task_made_ended AFTER INSERT ON task
    WHEN NEW.phase IN ('completed', 'failed', 'cancelled') AND NEW.completed_at IS NOT NULL BEGIN
    INSERT INTO task_figure (org_id, agent_id, grain, start, completed, failed, cancelled, response_micros, prompt_tokens,
            completion_tokens, model_requests)
        SELECT NEW.org_id, NEW.agent_id, word, NEW.completed_at - ((NEW.completed_at % micros) + micros) % micros, NEW.phase = 'completed',
            NEW.phase = 'failed', NEW.phase = 'cancelled',
            (NEW.phase = 'completed') * max(coalesce(NEW.completed_at - NEW.attempt_started_at, 0), 0), min(NEW.prompt_tokens, 1000000000000),
            min(NEW.completion_tokens, 1000000000000), min(NEW.model_requests, 1000000000000)
        FROM rollup_grain WHERE true
        ON CONFLICT (org_id, agent_id, grain, start) DO UPDATE SET completed = completed + excluded.completed,
            failed = failed + excluded.failed, cancelled = cancelled + excluded.cancelled,
            response_micros = response_micros + excluded.response_micros,
            prompt_tokens = prompt_tokens + excluded.prompt_tokens,
            completion_tokens = completion_tokens + excluded.completion_tokens,
            model_requests = model_requests + excluded.model_requests;
    INSERT INTO response_time (org_id, agent_id, grain, start, step, tasks)
        SELECT NEW.org_id, NEW.agent_id, word, NEW.completed_at - ((NEW.completed_at % micros) + micros) % micros,
            (SELECT max(lower) FROM duration_step WHERE lower <= max(coalesce(NEW.completed_at - NEW.attempt_started_at, 0), 0)), 1
        FROM rollup_grain WHERE NEW.phase = 'completed'
        ON CONFLICT (org_id, agent_id, grain, start, step) DO UPDATE SET tasks = tasks + 1;
    INSERT INTO project_usage (org_id, project_id, grain, start, model, completed, failed)
        SELECT NEW.org_id, NEW.project_id, word, NEW.completed_at - ((NEW.completed_at % micros) + micros) % micros, config ->> 'model',
            NEW.phase = 'completed', NEW.phase = 'failed'
        FROM agent, rollup_grain
        WHERE org_id = NEW.org_id AND id = NEW.agent_id AND NEW.phase IN ('completed', 'failed')
        ON CONFLICT (org_id, project_id, grain, start, model) DO UPDATE
            SET completed = completed + excluded.completed, failed = failed + excluded.failed;
END;

CREATE TRIGGER task_ended AFTER UPDATE OF phase ON task
    WHEN OLD.phase NOT IN ('completed', 'failed', 'cancelled') AND NEW.phase IN ('completed', 'failed', 'cancelled') AND NEW.completed_at IS NOT NULL BEGIN
    INSERT INTO task_figure (org_id, agent_id, grain, start, completed, failed, cancelled, response_micros, prompt_tokens,
            completion_tokens, model_requests)
        SELECT NEW.org_id, NEW.agent_id, word, NEW.completed_at - ((NEW.completed_at % micros) + micros) % micros, NEW.phase = 'completed',
            NEW.phase = 'failed', NEW.phase = 'cancelled',
            (NEW.phase = 'completed') * max(coalesce(NEW.completed_at - NEW.attempt_started_at, 0), 0), min(NEW.prompt_tokens, 1000000000000),
            min(NEW.completion_tokens, 1000000000000), min(NEW.model_requests, 1000000000000)
        FROM rollup_grain WHERE true
        ON CONFLICT (org_id, agent_id, grain, start) DO UPDATE SET completed = completed + excluded.completed,
            failed = failed + excluded.failed, cancelled = cancelled + excluded.cancelled,
            response_micros = response_micros + excluded.response_micros,
            prompt_tokens = prompt_tokens + excluded.prompt_tokens,
            completion_tokens = completion_tokens + excluded.completion_tokens,
            model_requests = model_requests + excluded.model_requests;
    INSERT INTO response_time (org_id, agent_id, grain, start, step, tasks)
        SELECT NEW.org_id, NEW.agent_id, word, NEW.completed_at - ((NEW.completed_at % micros) + micros) % micros,
            (SELECT max(lower) FROM duration_step WHERE lower <= max(coalesce(NEW.completed_at - NEW.attempt_started_at, 0), 0)), 1
        FROM rollup_grain WHERE NEW.phase = 'completed'
        ON CONFLICT (org_id, agent_id, grain, start, step) DO UPDATE SET tasks = tasks + 1;
    INSERT INTO project_usage (org_id, project_id, grain, start, model, completed, failed)
        SELECT NEW.org_id, NEW.project_id, word, NEW.completed_at - ((NEW.completed_at % micros) + micros) % micros, config ->> 'model',
            NEW.phase = 'completed', NEW.phase = 'failed'
        FROM agent, rollup_grain
        WHERE org_id = NEW.org_id AND id = NEW.agent_id AND NEW.phase IN ('completed', 'failed')
        ON CONFLICT (org_id, project_id, grain, start, model) DO UPDATE
            SET completed = completed + excluded.completed, failed = failed + excluded.failed;
END;

CREATE TRIGGER task_made_charged AFTER INSERT ON task
    WHEN NEW.prompt_tokens <> 0 OR NEW.completion_tokens <> 0 OR NEW.model_requests <> 0 BEGIN
    INSERT INTO project_usage (org_id, project_id, grain, start, model, prompt_tokens, completion_tokens, model_requests)
        SELECT NEW.org_id, NEW.project_id, word, NEW.updated_at - ((NEW.updated_at % micros) + micros) % micros, config ->> 'model',
            min(NEW.prompt_tokens, 1000000000000), min(NEW.completion_tokens, 1000000000000),
            min(NEW.model_requests, 1000000000000)
        FROM agent, rollup_grain WHERE org_id = NEW.org_id AND id = NEW.agent_id
        ON CONFLICT (org_id, project_id, grain, start, model) DO UPDATE
            SET prompt_tokens = prompt_tokens + excluded.prompt_tokens,
                completion_tokens = completion_tokens + excluded.completion_tokens,
                model_requests = model_requests + excluded.model_requests;
END;

CREATE TRIGGER task_charged AFTER UPDATE OF prompt_tokens, completion_tokens, model_requests ON task
    WHEN (NEW.prompt_tokens, NEW.completion_tokens, NEW.model_requests)
        <> (OLD.prompt_tokens, OLD.completion_tokens, OLD.model_requests) BEGIN
    INSERT INTO project_usage (org_id, project_id, grain, start, model, prompt_tokens, completion_tokens, model_requests)
        SELECT NEW.org_id, NEW.project_id, word, NEW.updated_at - ((NEW.updated_at % micros) + micros) % micros, config ->> 'model',
            min(NEW.prompt_tokens - OLD.prompt_tokens, 1000000000000), min(NEW.completion_tokens - OLD.completion_tokens, 1000000000000),
            min(NEW.model_requests - OLD.model_requests, 1000000000000)
        FROM agent, rollup_grain WHERE org_id = NEW.org_id AND id = NEW.agent_id
        ON CONFLICT (org_id, project_id, grain, start, model) DO UPDATE
            SET prompt_tokens = prompt_tokens + excluded.prompt_tokens,
                completion_tokens = completion_tokens + excluded.completion_tokens,
                model_requests = model_requests + excluded.model_requests;
END;

CREATE TRIGGER resource_sampled AFTER INSERT ON resource_sample BEGIN
    INSERT INTO resource_figure
        SELECT NEW.org_id, NEW.agent_id, word, NEW.at - ((NEW.at % micros) + micros) % micros,
            NEW.cpu IS NOT NULL, coalesce(NEW.cpu, 0.0), coalesce(NEW.cpu, 0.0),
            NEW.memory IS NOT NULL, coalesce(NEW.memory, 0.0), coalesce(NEW.memory, 0.0),
            NEW.disk IS NOT NULL, coalesce(NEW.disk, 0.0), coalesce(NEW.disk, 0.0),
            min(coalesce(NEW.received, 0), 1000000000000000), min(coalesce(NEW.sent, 0), 1000000000000000)
        FROM rollup_grain WHERE true
        ON CONFLICT (org_id, agent_id, grain, start) DO UPDATE SET
            cpu_count = cpu_count + excluded.cpu_count, cpu_sum = cpu_sum + excluded.cpu_sum,
            cpu_max = max(cpu_max, excluded.cpu_max),
            memory_count = memory_count + excluded.memory_count, memory_sum = memory_sum + excluded.memory_sum,
            memory_max = max(memory_max, excluded.memory_max),
            disk_count = disk_count + excluded.disk_count, disk_sum = disk_sum + excluded.disk_sum,
            disk_max = max(disk_max, excluded.disk_max),
            received = received + excluded.received, sent = sent + excluded.sent;
    INSERT INTO project_usage (org_id, project_id, grain, start, model, agent_micros)
        SELECT NEW.org_id, project_id, word, NEW.at - ((NEW.at % micros) + micros) % micros, config ->> 'model', NEW.window_micros
        FROM agent, rollup_grain WHERE org_id = NEW.org_id AND id = NEW.agent_id
        ON CONFLICT (org_id, project_id, grain, start, model) DO UPDATE SET agent_micros = agent_micros + excluded.agent_micros;
END;
