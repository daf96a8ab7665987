DROP INDEX member_account;
ALTER TABLE member DROP COLUMN upstream_subject;
ALTER TABLE member DROP COLUMN upstream_issuer;
