ALTER TABLE oauth_client DROP COLUMN name_key;
ALTER TABLE api_key DROP COLUMN name_key;
