//! Tasks and their journals.

use super::filter::{by_metadata, by_times, is_common};
use super::rows::{JournalRow, TaskRow};
use super::tables::{journal, task};
use super::{DB, Store, decoded, dialect, only, single};
use crate::instant::At;
use async_trait::async_trait;
use connix_domain::Timestamp;
use connix_domain::id::{AgentId, TaskId};
use connix_domain::journal::JournalEntry;
use connix_domain::page::{Page, TaskQuery};
use connix_domain::port::store::{ReadError, TaskReader};
use connix_domain::scope::OrgScope;
use connix_domain::task::{Task, TaskPhase};
use diesel::dsl::IntoBoxed;
use diesel::prelude::*;

/// An agent's tasks.
fn of_agent(scope: OrgScope, agent: AgentId) -> IntoBoxed<'static, task::table, DB> {
    let own = task::table.filter(task::org_id.eq(scope.org().to_string()));
    own.filter(task::agent_id.eq(agent.to_string())).into_boxed()
}

/// An agent's tasks in a phase.
fn in_phase(scope: OrgScope, agent: AgentId, phase: TaskPhase) -> IntoBoxed<'static, task::table, DB> {
    of_agent(scope, agent).filter(task::phase.eq(phase.as_str()))
}

/// The filters as a value, for the page and for its total.
fn matching(scope: OrgScope, query: &TaskQuery) -> IntoBoxed<'static, task::table, DB> {
    let own = match query.phase {
        Some(phase) => in_phase(scope, query.agent, phase),
        None => of_agent(scope, query.agent),
    };
    by_metadata!(by_times!(own, task, query.filter), task, query.filter)
}

#[async_trait]
impl TaskReader for Store {
    async fn task(&self, scope: OrgScope, id: TaskId) -> Result<Option<Task>, ReadError> {
        let row = || task::table.find((scope.org().to_string(), id.to_string())).select(TaskRow::as_select());
        only(self.look_up(row).await?)
    }

    async fn tasks(&self, scope: OrgScope, query: &TaskQuery) -> Result<Page<Task>, ReadError> {
        let page = || {
            let part = matching(scope, query).limit(query.window.limit).offset(query.window.offset);
            let part = part.select(TaskRow::as_select());
            if query.newest_first {
                part.order((task::created_at.desc(), task::id.asc()))
            } else {
                part.order((task::created_at.asc(), task::id.asc()))
            }
        };
        let count = || matching(scope, query).count();
        let (rows, total) = self.page(is_common(&query.filter), page, count).await?;
        Ok(Page { items: decoded(rows)?, total })
    }

    async fn open_tasks(&self, scope: OrgScope, agent: AgentId) -> Result<i64, ReadError> {
        let open = [TaskPhase::Queued.as_str(), TaskPhase::Running.as_str()];
        single(self.look_up(|| of_agent(scope, agent).filter(task::phase.eq_any(open)).count()).await?)
    }

    async fn next_task(&self, scope: OrgScope, agent: AgentId, now: Timestamp) -> Result<Option<Task>, ReadError> {
        let due = || task::not_before.is_null().or(task::not_before.le(At(now)).assume_not_null());
        let next = || {
            let queued = in_phase(scope, agent, TaskPhase::Queued).filter(due());
            queued.order((task::created_at, task::id)).limit(1).select(TaskRow::as_select())
        };
        only(self.look_up(next).await?)
    }

    async fn next_task_at(&self, scope: OrgScope, agent: AgentId) -> Result<Option<Timestamp>, ReadError> {
        let first = || {
            let waiting = in_phase(scope, agent, TaskPhase::Queued).filter(task::not_before.is_not_null());
            waiting.order(task::not_before).limit(1).select(task::not_before.assume_not_null())
        };
        let found: Vec<At> = self.look_up(first).await?;
        Ok(found.into_iter().next().map(Into::into))
    }

    async fn running_tasks(&self, scope: OrgScope, agent: AgentId) -> Result<Vec<Task>, ReadError> {
        let running = || {
            let running = in_phase(scope, agent, TaskPhase::Running);
            running.order((task::created_at, task::id)).select(TaskRow::as_select())
        };
        decoded(self.look_up(running).await?)
    }

    async fn journal(
        &self,
        scope: OrgScope,
        id: TaskId,
        after: i64,
        limit: i64,
    ) -> Result<Vec<JournalEntry>, ReadError> {
        let entries = || {
            let own = journal::table.filter(journal::org_id.eq(scope.org().to_string()));
            let later = own.filter(journal::task_id.eq(id.to_string())).filter(journal::sequence.gt(after));
            later.order(journal::sequence).limit(limit).select(JournalRow::as_select())
        };
        decoded(self.browse(entries).await?)
    }

    async fn journal_length(&self, scope: OrgScope, id: TaskId) -> Result<i64, ReadError> {
        let entries = || {
            let own = journal::table.filter(journal::org_id.eq(scope.org().to_string()));
            own.filter(journal::task_id.eq(id.to_string())).count()
        };
        single(self.look_up(entries).await?)
    }
}
