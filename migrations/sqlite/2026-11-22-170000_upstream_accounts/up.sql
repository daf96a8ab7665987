-- The account at the operator's OpenID Connect provider that signs in as a member.

ALTER TABLE member ADD COLUMN upstream_issuer TEXT;
ALTER TABLE member ADD COLUMN upstream_subject TEXT
    CONSTRAINT member_account_whole CHECK ((upstream_subject IS NULL) = (upstream_issuer IS NULL));
-- Whoever comes from the provider is known by it before anybody knows of which organisation.
CREATE UNIQUE INDEX member_account ON member (upstream_issuer, upstream_subject, org_id) WHERE upstream_subject IS NOT NULL;
