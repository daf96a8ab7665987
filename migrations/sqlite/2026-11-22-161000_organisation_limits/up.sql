-- What an organisation's credentials are limited to instead of the service's figures; and that organisations are changed.

ALTER TABLE organisation ADD COLUMN limits TEXT NOT NULL DEFAULT '{}';
-- The time of creation where there is none.
ALTER TABLE organisation ADD COLUMN updated_at INTEGER;
ALTER TABLE organisation ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
