//! API keys.

use super::tables::api_key;
use super::{DB, parsed, plain, sound};
use crate::documents::{self, WordsDocument};
use crate::instant::At;
use connix_domain::api_key::{ApiKey, Digest, Kid};
use connix_domain::id::ProjectId;
use connix_domain::port::store::{Entity, ReadError};
use diesel::prelude::*;
use serde_json::Value;

const OF: Entity = Entity::ApiKey;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = api_key, treat_none_as_default_value = false, check_for_backend(DB))]
pub(crate) struct ApiKeyRow {
    org_id: String,
    kid: String,
    digest: Vec<u8>,
    name: String,
    user_id: String,
    permissions: Value,
    projects: Option<Value>,
    created_at: At,
    expires_at: Option<At>,
    revoked_at: Option<At>,
}

impl From<ApiKey> for ApiKeyRow {
    fn from(key: ApiKey) -> Self {
        let permissions: WordsDocument = key.permissions.iter().map(|p| p.as_str().to_owned()).collect();
        let projects = key.projects.map(|list| list.iter().map(ProjectId::to_string).collect::<WordsDocument>());
        Self {
            org_id: key.org.to_string(),
            kid: key.kid.as_str().to_owned(),
            digest: key.digest.0.to_vec(),
            name: plain(&key.name),
            user_id: key.user.to_string(),
            permissions: documents::document::<WordsDocument>(permissions),
            projects: projects.map(documents::document::<WordsDocument>),
            created_at: At(key.created_at),
            expires_at: key.expires_at.map(At),
            revoked_at: key.revoked_at.map(At),
        }
    }
}

impl TryFrom<ApiKeyRow> for ApiKey {
    type Error = ReadError;
    fn try_from(row: ApiKeyRow) -> Result<Self, ReadError> {
        Ok(Self {
            org: parsed(OF, "org_id", &row.org_id)?,
            kid: Kid::new(row.kid),
            digest: Digest(sound(OF, "digest", row.digest.try_into().map_err(|_| "not 32 bytes"))?),
            name: row.name,
            user: parsed(OF, "user_id", &row.user_id)?,
            permissions: words("permissions", row.permissions)?,
            projects: row.projects.map(|list| words("projects", list)).transpose()?,
            created_at: row.created_at.0,
            expires_at: row.expires_at.map(Into::into),
            revoked_at: row.revoked_at.map(Into::into),
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
