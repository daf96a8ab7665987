//! Journal entries.

use super::tables::journal;
use super::{DB, parsed};
use crate::instant::At;
use connix_domain::journal::JournalEntry;
use connix_domain::port::store::{Entity, ReadError};
use diesel::prelude::*;
use serde_json::Value;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = journal, check_for_backend(DB))]
pub(crate) struct JournalRow {
    org_id: String,
    task_id: String,
    sequence: i64,
    attempt: i64,
    kind: String,
    data: Value,
    at: At,
}

impl From<JournalEntry> for JournalRow {
    fn from(entry: JournalEntry) -> Self {
        Self {
            org_id: entry.org.to_string(),
            task_id: entry.task.to_string(),
            sequence: entry.sequence,
            attempt: entry.attempt,
            kind: entry.kind.as_str().to_owned(),
            data: entry.data,
            at: At(entry.at),
        }
    }
}

impl TryFrom<JournalRow> for JournalEntry {
    type Error = ReadError;
    fn try_from(row: JournalRow) -> Result<Self, ReadError> {
        // a journal is a part of its task
        const OF: Entity = Entity::Task;
        Ok(Self {
            org: parsed(OF, "journal.org_id", &row.org_id)?,
            task: parsed(OF, "journal.task_id", &row.task_id)?,
            sequence: row.sequence,
            attempt: row.attempt,
            kind: parsed(OF, "journal.kind", &row.kind)?,
            data: row.data,
            at: row.at.0,
        })
    }
}
