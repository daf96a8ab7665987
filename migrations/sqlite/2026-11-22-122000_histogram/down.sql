CREATE TABLE duration_step (
    lower INTEGER NOT NULL PRIMARY KEY
) STRICT;
INSERT INTO duration_step (lower)
    WITH RECURSIVE exact (lower) AS (SELECT 0 UNION ALL SELECT lower + 1 FROM exact WHERE lower < 63),
        step (n) AS (SELECT 32 UNION ALL SELECT n + 1 FROM step WHERE n < 63),
        shift (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM shift WHERE n < 34)
    SELECT lower FROM exact UNION ALL SELECT step.n << shift.n FROM step, shift;

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

INSERT INTO response_time (org_id, agent_id, grain, start, step, tasks)
    WITH RECURSIVE parts (part) AS (SELECT 0 UNION ALL SELECT part + 1 FROM parts WHERE part < 31),
        counted AS (SELECT response_histogram.*, part,
            CASE part WHEN 0 THEN c0 WHEN 1 THEN c1 WHEN 2 THEN c2 WHEN 3 THEN c3 WHEN 4 THEN c4 WHEN 5 THEN c5 WHEN 6 THEN c6
            WHEN 7 THEN c7 WHEN 8 THEN c8 WHEN 9 THEN c9 WHEN 10 THEN c10 WHEN 11 THEN c11 WHEN 12 THEN c12 WHEN 13 THEN c13
            WHEN 14 THEN c14 WHEN 15 THEN c15 WHEN 16 THEN c16 WHEN 17 THEN c17 WHEN 18 THEN c18 WHEN 19 THEN c19 WHEN 20 THEN
            c20 WHEN 21 THEN c21 WHEN 22 THEN c22 WHEN 23 THEN c23 WHEN 24 THEN c24 WHEN 25 THEN c25 WHEN 26 THEN c26 WHEN 27
            THEN c27 WHEN 28 THEN c28 WHEN 29 THEN c29 WHEN 30 THEN c30 WHEN 31 THEN c31 END AS tasks
            FROM response_histogram, parts)
    SELECT org_id, agent_id, grain, start, base + part * unit, tasks FROM counted JOIN duration_octave ON base = octave
    WHERE tasks > 0;

DROP TRIGGER task_made_ended;
DROP TRIGGER task_ended;

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
        SELECT NEW.org_id, NEW.project_id, word, NEW.completed_at - ((NEW.completed_at % micros) + micros) % micros, coalesce(NEW.model, config ->> 'model'),
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
        SELECT NEW.org_id, NEW.project_id, word, NEW.completed_at - ((NEW.completed_at % micros) + micros) % micros, coalesce(NEW.model, config ->> 'model'),
            NEW.phase = 'completed', NEW.phase = 'failed'
        FROM agent, rollup_grain
        WHERE org_id = NEW.org_id AND id = NEW.agent_id AND NEW.phase IN ('completed', 'failed')
        ON CONFLICT (org_id, project_id, grain, start, model) DO UPDATE
            SET completed = completed + excluded.completed, failed = failed + excluded.failed;
END;

DROP TABLE response_histogram;
DROP TABLE duration_octave;
