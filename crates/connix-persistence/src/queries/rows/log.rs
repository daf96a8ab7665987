//! Log lines. The database gives each its place in the order of writing.

use super::tables::log;
use super::{DB, parsed, plain, sound};
use crate::instant::At;
use connix_domain::log::{LineKey, LogLine};
use connix_domain::port::store::{Entity, ReadError};
use diesel::prelude::*;
use serde_json::Value;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = log, check_for_backend(DB))]
pub(crate) struct LogRow {
    pub(crate) org_id: String,
    pub(crate) agent_id: String,
    pub(crate) key: String,
    pub(crate) at: At,
    pub(crate) level: String,
    pub(crate) message: String,
    pub(crate) context: Value,
}

impl From<LogLine> for LogRow {
    fn from(line: LogLine) -> Self {
        Self {
            org_id: line.org.to_string(),
            agent_id: line.agent.to_string(),
            key: line.key.to_string(),
            at: At(line.at),
            level: line.level.as_str().to_owned(),
            message: plain(&line.message),
            context: line.context,
        }
    }
}

impl TryFrom<LogRow> for LogLine {
    type Error = ReadError;
    fn try_from(row: LogRow) -> Result<Self, ReadError> {
        // log lines are a part of their agent
        const OF: Entity = Entity::Agent;
        Ok(Self {
            org: parsed(OF, "log.org_id", &row.org_id)?,
            agent: parsed(OF, "log.agent_id", &row.agent_id)?,
            key: sound(OF, "log.key", key(&row.key).ok_or("not the key of a line"))?,
            at: row.at.0,
            level: parsed(OF, "log.level", &row.level)?,
            message: row.message,
            context: row.context,
        })
    }
}

/// Reads what [`LineKey`] prints.
fn key(text: &str) -> Option<LineKey> {
    match text.split_at_checked(1)? {
        ("w", numbers) => {
            let (incarnation, sequence) = numbers.split_once('.')?;
            Some(LineKey::Worker { incarnation: incarnation.parse().ok()?, sequence: sequence.parse().ok()? })
        }
        ("s", digits) => u64::from_str_radix(digits, 16).ok().map(LineKey::Service),
        ("d", before) => before.parse().ok().map(LineKey::Dropped),
        _ => None,
    }
}
