DROP TRIGGER storage_measured ON resource_sample;
DROP FUNCTION keep_storage();
DROP TABLE project_storage;
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
        SELECT NEW.org_id, NEW.project_id, word, rollup_start(micros_of(NEW.completed_at), micros), config ->> 'model',
            is_completed, is_failed
        FROM agent, rollup_grain WHERE org_id = NEW.org_id AND id = NEW.agent_id AND is_completed + is_failed > 0
        ON CONFLICT (org_id, project_id, grain, start, model) DO UPDATE
            SET completed = project_usage.completed + excluded.completed, failed = project_usage.failed + excluded.failed;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION charge_tokens() RETURNS trigger LANGUAGE plpgsql AS $$
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
ALTER TABLE resource_sample DROP COLUMN storage;
ALTER TABLE task DROP COLUMN model;
