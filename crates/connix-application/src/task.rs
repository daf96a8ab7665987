//! Tasks as their givers see them: give, find, wait for, call off, read the journal.

use crate::app::App;
use crate::caller::{Caller, ProjectRef};
use crate::error::{Error, Resource};
use crate::idempotency::Remember;
use connix_domain::agent::Agent;
use connix_domain::audit::Target;
use connix_domain::change_set::{Change, ChangeSet};
use connix_domain::id::TaskId;
use connix_domain::journal::JournalEntry;
use connix_domain::page::{Page, TaskQuery, Window};
use connix_domain::permission::Permission;
use connix_domain::task::{MOST_OPEN, Task, TaskOrder, TaskPhase};
use std::time::Duration;
use tokio::time::Instant;

/// Whoever waits for a task looks again after this time even if nobody woke them.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

impl App {
    /// Gives an agent a task.
    ///
    /// # Errors
    /// [`Error::Invalid`], [`Error::NotFound`], [`Error::NotTakingTasks`], [`Error::QueueFull`].
    pub async fn create_task(
        &self,
        caller: &Caller,
        wanted: &ProjectRef,
        agent: &str,
        order: TaskOrder,
        remember: Option<Remember<'_, Task>>,
    ) -> Result<Task, Error> {
        caller.may(Permission::RunsWrite)?;
        order.faults().or(()).map_err(Error::Invalid)?;
        self.retrying(|| self.try_create_task(caller, wanted, agent, &order, remember.as_ref())).await
    }

    async fn try_create_task(
        &self,
        caller: &Caller,
        wanted: &ProjectRef,
        agent: &str,
        order: &TaskOrder,
        remember: Option<&Remember<'_, Task>>,
    ) -> Result<Task, Error> {
        let (_, agent) = self.reachable_agent(caller, wanted, agent).await?;
        if !agent.takes_tasks() {
            return Err(Error::NotTakingTasks(agent.phase.status()));
        }
        if self.store().open_tasks(caller.scope, agent.id).await? >= MOST_OPEN {
            return Err(Error::QueueFull);
        }
        let id = TaskId::new(self.ports.ids.bits());
        let task = Task {
            charged_to: Some(caller.budgets().to_owned()),
            ..Task::new(agent.org, id, agent.id, agent.project, order.clone(), self.now())
        };
        let changes = ChangeSet::new()
            .with(Change::AgentUnchanged { org: agent.org, id: agent.id, version: agent.version })
            .with(Change::CreateTask(task.clone()))
            .with(self.audited(caller, Target::new("task", task.id), []))
            .first(self.record(remember, &task));
        self.ports.store.commit(changes).await?;
        self.wakeups.agent(agent.id);
        Ok(task)
    }

    /// A task.
    ///
    /// # Errors
    /// [`Error::NotFound`]
    pub async fn task(&self, caller: &Caller, wanted: &ProjectRef, agent: &str, id: &str) -> Result<Task, Error> {
        caller.may(Permission::RunsRead)?;
        Ok(self.reachable_task(caller, wanted, agent, id).await?.1)
    }

    /// Waits until a task has ended, at most `longest`; gives what it is then.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is removed meanwhile.
    pub async fn wait_for_task(&self, caller: &Caller, task: &Task, longest: Duration) -> Result<Task, Error> {
        let news = self.wakeups.of(task.agent);
        let end = Instant::now() + longest;
        loop {
            let woken = news.notified();
            tokio::pin!(woken);
            woken.as_mut().enable();
            let found = self.store().task(caller.scope, task.id).await?;
            let now = found.ok_or_else(|| Error::NotFound(Resource::Task(task.id.to_string())))?;
            if now.phase.is_final() || Instant::now() >= end || self.is_leaving() {
                return Ok(now);
            }
            let _ = tokio::time::timeout_at(end.min(Instant::now() + LOOK_AGAIN), woken).await;
        }
    }

    /// A part of an agent's list of tasks. `query.agent` is set here.
    ///
    /// # Errors
    /// [`Error::NotFound`]
    pub async fn tasks(
        &self,
        caller: &Caller,
        wanted: &ProjectRef,
        agent: &str,
        query: TaskQuery,
    ) -> Result<Page<Task>, Error> {
        caller.may(Permission::RunsRead)?;
        let (_, agent) = self.reachable_agent(caller, wanted, agent).await?;
        Ok(self.store().tasks(caller.scope, &TaskQuery { agent: agent.id, ..query }).await?)
    }

    /// Calls a task off: a queued one at once, a running one as soon as its worker lets go.
    ///
    /// # Errors
    /// [`Error::Refused`] when it has completed or failed; [`Error::NotFound`].
    pub async fn cancel_task(
        &self,
        caller: &Caller,
        wanted: &ProjectRef,
        agent: &str,
        id: &str,
        remember: Option<Remember<'_, Task>>,
    ) -> Result<Task, Error> {
        caller.may(Permission::RunsWrite)?;
        self.retrying(|| async {
            let (agent, task) = self.reachable_task(caller, wanted, agent, id).await?;
            let next = task.request_cancel(self.now())?;
            let cancelled =
                |next| [Change::UpdateTask(next), self.audited(caller, Target::new("task", task.id), ["status"])];
            let changes = next.clone().map(cancelled).into_iter().flatten();
            let task = next.unwrap_or(task);
            let changes = ChangeSet::new().with_all(changes).first(self.record(remember.as_ref(), &task));
            if !changes.is_empty() {
                self.ports.store.commit(changes).await?;
                if task.phase == TaskPhase::Cancelled {
                    self.ports.metrics.task_ended(task.phase.as_str());
                }
                self.wakeups.agent(agent.id);
            }
            Ok(task)
        })
        .await
    }

    /// A part of a task's journal, in order.
    ///
    /// # Errors
    /// [`Error::NotFound`]
    pub async fn journal(
        &self,
        caller: &Caller,
        wanted: &ProjectRef,
        agent: &str,
        id: &str,
        window: Window,
    ) -> Result<Page<JournalEntry>, Error> {
        caller.may(Permission::RunsRead)?;
        let (_, task) = self.reachable_task(caller, wanted, agent, id).await?;
        // entries are numbered from 1 without gaps
        let items = self.store().journal(caller.scope, task.id, window.offset, window.limit).await?;
        Ok(Page { items, total: self.store().journal_length(caller.scope, task.id).await? })
    }

    pub(crate) async fn reachable_task(
        &self,
        caller: &Caller,
        wanted: &ProjectRef,
        agent: &str,
        id: &str,
    ) -> Result<(Agent, Task), Error> {
        let (_, agent) = self.reachable_agent(caller, wanted, agent).await?;
        let not_found = || Error::NotFound(Resource::Task(id.to_owned()));
        let parsed = id.parse().map_err(|_| not_found())?;
        let task = self.store().task(caller.scope, parsed).await?;
        let task = task.filter(|task| task.agent == agent.id).ok_or_else(not_found)?;
        Ok((agent, task))
    }
}
