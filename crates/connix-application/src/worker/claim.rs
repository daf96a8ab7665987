//! A worker takes a task under a lease.

use super::{LONGEST_JOURNAL, Worker};
use crate::app::App;
use crate::error::Error;
use connix_domain::change_set::{Change, ChangeSet};
use connix_domain::id::SessionId;
use connix_domain::journal::JournalEntry;
use connix_domain::task::Task;
use std::time::Duration;
use tokio::time::Instant;

/// Whoever may not take a task that is due looks again after this time.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// A task that a worker has taken.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// The task.
    pub task: Task,
    /// What earlier attempts noted.
    pub journal: Vec<JournalEntry>,
    /// The revision of the configuration to do it with.
    pub config_revision: i64,
    /// How long the attempt may take from now.
    pub time_left: Duration,
}

impl App {
    /// Takes the next task of the worker's agent; waits for one at most `longest`, and no longer than the service works.
    ///
    /// # Errors
    /// [`Error::Fenced`]; [`Error::Unavailable`] when the service is ending already, so that the worker asks less often.
    pub async fn claim(&self, worker: Worker, session: SessionId, longest: Duration) -> Result<Option<Claimed>, Error> {
        if self.is_leaving() {
            return Err(Error::Unavailable("the service is ending".to_owned()));
        }
        let news = self.wakeups.of(worker.agent);
        let end = Instant::now() + longest.min(self.settings.intervals.claim_wait);
        loop {
            let woken = news.notified();
            tokio::pin!(woken);
            woken.as_mut().enable();
            match self.try_claim(worker, session).await {
                Ok(Some(claimed)) => return Ok(Some(claimed)),
                Ok(None) if Instant::now() >= end || self.is_leaving() => return Ok(None),
                Ok(None) => {}
                Err(Error::Raced) => continue,
                Err(error) => return Err(error),
            }
            let until = end.min(self.next_chance(worker).await?);
            let _ = tokio::time::timeout_at(until, woken).await;
        }
    }

    async fn try_claim(&self, worker: Worker, session: SessionId) -> Result<Option<Claimed>, Error> {
        let agent = self.attached(worker, session).await?;
        if !agent.may_claim(agent.control.incarnation) || self.is_leaving() {
            return Ok(None);
        }
        let now = self.now();
        let Some(task) = self.store().next_task(worker.scope, agent.id, now).await? else { return Ok(None) };
        let lease = chrono::Duration::from_std(self.settings.intervals.lease).unwrap_or(chrono::Duration::seconds(30));
        let claimed = task.claim(agent.control.incarnation, &agent.config.model, lease, now)?;
        let changes = ChangeSet::new()
            .with(Change::AgentUnchanged { org: agent.org, id: agent.id, version: agent.version })
            .with(Change::UpdateTask(claimed.clone()))
            .with(Change::TouchAgent { org: agent.org, id: agent.id, at: now });
        // read first: nobody writes to the journal of a task that waits, and a task that was taken must reach its worker
        let journal = self.store().journal(worker.scope, task.id, 0, LONGEST_JOURNAL).await?;
        self.ports.store.commit(changes).await?;
        let time_left = Duration::from_secs(claimed.order.timeout_seconds.unsigned_abs());
        Ok(Some(Claimed { task: claimed, journal, config_revision: agent.control.config_revision, time_left }))
    }

    /// When a task that has to wait may be taken; far away when there is none.
    async fn next_chance(&self, worker: Worker) -> Result<Instant, Error> {
        let wait = match self.store().next_task_at(worker.scope, worker.agent).await? {
            // due, and yet it was not taken: the agent is not to work just now
            Some(at) => (at - self.now()).to_std().unwrap_or(LOOK_AGAIN),
            None => self.settings.intervals.claim_wait,
        };
        Ok(Instant::now() + wait)
    }
}
