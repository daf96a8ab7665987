//! A worker is gone, or is taken for gone: what becomes of its agent and of the tasks that it held.

use crate::app::App;
use crate::error::Error;
use crate::log::shown;
use crate::presence::Attached;
use crate::worker::LONGEST_JOURNAL;
use connix_domain::agent::{Agent, Exit, ProcessPhase, RuntimeKind};
use connix_domain::change_set::{Change, ChangeSet};
use connix_domain::event::{Actor, Happening};
use connix_domain::id::AgentId;
use connix_domain::journal::noted_usage;
use connix_domain::log::LogLevel;
use connix_domain::scope::{Job, OrgScope};
use connix_domain::task::{Task, Usage};
use connix_domain::telemetry::ResourceSample;
use serde_json::json;

/// So many bytes of what a worker printed last stand in the log line about its end.
const LAST_OUTPUT: usize = 2048;

impl App {
    /// A process has ended. Unexpected ends count against the agent, and against the task that was under way.
    pub(crate) async fn worker_gone(
        &self,
        scope: OrgScope,
        id: AgentId,
        incarnation: i64,
        exit: Exit,
    ) -> Result<(), Error> {
        let jitter = self.jitter();
        self.gone(scope, id, incarnation, |agent| {
            agent.exited(incarnation, exit.clone(), jitter, self.now()).map(|(next, happened)| {
                let crashed =
                    next.control.process == ProcessPhase::Backoff || next.control.fault != agent.control.fault;
                (next, happened, crashed)
            })
        })
        .await
    }

    /// A process has ended through no fault of its own; nothing is counted.
    pub(crate) async fn worker_lost(
        &self,
        scope: OrgScope,
        id: AgentId,
        incarnation: i64,
        exit: Exit,
    ) -> Result<(), Error> {
        self.gone(scope, id, incarnation, |agent| {
            let current = agent.control.incarnation == incarnation;
            let lost = if current { agent.lost(exit.clone(), self.now()) } else { None };
            lost.map(|(next, happened)| (next, happened, false))
        })
        .await
    }

    async fn gone(
        &self,
        scope: OrgScope,
        id: AgentId,
        incarnation: i64,
        decide: impl Fn(&Agent) -> Option<(Agent, Vec<Happening>, bool)>,
    ) -> Result<(), Error> {
        self.presence.left(id, incarnation);
        self.watchdog.forget(id);
        let samples = self.meters.ended(id, incarnation, self.now());
        let taken_in = self.take_in_end(scope, id, incarnation, &decide, &samples).await;
        if !matches!(taken_in, Ok(true)) {
            self.meters.keep(samples);
        }
        taken_in.map(drop)
    }

    /// Writes what follows from an end. False when nothing does.
    async fn take_in_end(
        &self,
        scope: OrgScope,
        id: AgentId,
        incarnation: i64,
        decide: &impl Fn(&Agent) -> Option<(Agent, Vec<Happening>, bool)>,
        samples: &[ResourceSample],
    ) -> Result<bool, Error> {
        self.retrying(|| async move {
            let Some(agent) = self.store().agent(scope, id).await? else { return Ok(false) };
            let Some((mut next, happened, crashed)) = decide(&agent) else { return Ok(false) };
            if let Some(exit) = &mut next.control.last_exit {
                exit.detail = self.redactor(&agent)?.text(&exit.detail).into_owned();
            }
            let mut changes = ChangeSet::new().with(Change::AppendSamples(samples.to_vec()));
            let mut ended = Vec::new();
            for task in self.store().running_tasks(scope, id).await? {
                if task.incarnation.is_none_or(|holder| holder <= incarnation) {
                    let free = self.freed(scope, &task, crashed).await?;
                    changes = changes.with_all(self.attempt_changes(&agent, free.clone()));
                    ended.push((task, free));
                }
            }
            if crashed {
                changes = changes.with(self.note_crash(&next));
            }
            changes = changes.with_all(self.agent_changes(next, happened, Actor::System));
            self.commit(changes).await?;
            for (before, after) in &ended {
                self.attempt_over(before, after).await;
            }
            if crashed {
                self.ports.metrics.agent_crashed();
            }
            self.wakeups.agent(id);
            Ok(true)
        })
        .await
    }

    /// A task without its worker, with what the attempt had cost by then.
    async fn freed(&self, scope: OrgScope, task: &Task, crashed: bool) -> Result<Task, Error> {
        let usage = self.noted(scope, task).await?;
        let now = self.now();
        Ok(if crashed { task.worker_lost(usage, now) } else { task.release(usage, now) }?)
    }

    /// What an attempt has cost so far, by its journal.
    pub(crate) async fn noted(&self, scope: OrgScope, task: &Task) -> Result<Usage, Error> {
        let entries = self.store().journal(scope, task.id, 0, LONGEST_JOURNAL).await?;
        Ok(noted_usage(&entries, task.attempt))
    }

    fn note_crash(&self, agent: &Agent) -> Change {
        let exit = agent.control.last_exit.as_ref();
        let context = json!({
            "incarnation": agent.control.incarnation,
            "reason": exit.map(|e| e.reason.as_str()),
            "code": exit.and_then(|e| e.code),
            "signal": exit.and_then(|e| e.signal),
            "last_output": exit.map_or("", |e| end_of(&e.detail)),
            "next_retry_at": agent.control.retry_at.map(shown),
        });
        self.note(agent, LogLevel::Error, "The agent's worker ended unexpectedly", context)
    }

    /// A worker is of no use any more. A local one is killed, which is seen as its end; an external one is taken for gone,
    /// and fenced should it come back.
    pub(crate) async fn give_up_worker(&self, useless: Attached, reason: &str) -> Result<(), Error> {
        let scope = OrgScope::for_job(useless.org, Job::Supervision);
        let Some(agent) = self.store().agent(scope, useless.agent).await? else { return Ok(()) };
        if agent.control.incarnation != useless.incarnation || !agent.control.process.is_live() {
            return Ok(());
        }
        tracing::warn!(agent.id = %agent.id, incarnation = useless.incarnation, reason, "the worker is given up");
        match agent.runtime {
            RuntimeKind::Local => {
                self.ports.runtime.kill(useless.agent, useless.incarnation).await;
                Ok(())
            }
            RuntimeKind::External => {
                let exit = self.ended(reason);
                self.worker_gone(scope, useless.agent, useless.incarnation, exit).await
            }
        }
    }

    /// An external worker that was attached before this server started is expected to be heard again.
    pub(crate) fn expect_worker(&self, agent: &Agent) {
        let incarnation = agent.control.incarnation;
        self.presence.heard(Attached { org: agent.org, agent: agent.id, incarnation });
    }

    /// The lease of an attempt is over: its worker was not heard for as long.
    pub(crate) async fn lease_over(&self, task: Task) -> Result<(), Error> {
        let scope = OrgScope::for_job(task.org, Job::Supervision);
        let Some(agent) = self.store().agent(scope, task.agent).await? else { return Ok(()) };
        let free = self.freed(scope, &task, true).await?;
        match self.ports.store.commit(self.attempt_changes(&agent, free.clone())).await.map_err(Error::from) {
            Ok(()) => {
                self.attempt_over(&task, &free).await;
                self.wakeups.agent(task.agent);
                Ok(())
            }
            Err(Error::Raced) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// A share between -0.25 and 0.25, so that agents that fell together do not rise together.
    fn jitter(&self) -> f64 {
        let share = (self.ports.ids.bits() >> 11) as f64 / (1_u64 << 53) as f64;
        (share - 0.5) / 2.0
    }
}

/// The last words of a worker, as many as a log line should hold.
fn end_of(output: &str) -> &str {
    let start = output.len().saturating_sub(LAST_OUTPUT);
    let boundary = (start..output.len()).find(|at| output.is_char_boundary(*at)).unwrap_or(output.len());
    &output[boundary..]
}
