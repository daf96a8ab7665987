-- Lines of API keys that replace each other, their own rate limits, and when they were last used.

-- The public part of the first key of the line; the key's own where there is none.
ALTER TABLE api_key ADD COLUMN line TEXT;
ALTER TABLE api_key ADD COLUMN limits TEXT NOT NULL DEFAULT '{}';
-- The time of creation where there is none.
ALTER TABLE api_key ADD COLUMN updated_at INTEGER;
ALTER TABLE api_key ADD COLUMN successor TEXT;
ALTER TABLE api_key ADD COLUMN last_used_at INTEGER;
ALTER TABLE api_key ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
CREATE INDEX api_key_created ON api_key (org_id, created_at, kid) WHERE revoked_at IS NULL;
CREATE INDEX api_key_line ON api_key (org_id, line) WHERE line IS NOT NULL;
