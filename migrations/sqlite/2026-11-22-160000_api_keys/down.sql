DROP INDEX api_key_line;
DROP INDEX api_key_created;
ALTER TABLE api_key DROP COLUMN version;
ALTER TABLE api_key DROP COLUMN last_used_at;
ALTER TABLE api_key DROP COLUMN successor;
ALTER TABLE api_key DROP COLUMN updated_at;
ALTER TABLE api_key DROP COLUMN limits;
ALTER TABLE api_key DROP COLUMN line;
