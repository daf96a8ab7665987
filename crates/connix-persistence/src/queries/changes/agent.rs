//! Agents and their log lines.

use super::rows::{AgentRow, AgentState, LogRow};
use super::tables::{agent, journal, log, task};
use super::{Must, Unit, dialect, stale};
use crate::instant::At;
use connix_domain::Timestamp;
use connix_domain::agent::{Agent, AgentPhase};
use connix_domain::id::{AgentId, OrgId};
use connix_domain::log::LogLine;
use connix_domain::port::store::Entity;
use diesel::prelude::*;

impl Unit {
    pub(super) fn create_agent(&mut self, agent: Agent) {
        self.push(Must::Run, diesel::insert_into(agent::table).values(AgentRow::from(agent)));
    }

    pub(super) fn update_agent(&mut self, agent: Agent) {
        let row = agent::table.find((agent.org.to_string(), agent.id.to_string()));
        let read = row.filter(agent::version.eq(agent.version - 1));
        self.push(Must::Touch(stale(Entity::Agent)), diesel::update(read).set(AgentState::from(agent)));
    }

    pub(super) fn agent_unchanged(&mut self, org: OrgId, id: AgentId, version: i64) {
        let read = agent::table
            .select(agent::version)
            .filter(agent::org_id.eq(org.to_string()))
            .filter(agent::id.eq(id.to_string()))
            .filter(agent::version.eq(version));
        self.push(Must::Find(stale(Entity::Agent)), dialect::for_share!(read));
    }

    pub(super) fn touch_agent(&mut self, org: OrgId, id: AgentId, at: Timestamp) {
        let row = agent::table.find((org.to_string(), id.to_string()));
        let before = agent::last_activity.is_null().or(agent::last_activity.lt(At(at)).assume_not_null());
        self.push(Must::Run, diesel::update(row.filter(before)).set(agent::last_activity.eq(At(at))));
    }

    /// The children first: nothing may point at a row that is gone.
    pub(super) fn purge_agent(&mut self, org: OrgId, id: AgentId) {
        let (org, id) = (org.to_string(), id.to_string());
        let tasks = task::table.filter(task::org_id.eq(org.clone())).filter(task::agent_id.eq(id.clone()));
        let entries = journal::table.filter(journal::org_id.eq(org.clone()));
        let lines = log::table.filter(log::org_id.eq(org.clone())).filter(log::agent_id.eq(id.clone()));
        let purged = entries.filter(journal::task_id.eq_any(tasks.clone().select(task::id)));
        self.push(Must::Run, diesel::delete(purged));
        self.push(Must::Run, diesel::delete(tasks));
        self.push(Must::Run, diesel::delete(lines));
        let row = agent::table.find((org, id)).filter(agent::phase.eq(AgentPhase::Deleted.as_str()));
        self.push(Must::Touch(stale(Entity::Agent)), diesel::delete(row));
    }

    /// As few statements as the database can do it in; their texts are always the same, so that they stay prepared.
    pub(super) fn append_logs(&mut self, lines: Vec<LogLine>) {
        let rows = lines.into_iter().map(LogRow::from);
        dialect::insert_lines!(rows => |insert| self.push(Must::Run, insert));
    }
}
