-- The histogram of response times with the 32 steps of each power of two in one row: what a question reads is then nearly the
-- same however many tasks there were, and a tenth of the rows is kept.

-- The lowest duration of each power of two, and how long its steps are (connix_domain::telemetry::Histogram).
CREATE TABLE duration_octave (
    base INTEGER NOT NULL PRIMARY KEY,
    unit INTEGER NOT NULL
) STRICT;
INSERT INTO duration_octave (base, unit)
    WITH RECURSIVE shift (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM shift WHERE n < 34)
    SELECT 0, 1 UNION ALL SELECT 32 << n, 1 << n FROM shift;

CREATE TABLE response_histogram (
    org_id TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    grain TEXT NOT NULL,
    start INTEGER NOT NULL,
    octave INTEGER NOT NULL,
    c0 INTEGER NOT NULL, c1 INTEGER NOT NULL, c2 INTEGER NOT NULL, c3 INTEGER NOT NULL, c4 INTEGER NOT NULL,
    c5 INTEGER NOT NULL, c6 INTEGER NOT NULL, c7 INTEGER NOT NULL, c8 INTEGER NOT NULL, c9 INTEGER NOT NULL,
    c10 INTEGER NOT NULL, c11 INTEGER NOT NULL, c12 INTEGER NOT NULL, c13 INTEGER NOT NULL, c14 INTEGER NOT NULL,
    c15 INTEGER NOT NULL, c16 INTEGER NOT NULL, c17 INTEGER NOT NULL, c18 INTEGER NOT NULL, c19 INTEGER NOT NULL,
    c20 INTEGER NOT NULL, c21 INTEGER NOT NULL, c22 INTEGER NOT NULL, c23 INTEGER NOT NULL, c24 INTEGER NOT NULL,
    c25 INTEGER NOT NULL, c26 INTEGER NOT NULL, c27 INTEGER NOT NULL, c28 INTEGER NOT NULL, c29 INTEGER NOT NULL,
    c30 INTEGER NOT NULL, c31 INTEGER NOT NULL,
    CONSTRAINT response_histogram_key PRIMARY KEY (org_id, agent_id, grain, start, octave),
    CONSTRAINT response_histogram_agent FOREIGN KEY (org_id, agent_id) REFERENCES agent (org_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

INSERT INTO response_histogram
    SELECT org_id, agent_id, grain, start, base,
        coalesce(sum(tasks) FILTER (WHERE (step - base) / unit = 0), 0),
        coalesce(sum(tasks) FILTER (WHERE (step - base) / unit = 1), 0),
        coalesce(sum(tasks) FILTER (WHERE (step - base) / unit = 2), 0),
        coalesce(sum(tasks) FILTER (WHERE (step - base) / unit = 3), 0),
        coalesce(sum(tasks) FILTER (WHERE (step - base) / unit = 4), 0),
        coalesce(sum(tasks) FILTER (WHERE (step - base) / unit = 5), 0),
        coalesce(sum(tasks) FILTER (WHERE (step - base) / unit = 6), 0),
        coalesce(sum(tasks) FILTER (WHERE (step - base) / unit = 7), 0),
        coalesce(sum(tasks) FILTER (WHERE (step - base) / unit = 8), 0),
        coalesce(sum(tasks) FILTER (WHERE (step - base) / unit = 9), 0),
        coalesce(sum(tasks) FILTER (WHERE (step - base) / unit = 10), 0),
        coalesce(sum(tasks) FILTER (WHERE (step - base) / unit = 11), 0),
        coalesce(sum(tasks) FILTER (WHERE (step - base) / unit = 12), 0),
        coalesce(sum(tasks) FILTER (WHERE (step - base) / unit = 13), 0),
        coalesce(sum(tasks) FILTER (WHERE (step - base) / unit = 14), 0),
        coalesce(sum(tasks) FILTER (WHERE (step - base) / unit = 15), 0),
        coalesce(sum(tasks) FILTER (WHERE (step - base) / unit = 16), 0),
        coalesce(sum(tasks) FILTER (WHERE (step - base) / unit = 17), 0),
        coalesce(sum(tasks) FILTER (WHERE (step - base) / unit = 18), 0),
        coalesce(sum(tasks) FILTER (WHERE (step - base) / unit = 19), 0),
        coalesce(sum(tasks) FILTER (WHERE (step - base) / unit = 20), 0),
        coalesce(sum(tasks) FILTER (WHERE (step - base) / unit = 21), 0),
        coalesce(sum(tasks) FILTER (WHERE (step - base) / unit = 22), 0),
        coalesce(sum(tasks) FILTER (WHERE (step - base) / unit = 23), 0),
        coalesce(sum(tasks) FILTER (WHERE (step - base) / unit = 24), 0),
        coalesce(sum(tasks) FILTER (WHERE (step - base) / unit = 25), 0),
        coalesce(sum(tasks) FILTER (WHERE (step - base) / unit = 26), 0),
        coalesce(sum(tasks) FILTER (WHERE (step - base) / unit = 27), 0),
        coalesce(sum(tasks) FILTER (WHERE (step - base) / unit = 28), 0),
        coalesce(sum(tasks) FILTER (WHERE (step - base) / unit = 29), 0),
        coalesce(sum(tasks) FILTER (WHERE (step - base) / unit = 30), 0),
        coalesce(sum(tasks) FILTER (WHERE (step - base) / unit = 31), 0)
    FROM response_time JOIN duration_octave ON base = (SELECT max(base) FROM duration_octave WHERE base <= step)
    GROUP BY 1, 2, 3, 4, 5;

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
    INSERT INTO response_histogram
        SELECT NEW.org_id, NEW.agent_id, word, NEW.completed_at - ((NEW.completed_at % micros) + micros) % micros, base,
            step = 0, step = 1, step = 2, step = 3, step = 4, step = 5, step = 6, step = 7, step = 8, step = 9, step = 10,
            step = 11, step = 12, step = 13, step = 14, step = 15, step = 16, step = 17, step = 18, step = 19, step = 20,
            step = 21, step = 22, step = 23, step = 24, step = 25, step = 26, step = 27, step = 28, step = 29, step = 30,
            step = 31
        FROM rollup_grain, (SELECT base, min((max(coalesce(NEW.completed_at - NEW.attempt_started_at, 0), 0) - base) / unit, 31) AS step
            FROM duration_octave WHERE base <= max(coalesce(NEW.completed_at - NEW.attempt_started_at, 0), 0) ORDER BY base DESC LIMIT 1)
        WHERE NEW.phase = 'completed'
        ON CONFLICT (org_id, agent_id, grain, start, octave) DO UPDATE SET
            c0 = c0 + excluded.c0, c1 = c1 + excluded.c1, c2 = c2 + excluded.c2, c3 = c3 + excluded.c3, c4 = c4 + excluded.c4,
            c5 = c5 + excluded.c5, c6 = c6 + excluded.c6, c7 = c7 + excluded.c7, c8 = c8 + excluded.c8, c9 = c9 + excluded.c9,
            c10 = c10 + excluded.c10, c11 = c11 + excluded.c11, c12 = c12 + excluded.c12, c13 = c13 + excluded.c13,
            c14 = c14 + excluded.c14, c15 = c15 + excluded.c15, c16 = c16 + excluded.c16, c17 = c17 + excluded.c17,
            c18 = c18 + excluded.c18, c19 = c19 + excluded.c19, c20 = c20 + excluded.c20, c21 = c21 + excluded.c21,
            c22 = c22 + excluded.c22, c23 = c23 + excluded.c23, c24 = c24 + excluded.c24, c25 = c25 + excluded.c25,
            c26 = c26 + excluded.c26, c27 = c27 + excluded.c27, c28 = c28 + excluded.c28, c29 = c29 + excluded.c29,
            c30 = c30 + excluded.c30, c31 = c31 + excluded.c31;
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
    INSERT INTO response_histogram
        SELECT NEW.org_id, NEW.agent_id, word, NEW.completed_at - ((NEW.completed_at % micros) + micros) % micros, base,
            step = 0, step = 1, step = 2, step = 3, step = 4, step = 5, step = 6, step = 7, step = 8, step = 9, step = 10,
            step = 11, step = 12, step = 13, step = 14, step = 15, step = 16, step = 17, step = 18, step = 19, step = 20,
            step = 21, step = 22, step = 23, step = 24, step = 25, step = 26, step = 27, step = 28, step = 29, step = 30,
            step = 31
        FROM rollup_grain, (SELECT base, min((max(coalesce(NEW.completed_at - NEW.attempt_started_at, 0), 0) - base) / unit, 31) AS step
            FROM duration_octave WHERE base <= max(coalesce(NEW.completed_at - NEW.attempt_started_at, 0), 0) ORDER BY base DESC LIMIT 1)
        WHERE NEW.phase = 'completed'
        ON CONFLICT (org_id, agent_id, grain, start, octave) DO UPDATE SET
            c0 = c0 + excluded.c0, c1 = c1 + excluded.c1, c2 = c2 + excluded.c2, c3 = c3 + excluded.c3, c4 = c4 + excluded.c4,
            c5 = c5 + excluded.c5, c6 = c6 + excluded.c6, c7 = c7 + excluded.c7, c8 = c8 + excluded.c8, c9 = c9 + excluded.c9,
            c10 = c10 + excluded.c10, c11 = c11 + excluded.c11, c12 = c12 + excluded.c12, c13 = c13 + excluded.c13,
            c14 = c14 + excluded.c14, c15 = c15 + excluded.c15, c16 = c16 + excluded.c16, c17 = c17 + excluded.c17,
            c18 = c18 + excluded.c18, c19 = c19 + excluded.c19, c20 = c20 + excluded.c20, c21 = c21 + excluded.c21,
            c22 = c22 + excluded.c22, c23 = c23 + excluded.c23, c24 = c24 + excluded.c24, c25 = c25 + excluded.c25,
            c26 = c26 + excluded.c26, c27 = c27 + excluded.c27, c28 = c28 + excluded.c28, c29 = c29 + excluded.c29,
            c30 = c30 + excluded.c30, c31 = c31 + excluded.c31;
    INSERT INTO project_usage (org_id, project_id, grain, start, model, completed, failed)
        SELECT NEW.org_id, NEW.project_id, word, NEW.completed_at - ((NEW.completed_at % micros) + micros) % micros, coalesce(NEW.model, config ->> 'model'),
            NEW.phase = 'completed', NEW.phase = 'failed'
        FROM agent, rollup_grain
        WHERE org_id = NEW.org_id AND id = NEW.agent_id AND NEW.phase IN ('completed', 'failed')
        ON CONFLICT (org_id, project_id, grain, start, model) DO UPDATE
            SET completed = completed + excluded.completed, failed = failed + excluded.failed;
END;

DROP TABLE response_time;
DROP TABLE duration_step;
