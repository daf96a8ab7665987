//! Browsers in which somebody is signed in.

use super::oauth::digest;
use super::tables::browser_session;
use super::{DB, parsed, plain};
use crate::instant::At;
use connix_domain::browser_session::BrowserSession;
use connix_domain::port::store::{Entity, ReadError};
use diesel::prelude::*;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = browser_session, check_for_backend(DB))]
pub(crate) struct BrowserSessionRow {
    org_id: String,
    id: String,
    digest: Vec<u8>,
    user_id: String,
    signed_in_at: At,
    last_seen_at: At,
    browser: String,
    address: String,
}

impl From<BrowserSession> for BrowserSessionRow {
    fn from(session: BrowserSession) -> Self {
        Self {
            org_id: session.org.to_string(),
            id: session.id.to_string(),
            digest: session.digest.0.to_vec(),
            user_id: session.user.to_string(),
            signed_in_at: At(session.signed_in_at),
            last_seen_at: At(session.last_seen_at),
            browser: plain(&session.browser),
            address: plain(&session.address),
        }
    }
}

impl TryFrom<BrowserSessionRow> for BrowserSession {
    type Error = ReadError;
    fn try_from(row: BrowserSessionRow) -> Result<Self, ReadError> {
        const OF: Entity = Entity::BrowserSession;
        Ok(Self {
            org: parsed(OF, "org_id", &row.org_id)?,
            id: parsed(OF, "id", &row.id)?,
            digest: digest(OF, "digest", row.digest)?,
            user: parsed(OF, "user_id", &row.user_id)?,
            signed_in_at: row.signed_in_at.0,
            last_seen_at: row.last_seen_at.0,
            browser: row.browser,
            address: row.address,
        })
    }
}
