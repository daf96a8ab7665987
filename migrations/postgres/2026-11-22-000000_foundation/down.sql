DROP TABLE counter, property, idempotency, event, event_counter, log, journal, task, agent, project, api_key, organisation;
DROP DOMAIN expected_rows;
