-- Members with their roles, and the teams that share private projects.

CREATE TABLE member (
    org_id text COLLATE "C" NOT NULL CONSTRAINT member_organisation REFERENCES organisation (id),
    id text COLLATE "C" NOT NULL,
    email text,
    email_key text COLLATE "C",
    role text COLLATE "C" NOT NULL CONSTRAINT member_role CHECK (role IN ('viewer', 'member', 'admin', 'owner')),
    password text,
    password_set_at timestamptz,
    invitation bytea,
    invitation_expires_at timestamptz,
    disabled_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT member_key PRIMARY KEY (org_id, id),
    CONSTRAINT member_password CHECK ((password IS NULL) = (password_set_at IS NULL)),
    CONSTRAINT member_link CHECK ((invitation IS NULL) = (invitation_expires_at IS NULL))
);
CREATE UNIQUE INDEX member_email ON member (org_id, email_key) WHERE email_key IS NOT NULL;
CREATE INDEX member_created ON member (org_id, created_at, id);
CREATE INDEX member_owner ON member (org_id, id) WHERE role = 'owner' AND disabled_at IS NULL;
-- Who signs in, or follows a link, has not said of which organisation.
CREATE INDEX member_sign_in ON member (email_key) WHERE email_key IS NOT NULL;
CREATE INDEX member_invitation ON member (invitation) WHERE invitation IS NOT NULL;

-- Each organisation has had an owner since it was made.
INSERT INTO member (org_id, id, role, created_at, updated_at, version)
    SELECT id, owner_id, 'owner', created_at, created_at, 1 FROM organisation;

CREATE TABLE team (
    org_id text COLLATE "C" NOT NULL CONSTRAINT team_organisation REFERENCES organisation (id),
    id text COLLATE "C" NOT NULL,
    name text NOT NULL,
    name_key text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT team_key PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX team_name ON team (org_id, name_key);
CREATE INDEX team_created ON team (org_id, created_at, id);

CREATE TABLE membership (
    org_id text COLLATE "C" NOT NULL,
    team_id text COLLATE "C" NOT NULL,
    user_id text COLLATE "C" NOT NULL,
    since timestamptz NOT NULL,
    CONSTRAINT membership_key PRIMARY KEY (org_id, team_id, user_id),
    CONSTRAINT membership_team FOREIGN KEY (org_id, team_id) REFERENCES team (org_id, id),
    CONSTRAINT membership_member FOREIGN KEY (org_id, user_id) REFERENCES member (org_id, id)
);
CREATE INDEX membership_user ON membership (org_id, user_id);

-- The projects of a team, for when it is deleted.
CREATE INDEX project_team ON project (org_id, team_id) WHERE team_id IS NOT NULL;
