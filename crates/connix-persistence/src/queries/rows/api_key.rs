//! API keys: the state that a change replaces, and beside it the last use, which has a change of its own.

use super::tables::api_key;
use super::{DB, limits, parsed, read_limits, sound};
use crate::documents::{self, WordsDocument};
use crate::instant::At;
use connix_domain::api_key::{ApiKey, Digest, Kid};
use connix_domain::id::ProjectId;
use connix_domain::name::KeyName;
use connix_domain::port::store::{Entity, ReadError};
use diesel::prelude::*;
use serde_json::Value;

const OF: Entity = Entity::ApiKey;

/// A whole row.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = api_key, treat_none_as_default_value = false, check_for_backend(DB))]
pub(crate) struct ApiKeyRow {
    #[diesel(embed)]
    state: ApiKeyState,
    last_used_at: Option<At>,
}

/// What an update of a key replaces.
#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = api_key, primary_key(org_id, kid), check_for_backend(DB))]
#[diesel(treat_none_as_null = true, treat_none_as_default_value = false)]
pub(crate) struct ApiKeyState {
    org_id: String,
    kid: String,
    digest: Vec<u8>,
    name: String,
    name_key: String,
    user_id: String,
    permissions: Value,
    projects: Option<Value>,
    created_at: At,
    expires_at: Option<At>,
    revoked_at: Option<At>,
    line: Option<String>,
    limits: Value,
    updated_at: Option<At>,
    successor: Option<String>,
    version: i64,
}

impl From<ApiKey> for ApiKeyRow {
    fn from(key: ApiKey) -> Self {
        Self { last_used_at: key.last_used_at.map(At), state: key.into() }
    }
}

impl From<ApiKey> for ApiKeyState {
    fn from(key: ApiKey) -> Self {
        let permissions: WordsDocument = key.permissions.iter().map(|p| p.as_str().to_owned()).collect();
        let projects = key.projects.map(|list| list.iter().map(ProjectId::to_string).collect::<WordsDocument>());
        Self {
            org_id: key.org.to_string(),
            kid: key.kid.as_str().to_owned(),
            digest: key.digest.0.to_vec(),
            name_key: key.name.sort_key(),
            name: key.name.as_str().to_owned(),
            user_id: key.user.to_string(),
            permissions: documents::document::<WordsDocument>(permissions),
            projects: projects.map(documents::document::<WordsDocument>),
            created_at: At(key.created_at),
            expires_at: key.expires_at.map(At),
            revoked_at: key.revoked_at.map(At),
            line: Some(key.line.as_str().to_owned()),
            limits: limits(&key.limits),
            updated_at: Some(At(key.updated_at)),
            successor: key.successor.map(|kid| kid.as_str().to_owned()),
            version: key.version,
        }
    }
}

impl TryFrom<ApiKeyRow> for ApiKey {
    type Error = ReadError;
    fn try_from(ApiKeyRow { state: row, last_used_at }: ApiKeyRow) -> Result<Self, ReadError> {
        let kid = Kid::new(row.kid);
        Ok(Self {
            org: parsed(OF, "org_id", &row.org_id)?,
            line: row.line.map_or_else(|| kid.clone(), Kid::new),
            kid,
            digest: Digest(sound(OF, "digest", row.digest.try_into().map_err(|_| "not 32 bytes"))?),
            name: sound(OF, "name", KeyName::parse(&row.name))?,
            user: parsed(OF, "user_id", &row.user_id)?,
            permissions: words("permissions", row.permissions)?,
            projects: row.projects.map(|list| words("projects", list)).transpose()?,
            limits: read_limits(OF, row.limits)?,
            created_at: row.created_at.0,
            updated_at: row.updated_at.unwrap_or(row.created_at).0,
            expires_at: row.expires_at.map(Into::into),
            revoked_at: row.revoked_at.map(Into::into),
            successor: row.successor.map(Kid::new),
            last_used_at: last_used_at.map(Into::into),
            version: row.version,
        })
    }
}

/// Reads a list of words or identifiers.
fn words<T, L>(column: &str, document: Value) -> Result<L, ReadError>
where
    T: std::str::FromStr<Err: std::fmt::Display>,
    L: FromIterator<T>,
{
    let words: WordsDocument = sound(OF, column, documents::read::<_, WordsDocument>(document))?;
    words.iter().map(|word| parsed(OF, column, word)).collect()
}
