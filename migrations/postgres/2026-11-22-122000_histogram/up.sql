-- The histogram of response times with the 32 steps of each power of two in one row: what a question reads is then nearly the
-- same however many tasks there were, and a tenth of the rows is kept.

-- The lowest duration of each power of two, and how long its steps are (connix_domain::telemetry::Histogram).
CREATE TABLE duration_octave (
    base bigint CONSTRAINT duration_octave_key PRIMARY KEY,
    unit bigint NOT NULL
);
INSERT INTO duration_octave (base, unit) VALUES (0, 1);
INSERT INTO duration_octave (base, unit) SELECT 32::bigint << shift, 1::bigint << shift FROM generate_series(0, 34) AS shift;

CREATE TABLE response_histogram (
    org_id text COLLATE "C" NOT NULL,
    agent_id text COLLATE "C" NOT NULL,
    grain text COLLATE "C" NOT NULL,
    start bigint NOT NULL,
    octave bigint NOT NULL,
    c0 integer NOT NULL, c1 integer NOT NULL, c2 integer NOT NULL, c3 integer NOT NULL, c4 integer NOT NULL,
    c5 integer NOT NULL, c6 integer NOT NULL, c7 integer NOT NULL, c8 integer NOT NULL, c9 integer NOT NULL,
    c10 integer NOT NULL, c11 integer NOT NULL, c12 integer NOT NULL, c13 integer NOT NULL, c14 integer NOT NULL,
    c15 integer NOT NULL, c16 integer NOT NULL, c17 integer NOT NULL, c18 integer NOT NULL, c19 integer NOT NULL,
    c20 integer NOT NULL, c21 integer NOT NULL, c22 integer NOT NULL, c23 integer NOT NULL, c24 integer NOT NULL,
    c25 integer NOT NULL, c26 integer NOT NULL, c27 integer NOT NULL, c28 integer NOT NULL, c29 integer NOT NULL,
    c30 integer NOT NULL, c31 integer NOT NULL,
    CONSTRAINT response_histogram_key PRIMARY KEY (org_id, agent_id, grain, start, octave),
    CONSTRAINT response_histogram_agent FOREIGN KEY (org_id, agent_id) REFERENCES agent (org_id, id) ON DELETE CASCADE
) WITH (fillfactor = 70);

INSERT INTO response_histogram
    SELECT org_id, agent_id, grain, start, base,
        coalesce(sum(tasks) FILTER (WHERE part = 0), 0), coalesce(sum(tasks) FILTER (WHERE part = 1), 0),
        coalesce(sum(tasks) FILTER (WHERE part = 2), 0), coalesce(sum(tasks) FILTER (WHERE part = 3), 0),
        coalesce(sum(tasks) FILTER (WHERE part = 4), 0), coalesce(sum(tasks) FILTER (WHERE part = 5), 0),
        coalesce(sum(tasks) FILTER (WHERE part = 6), 0), coalesce(sum(tasks) FILTER (WHERE part = 7), 0),
        coalesce(sum(tasks) FILTER (WHERE part = 8), 0), coalesce(sum(tasks) FILTER (WHERE part = 9), 0),
        coalesce(sum(tasks) FILTER (WHERE part = 10), 0), coalesce(sum(tasks) FILTER (WHERE part = 11), 0),
        coalesce(sum(tasks) FILTER (WHERE part = 12), 0), coalesce(sum(tasks) FILTER (WHERE part = 13), 0),
        coalesce(sum(tasks) FILTER (WHERE part = 14), 0), coalesce(sum(tasks) FILTER (WHERE part = 15), 0),
        coalesce(sum(tasks) FILTER (WHERE part = 16), 0), coalesce(sum(tasks) FILTER (WHERE part = 17), 0),
        coalesce(sum(tasks) FILTER (WHERE part = 18), 0), coalesce(sum(tasks) FILTER (WHERE part = 19), 0),
        coalesce(sum(tasks) FILTER (WHERE part = 20), 0), coalesce(sum(tasks) FILTER (WHERE part = 21), 0),
        coalesce(sum(tasks) FILTER (WHERE part = 22), 0), coalesce(sum(tasks) FILTER (WHERE part = 23), 0),
        coalesce(sum(tasks) FILTER (WHERE part = 24), 0), coalesce(sum(tasks) FILTER (WHERE part = 25), 0),
        coalesce(sum(tasks) FILTER (WHERE part = 26), 0), coalesce(sum(tasks) FILTER (WHERE part = 27), 0),
        coalesce(sum(tasks) FILTER (WHERE part = 28), 0), coalesce(sum(tasks) FILTER (WHERE part = 29), 0),
        coalesce(sum(tasks) FILTER (WHERE part = 30), 0), coalesce(sum(tasks) FILTER (WHERE part = 31), 0)
    FROM (SELECT kept.*, base, (step - base) / unit AS part FROM response_time AS kept, LATERAL
        (SELECT base, unit FROM duration_octave WHERE base <= step ORDER BY base DESC LIMIT 1) AS octave) AS parts
    GROUP BY 1, 2, 3, 4, 5;

CREATE OR REPLACE FUNCTION count_ended_task() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    is_completed integer := (NEW.phase = 'completed')::integer;
    is_failed integer := (NEW.phase = 'failed')::integer;
    lowest bigint;
    step bigint;
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
    IF is_completed = 1 THEN
        SELECT base, least((took - base) / unit, 31) INTO lowest, step
            FROM duration_octave WHERE base <= took ORDER BY base DESC LIMIT 1;
        INSERT INTO response_histogram AS kept
            SELECT NEW.org_id, NEW.agent_id, word, rollup_start(micros_of(NEW.completed_at), micros), lowest,
                (step = 0)::integer, (step = 1)::integer, (step = 2)::integer, (step = 3)::integer, (step = 4)::integer,
                (step = 5)::integer, (step = 6)::integer, (step = 7)::integer, (step = 8)::integer, (step = 9)::integer,
                (step = 10)::integer, (step = 11)::integer, (step = 12)::integer, (step = 13)::integer, (step = 14)::integer,
                (step = 15)::integer, (step = 16)::integer, (step = 17)::integer, (step = 18)::integer, (step = 19)::integer,
                (step = 20)::integer, (step = 21)::integer, (step = 22)::integer, (step = 23)::integer, (step = 24)::integer,
                (step = 25)::integer, (step = 26)::integer, (step = 27)::integer, (step = 28)::integer, (step = 29)::integer,
                (step = 30)::integer, (step = 31)::integer
            FROM rollup_grain
            ON CONFLICT (org_id, agent_id, grain, start, octave) DO UPDATE SET
                c0 = kept.c0 + excluded.c0, c1 = kept.c1 + excluded.c1, c2 = kept.c2 + excluded.c2,
                c3 = kept.c3 + excluded.c3, c4 = kept.c4 + excluded.c4, c5 = kept.c5 + excluded.c5,
                c6 = kept.c6 + excluded.c6, c7 = kept.c7 + excluded.c7, c8 = kept.c8 + excluded.c8,
                c9 = kept.c9 + excluded.c9, c10 = kept.c10 + excluded.c10, c11 = kept.c11 + excluded.c11,
                c12 = kept.c12 + excluded.c12, c13 = kept.c13 + excluded.c13, c14 = kept.c14 + excluded.c14,
                c15 = kept.c15 + excluded.c15, c16 = kept.c16 + excluded.c16, c17 = kept.c17 + excluded.c17,
                c18 = kept.c18 + excluded.c18, c19 = kept.c19 + excluded.c19, c20 = kept.c20 + excluded.c20,
                c21 = kept.c21 + excluded.c21, c22 = kept.c22 + excluded.c22, c23 = kept.c23 + excluded.c23,
                c24 = kept.c24 + excluded.c24, c25 = kept.c25 + excluded.c25, c26 = kept.c26 + excluded.c26,
                c27 = kept.c27 + excluded.c27, c28 = kept.c28 + excluded.c28, c29 = kept.c29 + excluded.c29,
                c30 = kept.c30 + excluded.c30, c31 = kept.c31 + excluded.c31;
    END IF;
    INSERT INTO project_usage (org_id, project_id, grain, start, model, completed, failed)
        SELECT NEW.org_id, NEW.project_id, word, rollup_start(micros_of(NEW.completed_at), micros), coalesce(NEW.model, config ->> 'model'),
            is_completed, is_failed
        FROM agent, rollup_grain WHERE org_id = NEW.org_id AND id = NEW.agent_id AND is_completed + is_failed > 0
        ON CONFLICT (org_id, project_id, grain, start, model) DO UPDATE
            SET completed = project_usage.completed + excluded.completed, failed = project_usage.failed + excluded.failed;
    RETURN NULL;
END $$;

DROP TABLE response_time, duration_step;
