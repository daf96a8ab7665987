-- The audit log of each organisation: numbered from 1 without gaps, and only ever added to.

CREATE TABLE audit_counter (
    org_id TEXT NOT NULL CONSTRAINT audit_counter_key PRIMARY KEY CONSTRAINT audit_counter_organisation REFERENCES organisation (id),
    last INTEGER NOT NULL
) STRICT;
INSERT INTO audit_counter (org_id, last) SELECT id, 0 FROM organisation;

CREATE TABLE audit (
    org_id TEXT NOT NULL CONSTRAINT audit_organisation REFERENCES organisation (id),
    sequence INTEGER NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    credential TEXT,
    action TEXT NOT NULL,
    target_kind TEXT NOT NULL,
    target_id TEXT NOT NULL,
    outcome TEXT NOT NULL CONSTRAINT audit_outcome CHECK (outcome IN ('done', 'refused')),
    changed TEXT NOT NULL,
    request_id TEXT,
    address TEXT,
    user_agent TEXT,
    CONSTRAINT audit_key PRIMARY KEY (org_id, sequence)
) STRICT;
CREATE INDEX audit_target ON audit (org_id, target_id, sequence);
CREATE INDEX audit_actor ON audit (org_id, actor, sequence);

CREATE TRIGGER audit_rows_are_not_changed BEFORE UPDATE ON audit BEGIN
    SELECT RAISE(ABORT, 'the audit log is only added to');
END;
CREATE TRIGGER audit_rows_are_kept BEFORE DELETE ON audit BEGIN
    SELECT RAISE(ABORT, 'the audit log is only added to');
END;
