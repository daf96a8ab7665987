//! Attempts that do not get on, and workers that do not let go: each is ended from here, so that nothing waits for it.

use super::Worker;
use super::session::Reported;
use crate::app::App;
use crate::error::Error;
use crate::presence::Attached;
use connix_domain::Timestamp;
use connix_domain::agent::Agent;
use connix_domain::id::TaskId;
use connix_domain::lifecycle::TransitionError;
use connix_domain::task::{Task, TaskError, Usage};
use std::time::Duration;

/// What is wrong with an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stuck {
    /// Its worker's loop does not move, although its heart beats.
    Stalled(Duration),
    /// Its time was over long ago, and its worker goes on.
    OutOfTime,
    /// It was called off long ago, and its worker goes on.
    NotCancelled,
}

impl Stuck {
    fn end(self, task: &Task, usage: Usage, now: Timestamp) -> Result<Task, TransitionError> {
        let error = |code: &str, message: String| TaskError { code: code.to_owned(), message };
        match self {
            Self::Stalled(idle) => {
                let message = format!("The worker made no progress for {} seconds", idle.as_secs());
                task.fail(error("stalled", message), true, usage, now)
            }
            Self::OutOfTime => {
                let message = "The task did not end within its time".to_owned();
                task.fail(error("timeout", message), false, usage, now)
            }
            Self::NotCancelled => task.cancel(usage, now),
        }
    }
}

impl App {
    /// The task, if the worker still holds it and it gets on. One that does not is ended here and now.
    pub(super) async fn still_held(
        &self,
        worker: Worker,
        agent: &Agent,
        reported: &Reported,
    ) -> Result<Option<Task>, Error> {
        let task = self.store().task(worker.scope, reported.task).await?;
        let held =
            |task: &Task| task.agent == agent.id && task.held_by(agent.control.incarnation, reported.attempt).is_ok();
        let Some(task) = task.filter(held) else { return Ok(None) };
        let Some(stuck) = self.what_is_wrong(&task) else { return Ok(Some(task)) };
        tracing::warn!(task.id = %task.id, agent.id = %agent.id, ?stuck, "an attempt is ended from outside");
        let usage = self.noted(worker.scope, &task).await?;
        let ended = stuck.end(&task, usage, self.now())?;
        match self.ports.store.commit(self.attempt_changes(agent, ended.clone())).await.map_err(Error::from) {
            Ok(()) => {
                self.attempt_over(&task, &ended).await;
                self.wakeups.agent(agent.id);
                Ok(None)
            }
            // its worker was faster; the next heartbeat knows
            Err(Error::Raced) => Ok(Some(task)),
            Err(error) => Err(error),
        }
    }

    fn what_is_wrong(&self, task: &Task) -> Option<Stuck> {
        let course = self.watchdog.course(task.agent, task.id);
        let lease = self.settings.intervals.lease;
        let longest = Duration::from_secs(task.order.timeout_seconds.unsigned_abs()) + lease;
        let called_off = task.cancel_requested_at.and_then(|at| (self.now() - at).to_std().ok());
        if called_off.is_some_and(|passed| passed > lease) {
            Some(Stuck::NotCancelled)
        } else if course.worked > longest {
            Some(Stuck::OutOfTime)
        } else {
            (course.idle > self.settings.intervals.stall).then_some(Stuck::Stalled(course.idle))
        }
    }

    /// A worker that goes on for a lease with what it was told to let go does not do what it is told: it is replaced.
    pub(super) async fn judge_held_on(&self, agent: &Agent, lost: &[TaskId]) -> Result<(), Error> {
        let told = lost.iter().map(|task| self.watchdog.told_to_let_go(agent.id, *task)).max();
        if told.is_some_and(|longest| longest > self.settings.intervals.lease) {
            let incarnation = agent.control.incarnation;
            let stuck = Attached { org: agent.org, agent: agent.id, incarnation };
            self.give_up_worker(stuck, "does_not_let_go").await?;
        }
        Ok(())
    }
}
