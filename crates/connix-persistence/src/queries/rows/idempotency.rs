//! Idempotency records.

use super::tables::idempotency;
use super::{DB, parsed};
use crate::instant::At;
use connix_domain::idempotency::{IdempotencyKey, IdempotencyRecord};
use connix_domain::port::secrets::Sealed;
use connix_domain::port::store::{Entity, ReadError};
use diesel::prelude::*;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = idempotency, check_for_backend(DB))]
pub(crate) struct IdempotencyRow {
    org_id: String,
    key: String,
    fingerprint: String,
    answer: Vec<u8>,
    created_at: At,
    expires_at: At,
}

impl From<IdempotencyRecord> for IdempotencyRow {
    fn from(record: IdempotencyRecord) -> Self {
        Self {
            org_id: record.key.org.to_string(),
            key: record.key.key,
            fingerprint: record.fingerprint,
            answer: record.answer.0,
            created_at: At(record.created_at),
            expires_at: At(record.expires_at),
        }
    }
}

impl TryFrom<IdempotencyRow> for IdempotencyRecord {
    type Error = ReadError;
    fn try_from(row: IdempotencyRow) -> Result<Self, ReadError> {
        Ok(Self {
            key: IdempotencyKey { org: parsed(Entity::Idempotency, "org_id", &row.org_id)?, key: row.key },
            fingerprint: row.fingerprint,
            answer: Sealed(row.answer),
            created_at: row.created_at.0,
            expires_at: row.expires_at.0,
        })
    }
}
