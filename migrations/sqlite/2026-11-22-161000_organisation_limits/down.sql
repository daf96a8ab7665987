ALTER TABLE organisation DROP COLUMN version;
ALTER TABLE organisation DROP COLUMN updated_at;
ALTER TABLE organisation DROP COLUMN limits;
