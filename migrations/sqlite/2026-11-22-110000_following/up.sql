-- Log lines are followed by their position. There is one writer, so positions rise in the order of the commits.
CREATE INDEX log_position_of_agent ON log (org_id, agent_id, position);
