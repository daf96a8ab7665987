//! What stands behind an agent's phase: the part of its row that the supervisor writes.

use super::tables::agent;
use super::{DB, parsed, parsed_or_none, plain, sound};
use crate::documents::{self, ExitDocument, FaultDocument, InstantsDocument};
use crate::instant::At;
use connix_domain::agent::Control;
use connix_domain::api_key::Digest;
use connix_domain::port::store::{Entity, ReadError};
use diesel::prelude::*;
use serde_json::Value;

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = agent, check_for_backend(DB))]
#[diesel(treat_none_as_null = true, treat_none_as_default_value = false)]
pub(crate) struct ControlRow {
    generation: i64,
    config_revision: i64,
    applied_revision: i64,
    incarnation: i64,
    process: String,
    process_since: At,
    failures: Value,
    retry_at: Option<At>,
    restarts: i64,
    announce: bool,
    stops_owed: i64,
    update_until: Option<At>,
    last_exit: Option<Value>,
    fault: Option<Value>,
    session_id: Option<String>,
    nonce: Option<String>,
    token: Option<Vec<u8>>,
}

impl From<Control> for ControlRow {
    fn from(control: Control) -> Self {
        Self {
            generation: control.generation,
            config_revision: control.config_revision,
            applied_revision: control.applied_revision,
            incarnation: control.incarnation,
            process: control.process.as_str().to_owned(),
            process_since: At(control.process_since),
            failures: documents::document::<InstantsDocument>(control.failures),
            retry_at: control.retry_at.map(At),
            restarts: control.restarts,
            announce: control.announce,
            stops_owed: control.stops_owed,
            update_until: control.update_until.map(At),
            last_exit: control.last_exit.map(documents::document::<ExitDocument>),
            fault: control.fault.map(documents::document::<FaultDocument>),
            session_id: control.session.map(|session| session.to_string()),
            nonce: control.nonce.as_deref().map(plain),
            token: control.token.map(|digest| digest.0.to_vec()),
        }
    }
}

impl TryFrom<ControlRow> for Control {
    type Error = ReadError;
    fn try_from(row: ControlRow) -> Result<Self, ReadError> {
        const OF: Entity = Entity::Agent;
        let exit = row.last_exit.map(documents::read::<_, ExitDocument>).transpose();
        let fault = row.fault.map(documents::read::<_, FaultDocument>).transpose();
        let token = row.token.map(<[u8; 32]>::try_from).transpose().map_err(|_| "not 32 bytes");
        Ok(Self {
            generation: row.generation,
            config_revision: row.config_revision,
            applied_revision: row.applied_revision,
            incarnation: row.incarnation,
            process: parsed(OF, "process", &row.process)?,
            process_since: row.process_since.0,
            failures: sound(OF, "failures", documents::read::<_, InstantsDocument>(row.failures))?,
            retry_at: row.retry_at.map(Into::into),
            restarts: row.restarts,
            announce: row.announce,
            stops_owed: row.stops_owed,
            update_until: row.update_until.map(Into::into),
            last_exit: sound(OF, "last_exit", exit)?,
            fault: sound(OF, "fault", fault)?,
            session: parsed_or_none(OF, "session_id", row.session_id)?,
            nonce: row.nonce,
            token: sound(OF, "token", token)?.map(Digest),
        })
    }
}
