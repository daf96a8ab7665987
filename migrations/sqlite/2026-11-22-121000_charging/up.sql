-- What an attempt used is charged to the model that it was given, whatever its agent is told since; and what a project's
-- workspace held is kept by the minute.

ALTER TABLE task ADD COLUMN model TEXT; -- of the last attempt
ALTER TABLE resource_sample ADD COLUMN storage INTEGER;

-- The last measurement in each stretch of time. Outlives the agents.
CREATE TABLE project_storage (
    org_id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    grain TEXT NOT NULL,
    start INTEGER NOT NULL,
    measured_at INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    CONSTRAINT project_storage_key PRIMARY KEY (org_id, project_id, grain, start),
    CONSTRAINT project_storage_project FOREIGN KEY (org_id, project_id) REFERENCES project (org_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

DROP TRIGGER task_made_ended;
DROP TRIGGER task_ended;
DROP TRIGGER task_made_charged;
DROP TRIGGER task_charged;

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

CREATE TRIGGER task_made_charged AFTER INSERT ON task
    WHEN NEW.prompt_tokens <> 0 OR NEW.completion_tokens <> 0 OR NEW.model_requests <> 0 BEGIN
    INSERT INTO project_usage (org_id, project_id, grain, start, model, prompt_tokens, completion_tokens, model_requests)
        SELECT NEW.org_id, NEW.project_id, word, NEW.updated_at - ((NEW.updated_at % micros) + micros) % micros, coalesce(NEW.model, config ->> 'model'),
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
        SELECT NEW.org_id, NEW.project_id, word, NEW.updated_at - ((NEW.updated_at % micros) + micros) % micros, coalesce(NEW.model, config ->> 'model'),
            min(NEW.prompt_tokens - OLD.prompt_tokens, 1000000000000), min(NEW.completion_tokens - OLD.completion_tokens, 1000000000000),
            min(NEW.model_requests - OLD.model_requests, 1000000000000)
        FROM agent, rollup_grain WHERE org_id = NEW.org_id AND id = NEW.agent_id
        ON CONFLICT (org_id, project_id, grain, start, model) DO UPDATE
            SET prompt_tokens = prompt_tokens + excluded.prompt_tokens,
                completion_tokens = completion_tokens + excluded.completion_tokens,
                model_requests = model_requests + excluded.model_requests;
END;

CREATE TRIGGER storage_measured AFTER INSERT ON resource_sample WHEN NEW.storage IS NOT NULL BEGIN
    INSERT INTO project_storage
        SELECT NEW.org_id, project_id, word, NEW.at - ((NEW.at % micros) + micros) % micros, NEW.at, NEW.storage
        FROM agent, rollup_grain WHERE org_id = NEW.org_id AND id = NEW.agent_id
        ON CONFLICT (org_id, project_id, grain, start) DO UPDATE
            SET measured_at = excluded.measured_at, bytes = excluded.bytes WHERE measured_at <= excluded.measured_at;
END;
