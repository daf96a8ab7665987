//! The keys that access tokens are signed with.

use super::tables::signing_key;
use super::{DB, parsed};
use crate::instant::At;
use connix_domain::oauth::signing_key::{KeyTerm, SigningKey};
use connix_domain::port::secrets::Sealed;
use connix_domain::port::store::{Entity, ReadError};
use diesel::prelude::*;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = signing_key, treat_none_as_default_value = false, check_for_backend(DB))]
pub(crate) struct SigningKeyRow {
    kid: String,
    generation: i64,
    algorithm: String,
    public_half: Vec<u8>,
    private_half: Vec<u8>,
    active_from: At,
    active_until: At,
    published_until: At,
    created_at: At,
    revoked_at: Option<At>,
}

impl From<SigningKey> for SigningKeyRow {
    fn from(key: SigningKey) -> Self {
        Self {
            kid: key.kid,
            generation: key.term.generation,
            algorithm: key.algorithm.to_string(),
            public_half: key.public,
            private_half: key.private.0,
            active_from: At(key.term.active_from),
            active_until: At(key.term.active_until),
            published_until: At(key.term.published_until),
            created_at: At(key.created_at),
            revoked_at: key.revoked_at.map(At),
        }
    }
}

impl TryFrom<SigningKeyRow> for SigningKey {
    type Error = ReadError;
    fn try_from(row: SigningKeyRow) -> Result<Self, ReadError> {
        Ok(Self {
            kid: row.kid,
            algorithm: parsed(Entity::SigningKey, "algorithm", &row.algorithm)?,
            public: row.public_half,
            private: Sealed(row.private_half),
            term: KeyTerm {
                generation: row.generation,
                active_from: row.active_from.0,
                active_until: row.active_until.0,
                published_until: row.published_until.0,
            },
            created_at: row.created_at.0,
            revoked_at: row.revoked_at.map(Into::into),
        })
    }
}
