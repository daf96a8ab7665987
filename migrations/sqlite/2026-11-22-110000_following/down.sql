DROP INDEX log_position_of_agent;
