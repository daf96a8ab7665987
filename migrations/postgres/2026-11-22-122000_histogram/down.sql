CREATE TABLE duration_step (
    lower bigint CONSTRAINT duration_step_key PRIMARY KEY
);
INSERT INTO duration_step (lower)
    SELECT exact FROM generate_series(0::bigint, 63) AS exact
    UNION ALL
    SELECT (32 + step)::bigint << shift FROM generate_series(0, 31) AS step, generate_series(1, 34) AS shift;

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

INSERT INTO response_time (org_id, agent_id, grain, start, step, tasks)
    SELECT org_id, agent_id, grain, start, base + part * unit, (ARRAY[c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16, c17, c18, c19, c20, c21, c22, c23, c24,
        c25, c26, c27, c28, c29, c30, c31])[part + 1]
    FROM response_histogram JOIN duration_octave ON base = octave, generate_series(0, 31) AS part
    WHERE (ARRAY[c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16, c17, c18, c19, c20, c21, c22, c23, c24,
        c25, c26, c27, c28, c29, c30, c31])[part + 1] > 0;

CREATE OR REPLACE FUNCTION count_ended_task() RETURNS trigger LANGUAGE plpgsql AS $$
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
        SELECT NEW.org_id, NEW.project_id, word, rollup_start(micros_of(NEW.completed_at), micros), coalesce(NEW.model, config ->> 'model'),
            is_completed, is_failed
        FROM agent, rollup_grain WHERE org_id = NEW.org_id AND id = NEW.agent_id AND is_completed + is_failed > 0
        ON CONFLICT (org_id, project_id, grain, start, model) DO UPDATE
            SET completed = project_usage.completed + excluded.completed, failed = project_usage.failed + excluded.failed;
    RETURN NULL;
END $$;

DROP TABLE response_histogram, duration_octave;
