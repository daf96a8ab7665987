//! A change set as a list of statements, all of them known before the first is sent.
//!
//! So a whole unit, and a whole group of units, goes to the database in one flight. What a statement has to find or touch
//! stands beside it as a [`Must`], and the executor holds it to that: where it sees the counts (SQLite) by comparing, where
//! it does not before the commit (PostgreSQL) by a guard inside the statement.

use super::{DB, dialect, rows, sql, tables};
use connix_domain::change_set::{Change, ChangeSet};
use connix_domain::port::store::{CommitError, Entity};
use diesel::query_builder::QueryFragment;

mod agent;
mod failure;
mod member;
mod oauth;
mod organisation;
mod project;
mod service;
mod task;
mod telemetry;

pub(crate) use failure::meaning;

/// A statement of any kind.
pub(crate) type Fragment = Box<dyn QueryFragment<DB> + Send + Sync>;

/// What a statement has to do, and the error of its unit when it does not.
#[derive(Debug)]
pub(crate) enum Must {
    /// INSERT, UPDATE or DELETE of exactly one row.
    Touch(CommitError),
    /// SELECT of exactly one row.
    Find(CommitError),
    /// SELECT of no row.
    Miss(CommitError),
    /// Any number of rows will do.
    Run,
}

impl Must {
    /// How many rows, and what it means when there are more or fewer.
    pub(crate) fn count(&self) -> Option<(usize, &CommitError)> {
        match self {
            Self::Touch(error) | Self::Find(error) => Some((1, error)),
            Self::Miss(error) => Some((0, error)),
            Self::Run => None,
        }
    }
}

/// One statement of a unit.
pub(crate) struct Statement {
    /// What is sent.
    pub(crate) fragment: Fragment,
    /// What it has to do.
    pub(crate) must: Must,
}

/// The statements of a unit, in the order of its changes.
pub(crate) fn statements(changes: ChangeSet) -> Vec<Statement> {
    let mut unit = Unit(Vec::new());
    for change in changes {
        unit.add(change);
    }
    unit.0
}

/// Fails a unit because something has changed or is gone.
fn stale(entity: Entity) -> CommitError {
    CommitError::Stale { entity }
}

struct Unit(Vec<Statement>);

impl Unit {
    fn push(&mut self, must: Must, fragment: impl QueryFragment<DB> + Send + Sync + 'static) {
        self.0.push(Statement { fragment: Box::new(fragment), must });
    }

    fn add(&mut self, change: Change) {
        match change {
            Change::CreateOrganisation(organisation) => self.create_organisation(organisation),
            Change::UpdateOrganisation(organisation) => self.update_organisation(organisation),
            Change::CreateApiKey(key) => self.create_api_key(key),
            Change::UpdateApiKey(key) => self.update_api_key(key),
            Change::TouchApiKey { org, kid, at } => self.touch_api_key(org, &kid, at),
            Change::RevokeApiKey { key, at } => self.revoke_api_key(&key, at),
            Change::CreateMember(member) => self.create_member(member),
            Change::UpdateMember(member) => self.update_member(member),
            Change::OwnerRemains { org } => self.owner_remains(org),
            Change::CreateTeam(team) => self.create_team(team),
            Change::UpdateTeam(team) => self.update_team(team),
            Change::TeamExists { org, id } => self.team_exists(org, id),
            Change::DeleteTeam { org, id, at } => self.delete_team(org, id, at),
            Change::JoinTeam(membership) => self.join_team(membership),
            Change::LeaveTeam { org, team, user } => self.leave_team(org, team, user),
            Change::CreateProject(project) => self.create_project(project),
            Change::UpdateProject(project) => self.update_project(project),
            Change::ProjectUnchanged { org, id, version } => self.project_unchanged(org, id, version),
            Change::NoLiveAgents { org, project } => self.no_live_agents(org, project),
            Change::PurgeProject { org, id } => self.purge_project(org, id),
            Change::CreateAgent(agent) => self.create_agent(agent),
            Change::UpdateAgent(agent) => self.update_agent(agent),
            Change::AgentUnchanged { org, id, version } => self.agent_unchanged(org, id, version),
            Change::TouchAgent { org, id, at } => self.touch_agent(org, id, at),
            Change::PurgeAgent { org, id } => self.purge_agent(org, id),
            Change::CreateTask(task) => self.create_task(task),
            Change::UpdateTask(task) => self.update_task(task),
            Change::ExtendLease { org, task, attempt, until } => self.extend_lease(org, task, attempt, until),
            Change::AppendJournal(entries) => self.append_journal(entries),
            Change::AppendLogs(lines) => self.append_logs(lines),
            Change::AppendSamples(samples) => self.append_samples(samples),
            Change::Audit(entry) => self.audit(entry),
            Change::Raise(event) => self.raise(event),
            Change::Remember(record) => self.remember(record),
            Change::Settle { key, provisional, answer } => self.settle(key, provisional, answer),
            Change::OAuth(change) => self.oauth(change),
            Change::SetProperty { name, value } => self.set_property(name, value),
        }
    }
}
