//! Agents: the state that a change replaces, and beside it the last activity, which has a change of its own.

use super::control::ControlRow;
use super::tables::agent;
use super::{DB, labels, parsed, plain, search_text, sound};
use crate::documents::{self, ConfigDocument};
use crate::instant::At;
use connix_domain::agent::Agent;
use connix_domain::metadata::Metadata;
use connix_domain::name::AgentName;
use connix_domain::port::secrets::Sealed;
use connix_domain::port::store::{Entity, ReadError};
use diesel::prelude::*;
use serde_json::Value;

const OF: Entity = Entity::Agent;

/// A whole row.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = agent, treat_none_as_default_value = false, check_for_backend(DB))]
pub(crate) struct AgentRow {
    #[diesel(embed)]
    state: AgentState,
    last_activity: Option<At>,
}

/// What an update of an agent replaces.
#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = agent, primary_key(org_id, id), check_for_backend(DB))]
#[diesel(treat_none_as_null = true, treat_none_as_default_value = false)]
pub(crate) struct AgentState {
    org_id: String,
    id: String,
    project_id: String,
    name: String,
    name_key: String,
    description: Option<String>,
    config: Value,
    environment: Option<Vec<u8>>,
    metadata: Value,
    labels: String,
    search_text: String,
    created_by: String,
    runtime: String,
    phase: String,
    #[diesel(embed)]
    control: ControlRow,
    due_at: Option<At>,
    created_at: At,
    updated_at: At,
    version: i64,
}

impl From<Agent> for AgentRow {
    fn from(agent: Agent) -> Self {
        Self { last_activity: agent.last_activity.map(At), state: agent.into() }
    }
}

impl From<Agent> for AgentState {
    fn from(agent: Agent) -> Self {
        let due_at = agent.due_at();
        Self {
            org_id: agent.org.to_string(),
            id: agent.id.to_string(),
            project_id: agent.project.to_string(),
            name_key: agent.name.sort_key(),
            search_text: search_text([Some(agent.name.as_str()), agent.description.as_deref()]),
            name: agent.name.as_str().to_owned(),
            description: agent.description.as_deref().map(plain),
            config: documents::document::<ConfigDocument>(agent.config),
            environment: agent.environment.map(|sealed| sealed.0),
            labels: labels(&agent.metadata),
            metadata: agent.metadata.to_value(),
            created_by: agent.created_by.to_string(),
            runtime: agent.runtime.as_str().to_owned(),
            phase: agent.phase.as_str().to_owned(),
            control: agent.control.into(),
            due_at: due_at.map(At),
            created_at: At(agent.created_at),
            updated_at: At(agent.updated_at),
            version: agent.version,
        }
    }
}

impl TryFrom<AgentRow> for Agent {
    type Error = ReadError;
    fn try_from(AgentRow { state, last_activity }: AgentRow) -> Result<Self, ReadError> {
        Ok(Self {
            org: parsed(OF, "org_id", &state.org_id)?,
            id: parsed(OF, "id", &state.id)?,
            project: parsed(OF, "project_id", &state.project_id)?,
            name: sound(OF, "name", AgentName::parse(&state.name))?,
            description: state.description,
            config: sound(OF, "config", documents::read::<_, ConfigDocument>(state.config))?,
            environment: state.environment.map(Sealed),
            metadata: Metadata::restore(state.metadata),
            created_by: parsed(OF, "created_by", &state.created_by)?,
            runtime: parsed(OF, "runtime", &state.runtime)?,
            phase: parsed(OF, "phase", &state.phase)?,
            created_at: state.created_at.0,
            updated_at: state.updated_at.0,
            last_activity: last_activity.map(Into::into),
            version: state.version,
            control: state.control.try_into()?,
        })
    }
}
