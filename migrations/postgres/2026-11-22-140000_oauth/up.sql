-- Applications, what members let them do, the tokens that follow from it, and who is signed in to the console.
--
-- Codes, refresh tokens and sessions are kept as digests (HMAC-SHA-256 under a key outside the database), private keys sealed.

CREATE TABLE oauth_client (
    org_id text COLLATE "C" NOT NULL CONSTRAINT oauth_client_organisation REFERENCES organisation (id),
    id text COLLATE "C" NOT NULL,
    name text NOT NULL,
    kind text COLLATE "C" NOT NULL CONSTRAINT oauth_client_kind CHECK (kind IN ('public', 'confidential')),
    redirect_uris json NOT NULL,
    scopes text COLLATE "C" NOT NULL,
    secrets json NOT NULL,
    status text COLLATE "C" NOT NULL CONSTRAINT oauth_client_status CHECK (status IN ('active', 'disabled')),
    created_by text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT oauth_client_key PRIMARY KEY (org_id, id)
);
-- An application says who it is before anybody knows whose it is.
CREATE UNIQUE INDEX oauth_client_id ON oauth_client (id);

CREATE TABLE oauth_code (
    org_id text COLLATE "C" NOT NULL,
    digest bytea NOT NULL,
    client_id text COLLATE "C" NOT NULL,
    user_id text COLLATE "C" NOT NULL,
    grant_id text COLLATE "C" NOT NULL,
    redirect_uri text NOT NULL,
    -- never without: a code that was issued without a challenge could be redeemed by whoever sees it
    challenge text COLLATE "C" NOT NULL CONSTRAINT oauth_code_challenge CHECK (length(challenge) = 43),
    scopes text COLLATE "C" NOT NULL,
    auth_time timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    failures bigint NOT NULL,
    CONSTRAINT oauth_code_key PRIMARY KEY (org_id, digest),
    CONSTRAINT oauth_code_client FOREIGN KEY (org_id, client_id) REFERENCES oauth_client (org_id, id) ON DELETE CASCADE,
    CONSTRAINT oauth_code_member FOREIGN KEY (org_id, user_id) REFERENCES member (org_id, id)
);
CREATE INDEX oauth_code_of_client ON oauth_code (org_id, client_id);
CREATE INDEX oauth_code_expiry ON oauth_code (expires_at);

CREATE TABLE oauth_grant (
    org_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    client_id text COLLATE "C" NOT NULL,
    user_id text COLLATE "C" NOT NULL,
    scopes text COLLATE "C" NOT NULL,
    auth_time timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    CONSTRAINT oauth_grant_key PRIMARY KEY (org_id, id),
    CONSTRAINT oauth_grant_client FOREIGN KEY (org_id, client_id) REFERENCES oauth_client (org_id, id) ON DELETE CASCADE,
    CONSTRAINT oauth_grant_member FOREIGN KEY (org_id, user_id) REFERENCES member (org_id, id)
);
CREATE INDEX oauth_grant_of_client ON oauth_grant (org_id, client_id, user_id);
CREATE INDEX oauth_grant_expiry ON oauth_grant (expires_at);

CREATE TABLE oauth_pair (
    org_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    grant_id text COLLATE "C" NOT NULL,
    refresh bytea NOT NULL,
    scopes text COLLATE "C" NOT NULL,
    issued_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    rotated_at timestamptz,
    access_used_at timestamptz,
    access_revoked_at timestamptz,
    CONSTRAINT oauth_pair_key PRIMARY KEY (org_id, id),
    CONSTRAINT oauth_pair_grant FOREIGN KEY (org_id, grant_id) REFERENCES oauth_grant (org_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX oauth_pair_refresh ON oauth_pair (org_id, refresh);
CREATE INDEX oauth_pair_of_grant ON oauth_pair (org_id, grant_id);

CREATE TABLE oauth_consent (
    org_id text COLLATE "C" NOT NULL,
    user_id text COLLATE "C" NOT NULL,
    client_id text COLLATE "C" NOT NULL,
    scopes text COLLATE "C" NOT NULL,
    given_at timestamptz NOT NULL,
    CONSTRAINT oauth_consent_key PRIMARY KEY (org_id, user_id, client_id),
    CONSTRAINT oauth_consent_client FOREIGN KEY (org_id, client_id) REFERENCES oauth_client (org_id, id) ON DELETE CASCADE,
    CONSTRAINT oauth_consent_member FOREIGN KEY (org_id, user_id) REFERENCES member (org_id, id)
);
CREATE INDEX oauth_consent_of_client ON oauth_consent (org_id, client_id);

CREATE TABLE browser_session (
    org_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    digest bytea NOT NULL,
    user_id text COLLATE "C" NOT NULL,
    signed_in_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    browser text NOT NULL,
    address text NOT NULL,
    CONSTRAINT browser_session_key PRIMARY KEY (org_id, id),
    CONSTRAINT browser_session_member FOREIGN KEY (org_id, user_id) REFERENCES member (org_id, id)
);
-- A browser shows its cookie before anybody knows whose it is.
CREATE UNIQUE INDEX browser_session_digest ON browser_session (digest);
CREATE INDEX browser_session_of_user ON browser_session (org_id, user_id);
CREATE INDEX browser_session_age ON browser_session (signed_in_at);

-- The keys of the service, not of one organisation: every token is signed by the service.
CREATE TABLE signing_key (
    kid text COLLATE "C" CONSTRAINT signing_key_key PRIMARY KEY,
    generation bigint NOT NULL,
    algorithm text COLLATE "C" NOT NULL,
    public_half bytea NOT NULL,
    private_half bytea NOT NULL,
    active_from timestamptz NOT NULL,
    active_until timestamptz NOT NULL,
    published_until timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE UNIQUE INDEX signing_key_generation ON signing_key (generation);
