-- The audit log of each organisation: numbered from 1 without gaps, and only ever added to.

CREATE TABLE audit_counter (
    org_id text COLLATE "C" CONSTRAINT audit_counter_key PRIMARY KEY CONSTRAINT audit_counter_organisation REFERENCES organisation (id),
    last bigint NOT NULL
);
INSERT INTO audit_counter (org_id, last) SELECT id, 0 FROM organisation;

CREATE TABLE audit (
    org_id text COLLATE "C" NOT NULL CONSTRAINT audit_organisation REFERENCES organisation (id),
    sequence bigint NOT NULL,
    at timestamptz NOT NULL,
    actor text COLLATE "C" NOT NULL,
    credential text,
    action text COLLATE "C" NOT NULL,
    target_kind text COLLATE "C" NOT NULL,
    target_id text COLLATE "C" NOT NULL,
    outcome text COLLATE "C" NOT NULL CONSTRAINT audit_outcome CHECK (outcome IN ('done', 'refused')),
    changed json NOT NULL,
    request_id text,
    address text,
    user_agent text,
    CONSTRAINT audit_key PRIMARY KEY (org_id, sequence)
);
CREATE INDEX audit_target ON audit (org_id, target_id, sequence);
CREATE INDEX audit_actor ON audit (org_id, actor, sequence);

CREATE FUNCTION audit_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is only added to';
END $$;
CREATE TRIGGER audit_rows_are_kept BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_is_kept();
CREATE TRIGGER audit_table_is_kept BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_is_kept();
