-- Figures over time: how many log lines, tasks, response times and resource readings there were in each minute, hour, day
-- and quarter of an hour or day.
--
-- Triggers keep the figures, so that every way in which a line, a task or a sample is written, sent twice or removed keeps them
-- true. `start` is in microseconds since 1970: a bucket of any length is start - start % length, on both databases.

CREATE TABLE rollup_grain (
    word text COLLATE "C" CONSTRAINT rollup_grain_key PRIMARY KEY,
    micros bigint NOT NULL
);
INSERT INTO rollup_grain (word, micros) VALUES ('minute', 60000000), ('quarter_hour', 900000000), ('hour', 3600000000),
    ('quarter_day', 21600000000), ('day', 86400000000);

-- The lower bounds of the histogram's steps, 32 to each power of two (connix_domain::telemetry::Histogram).
CREATE TABLE duration_step (
    lower bigint CONSTRAINT duration_step_key PRIMARY KEY
);
INSERT INTO duration_step (lower)
    SELECT exact FROM generate_series(0::bigint, 63) AS exact
    UNION ALL
    SELECT (32 + step)::bigint << shift FROM generate_series(0, 31) AS step, generate_series(1, 34) AS shift;

CREATE FUNCTION micros_of(at timestamptz) RETURNS bigint LANGUAGE sql STABLE STRICT AS
    $$ SELECT (extract(epoch FROM at) * 1000000)::bigint $$;

CREATE FUNCTION rollup_start(micros bigint, length bigint) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT AS
    $$ SELECT micros - ((micros % length) + length) % length $$;

-- How many lines there are of each level: not by quarters, since every line is counted in each grain.
CREATE TABLE log_count (
    org_id text COLLATE "C" NOT NULL,
    agent_id text COLLATE "C" NOT NULL,
    grain text COLLATE "C" NOT NULL,
    start bigint NOT NULL,
    level text COLLATE "C" NOT NULL,
    lines bigint NOT NULL,
    CONSTRAINT log_count_key PRIMARY KEY (org_id, agent_id, grain, start, level),
    CONSTRAINT log_count_agent FOREIGN KEY (org_id, agent_id) REFERENCES agent (org_id, id) ON DELETE CASCADE
) WITH (fillfactor = 70);
-- Retention looks for the agents that have old lines.
CREATE INDEX log_count_day ON log_count (org_id, start) WHERE grain = 'day';

-- Made in that time, and ended in that time.
CREATE TABLE task_figure (
    org_id text COLLATE "C" NOT NULL,
    agent_id text COLLATE "C" NOT NULL,
    grain text COLLATE "C" NOT NULL,
    start bigint NOT NULL,
    created bigint NOT NULL DEFAULT 0,
    completed bigint NOT NULL DEFAULT 0,
    failed bigint NOT NULL DEFAULT 0,
    cancelled bigint NOT NULL DEFAULT 0,
    response_micros bigint NOT NULL DEFAULT 0,
    prompt_tokens bigint NOT NULL DEFAULT 0,
    completion_tokens bigint NOT NULL DEFAULT 0,
    model_requests bigint NOT NULL DEFAULT 0,
    CONSTRAINT task_figure_key PRIMARY KEY (org_id, agent_id, grain, start),
    CONSTRAINT task_figure_agent FOREIGN KEY (org_id, agent_id) REFERENCES agent (org_id, id) ON DELETE CASCADE
) WITH (fillfactor = 70);

-- How many of the tasks that completed took how long: a histogram that merges by SUM … GROUP BY step.
CREATE TABLE response_time (
    org_id text COLLATE "C" NOT NULL,
    agent_id text COLLATE "C" NOT NULL,
    grain text COLLATE "C" NOT NULL,
    start bigint NOT NULL,
    step bigint NOT NULL,
    tasks bigint NOT NULL,
    CONSTRAINT response_time_key PRIMARY KEY (org_id, agent_id, grain, start, step) INCLUDE (tasks),
    CONSTRAINT response_time_agent FOREIGN KEY (org_id, agent_id) REFERENCES agent (org_id, id) ON DELETE CASCADE
) WITH (fillfactor = 70);

-- What an incarnation used in the window that ended at `at`. Empty: not measured.
CREATE TABLE resource_sample (
    org_id text COLLATE "C" NOT NULL,
    agent_id text COLLATE "C" NOT NULL,
    incarnation bigint NOT NULL,
    at timestamptz NOT NULL,
    window_micros bigint NOT NULL,
    cpu double precision,
    cpu_source text COLLATE "C",
    memory double precision,
    memory_source text COLLATE "C",
    disk double precision,
    disk_source text COLLATE "C",
    received bigint,
    sent bigint,
    network_source text COLLATE "C",
    CONSTRAINT resource_sample_key PRIMARY KEY (org_id, agent_id, at, incarnation),
    CONSTRAINT resource_sample_agent FOREIGN KEY (org_id, agent_id) REFERENCES agent (org_id, id) ON DELETE CASCADE
);
CREATE INDEX resource_sample_time ON resource_sample (org_id, at);

CREATE TABLE resource_figure (
    org_id text COLLATE "C" NOT NULL,
    agent_id text COLLATE "C" NOT NULL,
    grain text COLLATE "C" NOT NULL,
    start bigint NOT NULL,
    cpu_count bigint NOT NULL,
    cpu_sum double precision NOT NULL,
    cpu_max double precision NOT NULL,
    memory_count bigint NOT NULL,
    memory_sum double precision NOT NULL,
    memory_max double precision NOT NULL,
    disk_count bigint NOT NULL,
    disk_sum double precision NOT NULL,
    disk_max double precision NOT NULL,
    received bigint NOT NULL,
    sent bigint NOT NULL,
    CONSTRAINT resource_figure_key PRIMARY KEY (org_id, agent_id, grain, start),
    CONSTRAINT resource_figure_agent FOREIGN KEY (org_id, agent_id) REFERENCES agent (org_id, id) ON DELETE CASCADE
) WITH (fillfactor = 70);

-- What a project is charged for, by the model that its agents were configured with. Outlives the agents.
CREATE TABLE project_usage (
    org_id text COLLATE "C" NOT NULL,
    project_id text COLLATE "C" NOT NULL,
    grain text COLLATE "C" NOT NULL,
    start bigint NOT NULL,
    model text COLLATE "C" NOT NULL,
    prompt_tokens bigint NOT NULL DEFAULT 0,
    completion_tokens bigint NOT NULL DEFAULT 0,
    model_requests bigint NOT NULL DEFAULT 0,
    completed bigint NOT NULL DEFAULT 0,
    failed bigint NOT NULL DEFAULT 0,
    agent_micros bigint NOT NULL DEFAULT 0,
    CONSTRAINT project_usage_key PRIMARY KEY (org_id, project_id, grain, start, model),
    CONSTRAINT project_usage_project FOREIGN KEY (org_id, project_id) REFERENCES project (org_id, id) ON DELETE CASCADE
) WITH (fillfactor = 70);

-- One level's page, however rare the level is; the tasks that ended in a time.
CREATE INDEX log_level_time ON log (org_id, agent_id, level, at, position);
CREATE INDEX task_completed ON task (org_id, agent_id, completed_at) WHERE completed_at IS NOT NULL;

-- What there is already.

INSERT INTO log_count (org_id, agent_id, grain, start, level, lines)
    SELECT log.org_id, agent_id, word, rollup_start(micros_of(at), micros), level, count(*)
    FROM log, rollup_grain WHERE word IN ('minute', 'hour', 'day') GROUP BY 1, 2, 3, 4, 5;

INSERT INTO task_figure (org_id, agent_id, grain, start, created)
    SELECT org_id, agent_id, word, rollup_start(micros_of(created_at), micros), count(*)
    FROM task, rollup_grain GROUP BY 1, 2, 3, 4;

INSERT INTO task_figure (org_id, agent_id, grain, start, completed, failed, cancelled, response_micros, prompt_tokens,
        completion_tokens, model_requests)
    SELECT org_id, agent_id, word, rollup_start(micros_of(completed_at), micros),
        count(*) FILTER (WHERE phase = 'completed'), count(*) FILTER (WHERE phase = 'failed'),
        count(*) FILTER (WHERE phase = 'cancelled'),
        coalesce(sum(greatest(micros_of(completed_at) - micros_of(attempt_started_at), 0)) FILTER (WHERE phase = 'completed'), 0),
        sum(least(prompt_tokens, 1000000000000)), sum(least(completion_tokens, 1000000000000)),
        sum(least(model_requests, 1000000000000))
    FROM task, rollup_grain
    WHERE phase IN ('completed', 'failed', 'cancelled') AND completed_at IS NOT NULL GROUP BY 1, 2, 3, 4
    ON CONFLICT (org_id, agent_id, grain, start) DO UPDATE SET completed = excluded.completed, failed = excluded.failed,
        cancelled = excluded.cancelled, response_micros = excluded.response_micros, prompt_tokens = excluded.prompt_tokens,
        completion_tokens = excluded.completion_tokens, model_requests = excluded.model_requests;

INSERT INTO response_time (org_id, agent_id, grain, start, step, tasks)
    SELECT org_id, agent_id, word, rollup_start(micros_of(completed_at), micros),
        (SELECT max(lower) FROM duration_step
            WHERE lower <= greatest(coalesce(micros_of(completed_at) - micros_of(attempt_started_at), 0), 0)),
        count(*)
    FROM task, rollup_grain WHERE phase = 'completed' AND completed_at IS NOT NULL GROUP BY 1, 2, 3, 4, 5;

INSERT INTO project_usage (org_id, project_id, grain, start, model, prompt_tokens, completion_tokens, model_requests, completed,
        failed)
    SELECT task.org_id, task.project_id, word, rollup_start(micros_of(task.updated_at), micros), agent.config ->> 'model',
        sum(least(prompt_tokens, 1000000000000)), sum(least(completion_tokens, 1000000000000)),
        sum(least(model_requests, 1000000000000)),
        count(*) FILTER (WHERE task.phase = 'completed'), count(*) FILTER (WHERE task.phase = 'failed')
    FROM task JOIN agent ON agent.org_id = task.org_id AND agent.id = task.agent_id, rollup_grain
    WHERE prompt_tokens <> 0 OR completion_tokens <> 0 OR model_requests <> 0 OR task.phase IN ('completed', 'failed')
    GROUP BY 1, 2, 3, 4, 5;

-- From now on.

CREATE FUNCTION count_added_lines() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO log_count (org_id, agent_id, grain, start, level, lines)
        SELECT added.org_id, added.agent_id, word, rollup_start(micros_of(added.at), micros), added.level, count(*)
        FROM added, rollup_grain WHERE word IN ('minute', 'hour', 'day') GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
        ON CONFLICT (org_id, agent_id, grain, start, level) DO UPDATE SET lines = log_count.lines + excluded.lines;
    RETURN NULL;
END $$;
CREATE TRIGGER log_added AFTER INSERT ON log REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION count_added_lines();

CREATE FUNCTION count_removed_lines() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE log_count SET lines = log_count.lines - gone.lines
        FROM (SELECT org_id, agent_id, word, rollup_start(micros_of(at), micros) AS start, level, count(*) AS lines
            FROM removed, rollup_grain WHERE word IN ('minute', 'hour', 'day') GROUP BY 1, 2, 3, 4, 5) AS gone
        WHERE log_count.org_id = gone.org_id AND log_count.agent_id = gone.agent_id AND log_count.grain = gone.word
            AND log_count.start = gone.start AND log_count.level = gone.level;
    DELETE FROM log_count
        USING (SELECT DISTINCT org_id, agent_id, word, rollup_start(micros_of(at), micros) AS start, level
            FROM removed, rollup_grain WHERE word IN ('minute', 'hour', 'day')) AS gone
        WHERE log_count.org_id = gone.org_id AND log_count.agent_id = gone.agent_id AND log_count.grain = gone.word
            AND log_count.start = gone.start AND log_count.level = gone.level AND log_count.lines = 0;
    RETURN NULL;
END $$;
CREATE TRIGGER log_removed AFTER DELETE ON log REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION count_removed_lines();

CREATE FUNCTION count_created_task() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO task_figure (org_id, agent_id, grain, start, created)
        SELECT NEW.org_id, NEW.agent_id, word, rollup_start(micros_of(NEW.created_at), micros), 1 FROM rollup_grain
        ON CONFLICT (org_id, agent_id, grain, start) DO UPDATE SET created = task_figure.created + 1;
    RETURN NULL;
END $$;
CREATE TRIGGER task_created AFTER INSERT ON task FOR EACH ROW EXECUTE FUNCTION count_created_task();

CREATE FUNCTION count_ended_task() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    is_completed integer := (NEW.phase = 'completed')::integer;
    is_failed integer := (NEW.phase = 'failed')::integer;
    took bigint := greatest(coalesce(micros_of(NEW.completed_at) - micros_of(NEW.attempt_started_at), 0), 0);
BEGIN
    INSERT INTO task_figure (org_id, agent_id, grain, start, completed, failed, cancelled, response_micros, prompt_tokens,
            completion_tokens, model_requests)
        SELECT NEW.org_id, NEW.agent_id, word, rollup_start(micros_of(NEW.completed_at), micros), is_completed, is_failed,
            (NEW.phase = 'cancelled')::integer, is_completed * took, least(NEW.prompt_tokens, 1000000000000),
            least(NEW.completion_tokens, 1000000000000), least(NEW.model_requests, 1000000000000)
        FROM rollup_grain
        ON CONFLICT (org_id, agent_id, grain, start) DO UPDATE SET completed = task_figure.completed + excluded.completed,
            failed = task_figure.failed + excluded.failed, cancelled = task_figure.cancelled + excluded.cancelled,
            response_micros = task_figure.response_micros + excluded.response_micros,
            prompt_tokens = task_figure.prompt_tokens + excluded.prompt_tokens,
            completion_tokens = task_figure.completion_tokens + excluded.completion_tokens,
            model_requests = task_figure.model_requests + excluded.model_requests;
    INSERT INTO response_time (org_id, agent_id, grain, start, step, tasks)
        SELECT NEW.org_id, NEW.agent_id, word, rollup_start(micros_of(NEW.completed_at), micros),
            (SELECT max(lower) FROM duration_step WHERE lower <= took), 1
        FROM rollup_grain WHERE is_completed = 1
        ON CONFLICT (org_id, agent_id, grain, start, step) DO UPDATE SET tasks = response_time.tasks + 1;
    INSERT INTO project_usage (org_id, project_id, grain, start, model, completed, failed)
        SELECT NEW.org_id, NEW.project_id, word, rollup_start(micros_of(NEW.completed_at), micros), config ->> 'model',
            is_completed, is_failed
        FROM agent, rollup_grain WHERE org_id = NEW.org_id AND id = NEW.agent_id AND is_completed + is_failed > 0
        ON CONFLICT (org_id, project_id, grain, start, model) DO UPDATE
            SET completed = project_usage.completed + excluded.completed, failed = project_usage.failed + excluded.failed;
    RETURN NULL;
END $$;
CREATE TRIGGER task_made_ended AFTER INSERT ON task FOR EACH ROW
    WHEN (NEW.phase IN ('completed', 'failed', 'cancelled') AND NEW.completed_at IS NOT NULL)
    EXECUTE FUNCTION count_ended_task();
CREATE TRIGGER task_ended AFTER UPDATE OF phase ON task FOR EACH ROW
    WHEN (OLD.phase NOT IN ('completed', 'failed', 'cancelled')
        AND NEW.phase IN ('completed', 'failed', 'cancelled') AND NEW.completed_at IS NOT NULL)
    EXECUTE FUNCTION count_ended_task();

CREATE FUNCTION charge_tokens() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    prompt bigint := NEW.prompt_tokens;
    completion bigint := NEW.completion_tokens;
    requests bigint := NEW.model_requests;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        prompt := prompt - OLD.prompt_tokens;
        completion := completion - OLD.completion_tokens;
        requests := requests - OLD.model_requests;
    END IF;
    INSERT INTO project_usage (org_id, project_id, grain, start, model, prompt_tokens, completion_tokens, model_requests)
        SELECT NEW.org_id, NEW.project_id, word, rollup_start(micros_of(NEW.updated_at), micros), config ->> 'model',
            least(prompt, 1000000000000), least(completion, 1000000000000), least(requests, 1000000000000)
        FROM agent, rollup_grain WHERE org_id = NEW.org_id AND id = NEW.agent_id
        ON CONFLICT (org_id, project_id, grain, start, model) DO UPDATE
            SET prompt_tokens = project_usage.prompt_tokens + excluded.prompt_tokens,
                completion_tokens = project_usage.completion_tokens + excluded.completion_tokens,
                model_requests = project_usage.model_requests + excluded.model_requests;
    RETURN NULL;
END $$;
CREATE TRIGGER task_made_charged AFTER INSERT ON task FOR EACH ROW
    WHEN (NEW.prompt_tokens <> 0 OR NEW.completion_tokens <> 0 OR NEW.model_requests <> 0)
    EXECUTE FUNCTION charge_tokens();
CREATE TRIGGER task_charged AFTER UPDATE OF prompt_tokens, completion_tokens, model_requests ON task FOR EACH ROW
    WHEN ((NEW.prompt_tokens, NEW.completion_tokens, NEW.model_requests)
        IS DISTINCT FROM (OLD.prompt_tokens, OLD.completion_tokens, OLD.model_requests))
    EXECUTE FUNCTION charge_tokens();

CREATE FUNCTION count_sample() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO resource_figure AS kept
        SELECT NEW.org_id, NEW.agent_id, word, rollup_start(micros_of(NEW.at), micros),
            (NEW.cpu IS NOT NULL)::integer, coalesce(NEW.cpu, 0), coalesce(NEW.cpu, 0),
            (NEW.memory IS NOT NULL)::integer, coalesce(NEW.memory, 0), coalesce(NEW.memory, 0),
            (NEW.disk IS NOT NULL)::integer, coalesce(NEW.disk, 0), coalesce(NEW.disk, 0),
            least(coalesce(NEW.received, 0), 1000000000000000), least(coalesce(NEW.sent, 0), 1000000000000000)
        FROM rollup_grain
        ON CONFLICT (org_id, agent_id, grain, start) DO UPDATE SET
            cpu_count = kept.cpu_count + excluded.cpu_count, cpu_sum = kept.cpu_sum + excluded.cpu_sum,
            cpu_max = greatest(kept.cpu_max, excluded.cpu_max),
            memory_count = kept.memory_count + excluded.memory_count, memory_sum = kept.memory_sum + excluded.memory_sum,
            memory_max = greatest(kept.memory_max, excluded.memory_max),
            disk_count = kept.disk_count + excluded.disk_count, disk_sum = kept.disk_sum + excluded.disk_sum,
            disk_max = greatest(kept.disk_max, excluded.disk_max),
            received = kept.received + excluded.received, sent = kept.sent + excluded.sent;
    INSERT INTO project_usage (org_id, project_id, grain, start, model, agent_micros)
        SELECT NEW.org_id, project_id, word, rollup_start(micros_of(NEW.at), micros), config ->> 'model', NEW.window_micros
        FROM agent, rollup_grain WHERE org_id = NEW.org_id AND id = NEW.agent_id
        ON CONFLICT (org_id, project_id, grain, start, model) DO UPDATE
            SET agent_micros = project_usage.agent_micros + excluded.agent_micros;
    RETURN NULL;
END $$;
CREATE TRIGGER resource_sampled AFTER INSERT ON resource_sample FOR EACH ROW EXECUTE FUNCTION count_sample();
