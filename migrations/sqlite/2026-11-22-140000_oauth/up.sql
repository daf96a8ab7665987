-- Applications, what members let them do, the tokens that follow from it, and who is signed in to the console.
--
-- Codes, refresh tokens and sessions are kept as digests (HMAC-SHA-256 under a key outside the database), private keys sealed.

CREATE TABLE oauth_client (
    org_id TEXT NOT NULL CONSTRAINT oauth_client_organisation REFERENCES organisation (id),
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL CONSTRAINT oauth_client_kind CHECK (kind IN ('public', 'confidential')),
    redirect_uris TEXT NOT NULL,
    scopes TEXT NOT NULL,
    secrets TEXT NOT NULL,
    status TEXT NOT NULL CONSTRAINT oauth_client_status CHECK (status IN ('active', 'disabled')),
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT oauth_client_key PRIMARY KEY (org_id, id)
) STRICT;
-- An application says who it is before anybody knows whose it is.
CREATE UNIQUE INDEX oauth_client_id ON oauth_client (id);

CREATE TABLE oauth_code (
    org_id TEXT NOT NULL,
    digest BLOB NOT NULL,
    client_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    grant_id TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    -- never without: a code that was issued without a challenge could be redeemed by whoever sees it
    challenge TEXT NOT NULL CONSTRAINT oauth_code_challenge CHECK (length(challenge) = 43),
    scopes TEXT NOT NULL,
    auth_time INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER,
    failures INTEGER NOT NULL,
    CONSTRAINT oauth_code_key PRIMARY KEY (org_id, digest),
    CONSTRAINT oauth_code_client FOREIGN KEY (org_id, client_id) REFERENCES oauth_client (org_id, id) ON DELETE CASCADE,
    CONSTRAINT oauth_code_member FOREIGN KEY (org_id, user_id) REFERENCES member (org_id, id)
) STRICT;
CREATE INDEX oauth_code_of_client ON oauth_code (org_id, client_id);
CREATE INDEX oauth_code_expiry ON oauth_code (expires_at);

CREATE TABLE oauth_grant (
    org_id TEXT NOT NULL,
    id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    scopes TEXT NOT NULL,
    auth_time INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER,
    CONSTRAINT oauth_grant_key PRIMARY KEY (org_id, id),
    CONSTRAINT oauth_grant_client FOREIGN KEY (org_id, client_id) REFERENCES oauth_client (org_id, id) ON DELETE CASCADE,
    CONSTRAINT oauth_grant_member FOREIGN KEY (org_id, user_id) REFERENCES member (org_id, id)
) STRICT;
CREATE INDEX oauth_grant_of_client ON oauth_grant (org_id, client_id, user_id);
CREATE INDEX oauth_grant_expiry ON oauth_grant (expires_at);

CREATE TABLE oauth_pair (
    org_id TEXT NOT NULL,
    id TEXT NOT NULL,
    grant_id TEXT NOT NULL,
    refresh BLOB NOT NULL,
    scopes TEXT NOT NULL,
    issued_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    rotated_at INTEGER,
    access_used_at INTEGER,
    access_revoked_at INTEGER,
    CONSTRAINT oauth_pair_key PRIMARY KEY (org_id, id),
    CONSTRAINT oauth_pair_grant FOREIGN KEY (org_id, grant_id) REFERENCES oauth_grant (org_id, id) ON DELETE CASCADE
) STRICT;
CREATE UNIQUE INDEX oauth_pair_refresh ON oauth_pair (org_id, refresh);
CREATE INDEX oauth_pair_of_grant ON oauth_pair (org_id, grant_id);

CREATE TABLE oauth_consent (
    org_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    scopes TEXT NOT NULL,
    given_at INTEGER NOT NULL,
    CONSTRAINT oauth_consent_key PRIMARY KEY (org_id, user_id, client_id),
    CONSTRAINT oauth_consent_client FOREIGN KEY (org_id, client_id) REFERENCES oauth_client (org_id, id) ON DELETE CASCADE,
    CONSTRAINT oauth_consent_member FOREIGN KEY (org_id, user_id) REFERENCES member (org_id, id)
) STRICT;
CREATE INDEX oauth_consent_of_client ON oauth_consent (org_id, client_id);

CREATE TABLE browser_session (
    org_id TEXT NOT NULL,
    id TEXT NOT NULL,
    digest BLOB NOT NULL,
    user_id TEXT NOT NULL,
    signed_in_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    browser TEXT NOT NULL,
    address TEXT NOT NULL,
    CONSTRAINT browser_session_key PRIMARY KEY (org_id, id),
    CONSTRAINT browser_session_member FOREIGN KEY (org_id, user_id) REFERENCES member (org_id, id)
) STRICT;
-- A browser shows its cookie before anybody knows whose it is.
CREATE UNIQUE INDEX browser_session_digest ON browser_session (digest);
CREATE INDEX browser_session_of_user ON browser_session (org_id, user_id);
CREATE INDEX browser_session_age ON browser_session (signed_in_at);

-- The keys of the service, not of one organisation: every token is signed by the service.
CREATE TABLE signing_key (
    kid TEXT NOT NULL CONSTRAINT signing_key_key PRIMARY KEY,
    generation INTEGER NOT NULL,
    algorithm TEXT NOT NULL,
    public_half BLOB NOT NULL,
    private_half BLOB NOT NULL,
    active_from INTEGER NOT NULL,
    active_until INTEGER NOT NULL,
    published_until INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT;
CREATE UNIQUE INDEX signing_key_generation ON signing_key (generation);
