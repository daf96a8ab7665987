//! Entries of the audit log. The number in the organisation's log is taken by the inserting statement.

use super::tables::audit;
use super::{DB, parsed, plain, sound};
use crate::documents::{self, WordsDocument};
use crate::instant::At;
use connix_domain::audit::{AuditEntry, Origin, PlacedEntry};
use connix_domain::port::store::{Entity, ReadError};
use diesel::prelude::*;
use serde_json::Value;

/// An entry without its number.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = audit, treat_none_as_default_value = false, check_for_backend(DB))]
pub(crate) struct AuditRow {
    org_id: String,
    at: At,
    actor: String,
    credential: Option<String>,
    action: String,
    target_kind: String,
    target_id: String,
    outcome: String,
    changed: Value,
    request_id: Option<String>,
    address: Option<String>,
    user_agent: Option<String>,
}

/// A whole row.
#[derive(Queryable, Selectable)]
#[diesel(table_name = audit, check_for_backend(DB))]
pub(crate) struct PlacedRow {
    sequence: i64,
    #[diesel(embed)]
    entry: AuditRow,
}

impl From<AuditEntry> for AuditRow {
    fn from(entry: AuditEntry) -> Self {
        Self {
            org_id: entry.org.to_string(),
            at: At(entry.at),
            actor: entry.actor.to_string(),
            credential: entry.credential,
            action: plain(&entry.origin.action),
            target_kind: entry.target_kind,
            target_id: plain(&entry.target_id),
            outcome: entry.outcome.as_str().to_owned(),
            changed: documents::document::<WordsDocument>(entry.changed),
            request_id: entry.origin.request_id,
            address: entry.origin.address.map(|address| address.to_string()),
            user_agent: entry.origin.user_agent.as_deref().map(plain),
        }
    }
}

impl TryFrom<PlacedRow> for PlacedEntry {
    type Error = ReadError;
    fn try_from(PlacedRow { sequence, entry: row }: PlacedRow) -> Result<Self, ReadError> {
        const OF: Entity = Entity::Audit;
        let origin = Origin {
            action: row.action,
            request_id: row.request_id,
            address: row.address.map(|address| parsed(OF, "address", &address)).transpose()?,
            user_agent: row.user_agent,
        };
        let entry = AuditEntry {
            org: parsed(OF, "org_id", &row.org_id)?,
            at: row.at.0,
            actor: parsed(OF, "actor", &row.actor)?,
            credential: row.credential,
            origin,
            target_kind: row.target_kind,
            target_id: row.target_id,
            outcome: parsed(OF, "outcome", &row.outcome)?,
            changed: sound(OF, "changed", documents::read::<_, WordsDocument>(row.changed))?,
        };
        Ok(Self { sequence, entry })
    }
}
