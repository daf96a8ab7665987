DROP TABLE signing_key;
DROP TABLE browser_session;
DROP TABLE oauth_consent;
DROP TABLE oauth_pair;
DROP TABLE oauth_grant;
DROP TABLE oauth_code;
DROP TABLE oauth_client;
