DO $$
DECLARE
    confined regclass;
BEGIN
    FOR confined IN SELECT polrelid FROM pg_policy WHERE polname = 'own_organisation' LOOP
        EXECUTE format('ALTER TABLE %s NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY', confined);
        EXECUTE format('DROP POLICY own_organisation ON %s', confined);
    END LOOP;
END $$;
DROP FUNCTION confine_to_organisation(regclass, text);
