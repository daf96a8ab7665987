//! Agents.

use super::filter::{by_metadata, by_search, by_times, is_common, sorted};
use super::rows::AgentRow;
use super::tables::agent;
use super::{DB, Store, decoded, dialect, only};
use async_trait::async_trait;
use connix_domain::agent::{Agent, AgentPhase};
use connix_domain::id::{AgentId, ProjectId};
use connix_domain::lifecycle::Words;
use connix_domain::page::{AgentQuery, Page, SortBy};
use connix_domain::port::store::{AgentReader, ReadError};
use connix_domain::scope::OrgScope;
use diesel::dsl::{IntoBoxed, sql};
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::Bool;

/// As a literal, so that the database sees that its partial index applies.
fn is_there() -> SqlLiteral<Bool> {
    sql("agent.phase <> 'deleted'")
}

/// A project's agents that are not deleted.
fn of_project(scope: OrgScope, project: ProjectId) -> IntoBoxed<'static, agent::table, DB> {
    let own = agent::table.filter(agent::org_id.eq(scope.org().to_string()));
    own.filter(agent::project_id.eq(project.to_string())).filter(is_there()).into_boxed()
}

/// The filters as a value, for the page and for its total.
fn matching(scope: OrgScope, query: &AgentQuery) -> IntoBoxed<'static, agent::table, DB> {
    let own = of_project(scope, query.project);
    let filtered = by_metadata!(by_times!(own, agent, query.filter), agent, query.filter);
    let filtered = by_search!(filtered, agent::search_text, query.filter);
    match &query.status {
        Some(status) => {
            let phases = AgentPhase::ALL.iter().filter(|phase| phase.status() == status).map(|phase| phase.as_str());
            filtered.filter(agent::phase.eq_any(phases.collect::<Vec<_>>()))
        }
        None => filtered,
    }
}

#[async_trait]
impl AgentReader for Store {
    async fn agent(&self, scope: OrgScope, id: AgentId) -> Result<Option<Agent>, ReadError> {
        let row = || agent::table.find((scope.org().to_string(), id.to_string())).select(AgentRow::as_select());
        only(self.look_up(row).await?)
    }

    async fn agents(&self, scope: OrgScope, query: &AgentQuery) -> Result<Page<Agent>, ReadError> {
        let page = || {
            let part = matching(scope, query).limit(query.window.limit).offset(query.window.offset);
            sorted!(part.select(AgentRow::as_select()), agent, query.sort)
        };
        let count = || matching(scope, query).count();
        let (rows, total) = self.page(is_common(&query.filter), page, count).await?;
        Ok(Page { items: decoded(rows)?, total })
    }

    async fn agents_of(&self, scope: OrgScope, project: ProjectId) -> Result<Vec<Agent>, ReadError> {
        let own = || of_project(scope, project).order(agent::id).select(AgentRow::as_select());
        decoded(self.list(own).await?)
    }

    async fn agent_name_taken(&self, scope: OrgScope, project: ProjectId, name: &str) -> Result<bool, ReadError> {
        let named = || of_project(scope, project).filter(agent::name.eq(name.to_owned())).select(agent::id);
        let found: Vec<String> = self.look_up(named).await?;
        Ok(!found.is_empty())
    }
}
