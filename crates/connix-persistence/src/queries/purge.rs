//! Clearing what is below something deleted, in slices, before the unit that purges it.
//!
//! A purge is a unit of work like any other, and stands in a group with those of other tenants; but there may be millions of
//! rows to remove. What is deleted never comes back, so that the rows below it are nobody's any more: most of them go ahead
//! of the unit, a slice a transaction, and the unit removes what is left.

use super::Store;
use super::dialect::sql_types::Instant;
use super::sql::Sql;
use super::tables::{agent, journal, log, project, task};
use crate::instant::At;
use connix_domain::agent::AgentPhase;
use connix_domain::change_set::{Change, ChangeSet};
use connix_domain::id::{AgentId, OrgId, ProjectId};
use connix_domain::port::store::{CommitError, ReadError};
use connix_domain::project::ProjectPhase;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

/// So many log lines, samples or figures are removed at once.
const LINES: i64 = 2000;
/// So many tasks are removed at once, each with its journal.
const TASKS: i64 = 50;

/// What is kept by the minute. The hours and days are few, and go with the agent's row.
const MINUTES: [[&str; 2]; 3] = [
    ["SELECT start FROM task_figure WHERE ", "DELETE FROM task_figure WHERE "],
    ["SELECT start FROM response_histogram WHERE ", "DELETE FROM response_histogram WHERE "],
    ["SELECT start FROM resource_figure WHERE ", "DELETE FROM resource_figure WHERE "],
];

/// `org_id = … AND agent_id = …`
fn of_agent<ST>(sql: Sql<ST>, org: OrgId, agent: &str) -> Sql<ST> {
    sql.sql("org_id = ").value(org.to_string()).sql(" AND agent_id = ").value(agent)
}

impl Store {
    /// Clears what the purges of a unit are about. A unit without a purge costs nothing.
    pub(crate) async fn purge_ahead(&self, changes: &ChangeSet) -> Result<(), CommitError> {
        for change in changes.changes() {
            let cleared = match change {
                Change::PurgeAgent { org, id } => self.clear_deleted_agent(*org, *id).await,
                Change::PurgeProject { org, id } => self.clear_deleted_project(*org, *id).await,
                _ => Ok(()),
            };
            cleared.map_err(|error| CommitError::Unavailable(error.to_string()))?;
        }
        Ok(())
    }

    async fn clear_deleted_agent(&self, org: OrgId, id: AgentId) -> Result<(), ReadError> {
        let own = || agent::table.find((org.to_string(), id.to_string()));
        let deleted = || own().filter(agent::phase.eq(AgentPhase::Deleted.as_str())).select(agent::id);
        let found: Vec<String> = self.look_up(deleted).await?;
        for agent in found {
            self.clear_agent(org, &agent).await?;
        }
        Ok(())
    }

    async fn clear_deleted_project(&self, org: OrgId, id: ProjectId) -> Result<(), ReadError> {
        let own = || project::table.find((org.to_string(), id.to_string()));
        let deleted = || own().filter(project::phase.eq(ProjectPhase::Deleted.as_str())).select(project::id);
        let projects: Vec<String> = self.look_up(deleted).await?;
        let below = || {
            let agents = agent::table.filter(agent::org_id.eq(org.to_string()));
            agents.filter(agent::project_id.eq_any(projects.clone())).select(agent::id)
        };
        let found: Vec<String> = self.list(below).await?;
        for agent in found {
            self.clear_agent(org, &agent).await?;
        }
        Ok(())
    }

    async fn clear_agent(&self, org: OrgId, agent: &str) -> Result<(), ReadError> {
        while self.clear_lines(org, agent).await? {}
        while self.clear_tasks(org, agent).await? {}
        while self.clear_samples(org, agent).await? {}
        for [of, delete] in MINUTES {
            while self.clear_minutes(org, agent, of, delete).await? {}
        }
        Ok(())
    }

    /// Whether there are more.
    async fn clear_lines(&self, org: OrgId, agent: &str) -> Result<bool, ReadError> {
        let own = || log::table.filter(log::org_id.eq(org.to_string())).filter(log::agent_id.eq(agent.to_owned()));
        let last_of_slice = || own().order(log::at).offset(LINES - 1).limit(1).select(log::at);
        let end: Option<At> = self.list(last_of_slice).await?.pop();
        let Some(end) = end else { return Ok(false) };
        let _: Vec<i64> = self.write(|| diesel::delete(own().filter(log::at.le(end))).returning(log::position)).await?;
        Ok(true)
    }

    /// Whether there are more.
    async fn clear_tasks(&self, org: OrgId, agent: &str) -> Result<bool, ReadError> {
        let own = || task::table.filter(task::org_id.eq(org.to_string())).filter(task::agent_id.eq(agent.to_owned()));
        let last_of_slice = || own().order(task::created_at).offset(TASKS - 1).limit(1).select(task::created_at);
        let end: Option<At> = self.list(last_of_slice).await?.pop();
        let Some(end) = end else { return Ok(false) };
        let slice = || own().filter(task::created_at.le(end));
        let entries = || {
            let own = journal::table.filter(journal::org_id.eq(org.to_string()));
            diesel::delete(own.filter(journal::task_id.eq_any(slice().select(task::id))))
        };
        let _: Vec<i64> = self.write(|| entries().returning(journal::sequence)).await?;
        let _: Vec<String> = self.write(|| diesel::delete(slice()).returning(task::id)).await?;
        Ok(true)
    }

    /// Whether there are more.
    async fn clear_samples(&self, org: OrgId, agent: &str) -> Result<bool, ReadError> {
        let last_of_slice = || {
            let sql = of_agent(Sql::<Instant>::new().sql("SELECT at FROM resource_sample WHERE "), org, agent);
            sql.sql(" ORDER BY at LIMIT 1 OFFSET ").value(LINES - 1)
        };
        let end: Option<At> = self.list(last_of_slice).await?.pop();
        let Some(end) = end else { return Ok(false) };
        let slice = || {
            let sql = of_agent(Sql::<BigInt>::new().sql("DELETE FROM resource_sample WHERE "), org, agent);
            sql.sql(" AND at <= ").value(end.0).sql(" RETURNING incarnation")
        };
        let _: Vec<i64> = self.write(slice).await?;
        Ok(true)
    }

    /// Whether there are more.
    async fn clear_minutes(
        &self,
        org: OrgId,
        agent: &str,
        of: &'static str,
        delete: &'static str,
    ) -> Result<bool, ReadError> {
        let last_of_slice = || {
            let sql = of_agent(Sql::<BigInt>::new().sql(of), org, agent);
            sql.sql(" AND grain = 'minute' ORDER BY start LIMIT 1 OFFSET ").value(LINES - 1)
        };
        let end: Option<i64> = self.list(last_of_slice).await?.pop();
        let Some(end) = end else { return Ok(false) };
        let slice = || {
            let sql = of_agent(Sql::<BigInt>::new().sql(delete), org, agent);
            sql.sql(" AND grain = 'minute' AND start <= ").value(end).sql(" RETURNING start")
        };
        let _: Vec<i64> = self.write(slice).await?;
        Ok(true)
    }
}
