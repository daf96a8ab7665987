-- Keys and applications are searched and sorted by their names without regard to case. Those that are there get theirs with the
-- next change; until then letters outside of ASCII count as they are.

ALTER TABLE api_key ADD COLUMN name_key TEXT NOT NULL DEFAULT '';
UPDATE api_key SET name_key = lower(name);
ALTER TABLE oauth_client ADD COLUMN name_key TEXT NOT NULL DEFAULT '';
UPDATE oauth_client SET name_key = lower(name);
UPDATE api_key SET updated_at = created_at WHERE updated_at IS NULL;
