-- A session sees and writes the rows of the organisation that it says it works for, `SET app.org = 'org_…'`, or all of them with
-- '*', as the service does. One that has not said for whom it works sees and writes none, also as the tables' owner
-- (docs/adr/0016-third-wall.md).

-- To be called for each table whose rows belong to organisations. Sub-selects, so that the setting is read once a statement and not
-- once a row; and a form that the planner takes to be nearly always true, as it is for the service, so that it plans as without it.
CREATE FUNCTION confine_to_organisation(kept regclass, organisation text DEFAULT 'org_id') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format(
        'CREATE POLICY own_organisation ON %s USING ((CASE
            WHEN (SELECT current_setting(''app.org'', true) = ''*'') THEN true
            WHEN %I = (SELECT current_setting(''app.org'', true)) THEN true
         END) IS NOT NULL)', kept, organisation);
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', kept);
END $$;

SELECT confine_to_organisation('organisation', 'id');
SELECT confine_to_organisation(kept) FROM unnest(ARRAY[
    'agent', 'api_key', 'audit', 'audit_counter', 'browser_session', 'event', 'event_counter', 'idempotency', 'journal', 'log',
    'log_count', 'member', 'membership', 'oauth_client', 'oauth_code', 'oauth_consent', 'oauth_grant', 'oauth_pair', 'project',
    'project_storage', 'project_usage', 'resource_figure', 'resource_sample', 'response_histogram', 'task', 'task_figure', 'team'
]::regclass[]) AS kept;
