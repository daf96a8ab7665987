//! A worker's registration: hello, heartbeats with the answers that direct it, a new configuration, good-bye.

use super::Worker;
use crate::app::App;
use crate::error::Error;
use crate::presence::Attached;
use connix_domain::Timestamp;
use connix_domain::agent::{Agent, AgentPhase, EnvironmentVariables, Exit, Hello, ProcessPhase, RuntimeKind};
use connix_domain::change_set::{Change, ChangeSet};
use connix_domain::event::Actor;
use connix_domain::id::{SessionId, TaskId};
use connix_domain::phases;
use connix_domain::task::{Task, TaskPhase};
use connix_domain::telemetry::Consumption;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;
use tokio::time::Instant;

phases! {
    /// What a worker is to do.
    pub enum Wanted {
        /// Work.
        Run = "run",
        /// Hold still at the next step.
        Pause = "pause",
        /// Finish what can be finished within the grace, and leave.
        Drain = "drain",
        /// Leave at once.
        Exit = "exit",
    }
}

/// What a worker is told when it says hello.
#[derive(Debug, Clone)]
pub struct SessionGrant {
    /// Its session.
    pub session: SessionId,
    /// The agent, with the configuration to use.
    pub agent: Agent,
    /// Its environment variables.
    pub environment: EnvironmentVariables,
}

/// A task that a worker says it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reported {
    /// Which.
    pub task: TaskId,
    /// Which attempt.
    pub attempt: i64,
    /// Changes with each step that it makes.
    pub progress: i64,
}

/// A heartbeat.
#[derive(Debug, Clone)]
pub struct Report {
    /// Whether it holds still.
    pub parked: bool,
    /// The revision of the configuration that it uses.
    pub applied_revision: i64,
    /// The tasks that it holds.
    pub tasks: Vec<Reported>,
    /// The directive that it has seen; the answer is held back until there is another one.
    pub seen: i64,
    /// How long the answer may be held back.
    pub hold: Duration,
    /// What it says it has consumed since its start.
    pub consumption: Consumption,
}

/// What a worker is told by the answer to a heartbeat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directive {
    /// What it is to do.
    pub wanted: Wanted,
    /// The newest revision of its configuration.
    pub config_revision: i64,
    /// Tasks that it is to call off.
    pub cancel: Vec<TaskId>,
    /// Tasks that it does not hold any more.
    pub lost: Vec<TaskId>,
}

impl Directive {
    /// Tells this directive from others; never 0, which is what a worker has seen that has seen none.
    pub fn version(&self) -> i64 {
        let mut hasher = DefaultHasher::new();
        (self.wanted, self.config_revision, &self.cancel, &self.lost).hash(&mut hasher);
        (hasher.finish() >> 11) as i64 | 1
    }
}

impl App {
    /// A worker says hello and gets a session, its configuration, and the times to keep.
    ///
    /// # Errors
    /// [`Error::Fenced`] when no worker of this agent is wanted.
    pub async fn greet(&self, worker: Worker, nonce: &str) -> Result<SessionGrant, Error> {
        self.retrying(|| async {
            let agent = self.store().agent(worker.scope, worker.agent).await?.ok_or(Error::Fenced)?;
            let hello = Hello { nonce: nonce.to_owned(), session: SessionId::new(self.ports.ids.bits()) };
            let agent = match agent.greeted(&hello, self.now()).map_err(|_| Error::Fenced)? {
                None => agent,
                Some((next, happened)) => {
                    let mut changes = ChangeSet::new();
                    if next.runtime == RuntimeKind::External {
                        changes = self.released(worker, changes).await?;
                    }
                    let changes = changes.with_all(self.agent_changes(next.clone(), happened, Actor::System));
                    self.ports.store.commit(changes).await?;
                    self.wakeups.agent(next.id);
                    next
                }
            };
            self.heard(&agent);
            self.meters.begun(&agent, self.now());
            let session = agent.control.session.ok_or(Error::Fenced)?;
            let environment = self.environment(&agent)?;
            Ok(SessionGrant { session, agent, environment })
        })
        .await
    }

    /// Gives back what an earlier session of the agent held.
    async fn released(&self, worker: Worker, mut changes: ChangeSet) -> Result<ChangeSet, Error> {
        for task in self.store().running_tasks(worker.scope, worker.agent).await? {
            changes = changes.with(Change::UpdateTask(task.release(Default::default(), self.now())?));
        }
        Ok(changes)
    }

    fn heard(&self, agent: &Agent) {
        let incarnation = agent.control.incarnation;
        self.presence.heard(Attached { org: agent.org, agent: agent.id, incarnation });
    }

    /// A heartbeat: extends leases, takes in what the worker reports, and answers when there is something new to tell.
    ///
    /// # Errors
    /// [`Error::Fenced`]
    pub async fn heartbeat(&self, worker: Worker, session: SessionId, report: Report) -> Result<Directive, Error> {
        let agent = self.attached(worker, session).await?;
        self.heard(&agent);
        self.meters.heard(&agent, report.consumption);
        let working = wanted(&agent) != Wanted::Pause;
        self.watchdog.heard(worker.agent, &report.tasks, working, self.settings.intervals.lease);
        self.take_in(worker, session, &report).await?;
        let news = self.wakeups.of(worker.agent);
        let end = Instant::now() + report.hold;
        loop {
            let woken = news.notified();
            tokio::pin!(woken);
            woken.as_mut().enable();
            let agent = self.attached(worker, session).await?;
            let directive = self.directive(worker, &agent, &report.tasks).await?;
            if directive.version() != report.seen || Instant::now() >= end || self.is_leaving() {
                return Ok(directive);
            }
            let _ = tokio::time::timeout_at(end, woken).await;
        }
    }

    async fn take_in(&self, worker: Worker, session: SessionId, report: &Report) -> Result<(), Error> {
        self.retrying(|| async {
            let agent = self.attached(worker, session).await?;
            let applied = agent.applied(report.applied_revision);
            let parked = applied.as_ref().unwrap_or(&agent).parked(report.parked, self.now());
            // one unit of work is one new version
            let parked = parked.map(|next| Agent { version: agent.version + 1, ..next });
            let Some(next) = parked.or(applied) else { return Ok(()) };
            self.commit(ChangeSet::new().with(Change::UpdateAgent(next))).await?;
            self.wakeups.agent(worker.agent);
            Ok(())
        })
        .await
    }

    /// What the worker is to do, and which of the tasks it names it is to let go; the leases of the others are extended.
    async fn directive(&self, worker: Worker, agent: &Agent, held: &[Reported]) -> Result<Directive, Error> {
        let mut directive = Directive {
            wanted: wanted(agent),
            config_revision: agent.control.config_revision,
            cancel: Vec::new(),
            lost: Vec::new(),
        };
        for reported in held {
            match self.still_held(worker, agent, reported).await? {
                None => directive.lost.push(reported.task),
                Some(task) => {
                    if task.cancel_requested_at.is_some() {
                        directive.cancel.push(reported.task);
                    }
                    self.extend_lease(&task).await?;
                }
            }
        }
        self.judge_held_on(agent, &directive.lost).await?;
        Ok(directive)
    }

    /// Extends a lease once a third of it is gone: not each heartbeat is a write.
    async fn extend_lease(&self, task: &Task) -> Result<(), Error> {
        let lease =
            chrono::Duration::from_std(self.settings.intervals.lease).unwrap_or_else(|_| chrono::Duration::seconds(30));
        let now = self.now();
        if task.phase != TaskPhase::Running || task.lease_until.is_some_and(|until| until - now > lease * 2 / 3) {
            return Ok(());
        }
        let extension = Change::ExtendLease { org: task.org, task: task.id, attempt: task.attempt, until: now + lease };
        Ok(self.ports.store.commit(ChangeSet::new().with(extension)).await?)
    }

    /// The newest configuration.
    ///
    /// # Errors
    /// [`Error::Fenced`]
    pub async fn worker_config(
        &self,
        worker: Worker,
        session: SessionId,
    ) -> Result<(Agent, EnvironmentVariables), Error> {
        let agent = self.attached(worker, session).await?;
        let environment = self.environment(&agent)?;
        Ok((agent, environment))
    }

    /// The worker uses a revision of the configuration from now on.
    ///
    /// # Errors
    /// [`Error::Fenced`]
    pub async fn config_applied(&self, worker: Worker, session: SessionId, revision: i64) -> Result<(), Error> {
        self.retrying(|| async {
            let agent = self.attached(worker, session).await?;
            self.heard(&agent);
            if let Some(next) = agent.applied(revision) {
                self.commit(ChangeSet::new().with(Change::UpdateAgent(next))).await?;
                self.wakeups.agent(worker.agent);
            }
            Ok(())
        })
        .await
    }

    /// The worker leaves. A local one's process is still to be seen to end; an external one is gone by its word.
    ///
    /// # Errors
    /// [`Error::Fenced`]
    pub async fn leave(&self, worker: Worker, session: SessionId, reason: &str) -> Result<(), Error> {
        let agent = self.attached(worker, session).await?;
        self.presence.left(agent.id, agent.control.incarnation);
        if agent.runtime == RuntimeKind::External {
            let exit = left(reason, self.now());
            self.worker_gone(worker.scope, agent.id, agent.control.incarnation, exit).await?;
        }
        Ok(())
    }
}

/// What a worker is to do, by what is wanted of its agent.
fn wanted(agent: &Agent) -> Wanted {
    if agent.control.process == ProcessPhase::Stopping {
        return Wanted::Drain;
    }
    match agent.phase {
        AgentPhase::Creating | AgentPhase::Running | AgentPhase::UpdatingRunning => Wanted::Run,
        AgentPhase::Paused | AgentPhase::UpdatingPaused => Wanted::Pause,
        AgentPhase::Stopped | AgentPhase::UpdatingStopped | AgentPhase::Error | AgentPhase::Deleted => Wanted::Exit,
    }
}

fn left(reason: &str, at: Timestamp) -> Exit {
    Exit { code: Some(0), signal: None, reason: "left".to_owned(), detail: reason.chars().take(500).collect(), at }
}
