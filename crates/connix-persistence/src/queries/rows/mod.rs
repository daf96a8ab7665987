//! Row types, one file an aggregate: how a value of the domain becomes columns, and columns a value.
//!
//! Writing cannot fail. Reading can: what no value of ours says is reported as [`ReadError::Corrupt`].

use super::{DB, tables};
use crate::documents::{self, LimitsDocument};
use connix_domain::metadata::Metadata;
use connix_domain::port::store::{Entity, ReadError};
use connix_domain::rate_limit::Overrides;
use serde_json::Value;
use std::fmt::Display;
use std::str::FromStr;

mod agent;
mod api_key;
mod audit;
mod browser_session;
mod control;
mod event;
mod idempotency;
mod journal;
mod log;
mod member;
mod oauth;
mod organisation;
mod project;
mod signing_key;
mod task;
mod team;

pub(super) use agent::{AgentRow, AgentState};
pub(super) use api_key::{ApiKeyRow, ApiKeyState};
pub(super) use audit::{AuditRow, PlacedRow};
pub(super) use browser_session::BrowserSessionRow;
pub(super) use event::{EventRow, SequencedRow};
pub(super) use idempotency::IdempotencyRow;
pub(super) use journal::JournalRow;
pub(crate) use log::LogRow;
pub(super) use member::MemberRow;
pub(super) use oauth::{ClientRow, CodeRow, ConsentRow, GrantRow, PairRow, read_redirect_uris};
pub(super) use organisation::OrganisationRow;
pub(super) use project::ProjectRow;
pub(super) use signing_key::SigningKeyRow;
pub(super) use task::TaskRow;
pub(super) use team::{MembershipRow, TeamRow};

/// Names the row and the column of something that cannot be read.
fn sound<T, E: Display>(entity: Entity, column: &str, read: Result<T, E>) -> Result<T, ReadError> {
    read.map_err(|why| ReadError::Corrupt { entity, detail: format!("{column}: {why}") })
}

/// Reads a column that holds an identifier or a word of ours.
pub(super) fn parsed<T: FromStr<Err: Display>>(entity: Entity, column: &str, text: &str) -> Result<T, ReadError> {
    sound(entity, column, text.parse())
}

/// Reads such a column that may be empty.
pub(super) fn parsed_or_none<T>(entity: Entity, column: &str, text: Option<String>) -> Result<Option<T>, ReadError>
where
    T: FromStr<Err: Display>,
{
    text.map(|text| parsed(entity, column, &text)).transpose()
}

/// Free text as both databases can keep it: PostgreSQL has no NUL in text.
pub(super) fn plain(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// Text without regard to case. Character by character, so that a part of a text folds as it does inside the whole.
pub(super) fn folded(text: &str) -> String {
    plain(text).chars().flat_map(char::to_lowercase).collect()
}

/// Rate limits of somebody's own as a document.
fn limits(limits: &Overrides) -> Value {
    let figures: LimitsDocument = limits.iter().map(|(policy, figure)| (policy.as_str().to_owned(), figure)).collect();
    documents::document::<LimitsDocument>(figures)
}

/// Reads what [`limits`] has written.
fn read_limits(of: Entity, document: Value) -> Result<Overrides, ReadError> {
    let figures: LimitsDocument = sound(of, "limits", documents::read::<_, LimitsDocument>(document))?;
    figures.iter().map(|(policy, figure)| Ok((parsed(of, "limits", policy)?, *figure))).collect()
}

/// What a search looks through: texts folded, with a separator between them that no name holds.
fn search_text<'a>(texts: impl IntoIterator<Item = Option<&'a str>>) -> String {
    texts.into_iter().flatten().map(folded).collect::<Vec<_>>().join("\u{1f}")
}

/// What a filter by metadata looks through.
fn labels(metadata: &Metadata) -> String {
    plain(&metadata.labels())
}
