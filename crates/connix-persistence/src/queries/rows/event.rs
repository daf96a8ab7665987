//! Events. The number in the organisation's sequence is taken by the inserting statement.

use super::tables::event;
use super::{DB, parsed, plain};
use crate::instant::At;
use connix_domain::event::{Event, SequencedEvent};
use connix_domain::port::store::{Entity, ReadError};
use diesel::prelude::*;
use serde_json::Value;

/// An event without its number.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = event, treat_none_as_default_value = false, check_for_backend(DB))]
pub(crate) struct EventRow {
    org_id: String,
    id: String,
    kind: String,
    created_at: At,
    project_id: String,
    actor: String,
    reason: Option<String>,
    data: Value,
}

/// A whole row.
#[derive(Queryable, Selectable)]
#[diesel(table_name = event, check_for_backend(DB))]
pub(crate) struct SequencedRow {
    sequence: i64,
    #[diesel(embed)]
    event: EventRow,
}

impl From<Event> for EventRow {
    fn from(event: Event) -> Self {
        Self {
            org_id: event.org.to_string(),
            id: event.id.to_string(),
            kind: event.kind.as_str().to_owned(),
            created_at: At(event.created_at),
            project_id: event.project.to_string(),
            actor: event.actor.to_string(),
            reason: event.reason.as_deref().map(plain),
            data: event.data,
        }
    }
}

impl TryFrom<SequencedRow> for SequencedEvent {
    type Error = ReadError;
    fn try_from(SequencedRow { sequence, event: row }: SequencedRow) -> Result<Self, ReadError> {
        const OF: Entity = Entity::Event;
        let event = Event {
            id: parsed(OF, "id", &row.id)?,
            org: parsed(OF, "org_id", &row.org_id)?,
            kind: parsed(OF, "kind", &row.kind)?,
            created_at: row.created_at.0,
            project: parsed(OF, "project_id", &row.project_id)?,
            actor: parsed(OF, "actor", &row.actor)?,
            reason: row.reason,
            data: row.data,
        };
        Ok(Self { sequence, event })
    }
}
