-- Lines of API keys that replace each other, their own rate limits, and when they were last used.

-- The public part of the first key of the line; the key's own where there is none.
ALTER TABLE api_key ADD COLUMN line text COLLATE "C";
ALTER TABLE api_key ADD COLUMN limits json NOT NULL DEFAULT '{}';
-- The time of creation where there is none.
ALTER TABLE api_key ADD COLUMN updated_at timestamptz;
ALTER TABLE api_key ADD COLUMN successor text COLLATE "C";
ALTER TABLE api_key ADD COLUMN last_used_at timestamptz;
ALTER TABLE api_key ADD COLUMN version bigint NOT NULL DEFAULT 1;
CREATE INDEX api_key_created ON api_key (org_id, created_at, kid) WHERE revoked_at IS NULL;
CREATE INDEX api_key_line ON api_key (org_id, line) WHERE line IS NOT NULL;
