-- Log lines are followed by their position: whoever has seen one position must never find a smaller one later.
--
-- A sequence gives numbers in the order in which they are asked for, not in that of the commits. So who writes lines of an agent
-- takes its number under a lock that it holds until its commit.

ALTER TABLE log ALTER COLUMN position DROP IDENTITY;
CREATE SEQUENCE log_position OWNED BY log.position;
SELECT setval('log_position', coalesce((SELECT max(position) FROM log), 0) + 1, false);

CREATE FUNCTION place_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('log'), hashtext(NEW.org_id || NEW.agent_id));
    NEW.position := nextval('log_position');
    RETURN NEW;
END $$;
CREATE TRIGGER log_placed BEFORE INSERT ON log FOR EACH ROW EXECUTE FUNCTION place_line();

CREATE INDEX log_position_of_agent ON log (org_id, agent_id, position);
