//! Applications and what they were let: clients, codes, grants, pairs of tokens, consents.

use super::tables::{oauth_client, oauth_code, oauth_consent, oauth_grant, oauth_pair};
use super::{DB, parsed, plain, sound};
use crate::documents::{self, SecretsDocument, WordsDocument};
use crate::instant::At;
use connix_domain::api_key::Digest;
use connix_domain::name::ClientName;
use connix_domain::oauth::client::OAuthClient;
use connix_domain::oauth::code::AuthorizationCode;
use connix_domain::oauth::grant::{Consent, Grant};
use connix_domain::oauth::pkce::CodeChallenge;
use connix_domain::oauth::redirect_uri::RedirectUri;
use connix_domain::oauth::refresh::TokenPair;
use connix_domain::port::store::{Entity, ReadError};
use diesel::prelude::*;
use serde_json::Value;

/// Reads a column that holds a digest.
pub(super) fn digest(entity: Entity, column: &str, bytes: Vec<u8>) -> Result<Digest, ReadError> {
    sound(entity, column, bytes.try_into().map(Digest).map_err(|_| "not 32 bytes"))
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = oauth_client, check_for_backend(DB))]
pub(crate) struct ClientRow {
    org_id: String,
    id: String,
    name: String,
    name_key: String,
    kind: String,
    redirect_uris: Value,
    scopes: String,
    secrets: Value,
    status: String,
    created_by: String,
    created_at: At,
    updated_at: At,
    version: i64,
}

impl From<OAuthClient> for ClientRow {
    fn from(client: OAuthClient) -> Self {
        let uris: WordsDocument = client.redirect_uris.iter().map(RedirectUri::to_string).collect();
        Self {
            org_id: client.org.to_string(),
            id: client.id.to_string(),
            name: plain(client.name.as_str()),
            name_key: client.name.sort_key(),
            kind: client.kind.to_string(),
            redirect_uris: documents::document::<WordsDocument>(uris),
            scopes: client.scopes.to_string(),
            secrets: documents::document::<SecretsDocument>(client.secrets),
            status: client.status.to_string(),
            created_by: client.created_by.to_string(),
            created_at: At(client.created_at),
            updated_at: At(client.updated_at),
            version: client.version,
        }
    }
}

impl TryFrom<ClientRow> for OAuthClient {
    type Error = ReadError;
    fn try_from(row: ClientRow) -> Result<Self, ReadError> {
        const OF: Entity = Entity::OAuthClient;
        Ok(Self {
            org: parsed(OF, "org_id", &row.org_id)?,
            id: parsed(OF, "id", &row.id)?,
            name: sound(OF, "name", ClientName::parse(&row.name))?,
            kind: parsed(OF, "kind", &row.kind)?,
            redirect_uris: read_redirect_uris(row.redirect_uris)?,
            scopes: parsed(OF, "scopes", &row.scopes)?,
            secrets: sound(OF, "secrets", documents::read::<_, SecretsDocument>(row.secrets))?,
            status: parsed(OF, "status", &row.status)?,
            created_by: parsed(OF, "created_by", &row.created_by)?,
            created_at: row.created_at.0,
            updated_at: row.updated_at.0,
            version: row.version,
        })
    }
}

/// What stands in `oauth_client.redirect_uris`.
pub(crate) fn read_redirect_uris(document: Value) -> Result<Vec<RedirectUri>, ReadError> {
    const PLACE: (Entity, &str) = (Entity::OAuthClient, "redirect_uris");
    let texts: WordsDocument = sound(PLACE.0, PLACE.1, documents::read::<_, WordsDocument>(document))?;
    sound(PLACE.0, PLACE.1, texts.iter().map(|text| RedirectUri::parse(text)).collect::<Result<_, _>>())
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = oauth_code, treat_none_as_default_value = false, check_for_backend(DB))]
pub(crate) struct CodeRow {
    org_id: String,
    digest: Vec<u8>,
    client_id: String,
    user_id: String,
    grant_id: String,
    redirect_uri: String,
    challenge: String,
    scopes: String,
    auth_time: At,
    expires_at: At,
    used_at: Option<At>,
    failures: i64,
}

impl From<AuthorizationCode> for CodeRow {
    fn from(code: AuthorizationCode) -> Self {
        Self {
            org_id: code.org.to_string(),
            digest: code.digest.0.to_vec(),
            client_id: code.client.to_string(),
            user_id: code.user.to_string(),
            grant_id: code.grant.to_string(),
            redirect_uri: code.redirect_uri,
            challenge: code.challenge.as_str().to_owned(),
            scopes: code.scopes.to_string(),
            auth_time: At(code.auth_time),
            expires_at: At(code.expires_at),
            used_at: code.used_at.map(At),
            failures: code.failures,
        }
    }
}

impl TryFrom<CodeRow> for AuthorizationCode {
    type Error = ReadError;
    fn try_from(row: CodeRow) -> Result<Self, ReadError> {
        const OF: Entity = Entity::AuthorizationCode;
        Ok(Self {
            org: parsed(OF, "org_id", &row.org_id)?,
            digest: digest(OF, "digest", row.digest)?,
            client: parsed(OF, "client_id", &row.client_id)?,
            user: parsed(OF, "user_id", &row.user_id)?,
            grant: parsed(OF, "grant_id", &row.grant_id)?,
            redirect_uri: row.redirect_uri,
            challenge: sound(OF, "challenge", CodeChallenge::parse(&row.challenge).ok_or("not a challenge"))?,
            scopes: parsed(OF, "scopes", &row.scopes)?,
            auth_time: row.auth_time.0,
            expires_at: row.expires_at.0,
            used_at: row.used_at.map(Into::into),
            failures: row.failures,
        })
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = oauth_grant, treat_none_as_default_value = false, check_for_backend(DB))]
pub(crate) struct GrantRow {
    org_id: String,
    id: String,
    client_id: String,
    user_id: String,
    scopes: String,
    auth_time: At,
    created_at: At,
    expires_at: At,
    revoked_at: Option<At>,
}

impl From<Grant> for GrantRow {
    fn from(grant: Grant) -> Self {
        Self {
            org_id: grant.org.to_string(),
            id: grant.id.to_string(),
            client_id: grant.client.to_string(),
            user_id: grant.user.to_string(),
            scopes: grant.scopes.to_string(),
            auth_time: At(grant.auth_time),
            created_at: At(grant.created_at),
            expires_at: At(grant.expires_at),
            revoked_at: grant.revoked_at.map(At),
        }
    }
}

impl TryFrom<GrantRow> for Grant {
    type Error = ReadError;
    fn try_from(row: GrantRow) -> Result<Self, ReadError> {
        const OF: Entity = Entity::Grant;
        Ok(Self {
            org: parsed(OF, "org_id", &row.org_id)?,
            id: parsed(OF, "id", &row.id)?,
            client: parsed(OF, "client_id", &row.client_id)?,
            user: parsed(OF, "user_id", &row.user_id)?,
            scopes: parsed(OF, "scopes", &row.scopes)?,
            auth_time: row.auth_time.0,
            created_at: row.created_at.0,
            expires_at: row.expires_at.0,
            revoked_at: row.revoked_at.map(Into::into),
        })
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = oauth_pair, treat_none_as_default_value = false, check_for_backend(DB))]
pub(crate) struct PairRow {
    org_id: String,
    id: String,
    grant_id: String,
    refresh: Vec<u8>,
    scopes: String,
    issued_at: At,
    expires_at: At,
    rotated_at: Option<At>,
    access_used_at: Option<At>,
    access_revoked_at: Option<At>,
}

impl From<TokenPair> for PairRow {
    fn from(pair: TokenPair) -> Self {
        Self {
            org_id: pair.org.to_string(),
            id: pair.id.to_string(),
            grant_id: pair.grant.to_string(),
            refresh: pair.refresh.0.to_vec(),
            scopes: pair.scopes.to_string(),
            issued_at: At(pair.issued_at),
            expires_at: At(pair.expires_at),
            rotated_at: pair.rotated_at.map(At),
            access_used_at: pair.access_used_at.map(At),
            access_revoked_at: pair.access_revoked_at.map(At),
        }
    }
}

impl TryFrom<PairRow> for TokenPair {
    type Error = ReadError;
    fn try_from(row: PairRow) -> Result<Self, ReadError> {
        const OF: Entity = Entity::TokenPair;
        Ok(Self {
            org: parsed(OF, "org_id", &row.org_id)?,
            id: parsed(OF, "id", &row.id)?,
            grant: parsed(OF, "grant_id", &row.grant_id)?,
            refresh: digest(OF, "refresh", row.refresh)?,
            scopes: parsed(OF, "scopes", &row.scopes)?,
            issued_at: row.issued_at.0,
            expires_at: row.expires_at.0,
            rotated_at: row.rotated_at.map(Into::into),
            access_used_at: row.access_used_at.map(Into::into),
            access_revoked_at: row.access_revoked_at.map(Into::into),
        })
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = oauth_consent, check_for_backend(DB))]
pub(crate) struct ConsentRow {
    org_id: String,
    user_id: String,
    client_id: String,
    scopes: String,
    given_at: At,
}

impl From<Consent> for ConsentRow {
    fn from(consent: Consent) -> Self {
        Self {
            org_id: consent.org.to_string(),
            user_id: consent.user.to_string(),
            client_id: consent.client.to_string(),
            scopes: consent.scopes.to_string(),
            given_at: At(consent.given_at),
        }
    }
}

impl TryFrom<ConsentRow> for Consent {
    type Error = ReadError;
    fn try_from(row: ConsentRow) -> Result<Self, ReadError> {
        const OF: Entity = Entity::Consent;
        Ok(Self {
            org: parsed(OF, "org_id", &row.org_id)?,
            user: parsed(OF, "user_id", &row.user_id)?,
            client: parsed(OF, "client_id", &row.client_id)?,
            scopes: parsed(OF, "scopes", &row.scopes)?,
            given_at: row.given_at.0,
        })
    }
}
