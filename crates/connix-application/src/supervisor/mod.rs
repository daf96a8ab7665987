//! Converges what runs towards what is wanted. Level-triggered: it looks at what is due, does the one next step that the
//! domain names, and takes in what is seen of processes. A hint wakes it; a sweep each second finds what a hint missed.

mod gone;
mod patience;
mod retention;
mod sampling;
mod step;

use crate::app::App;
use crate::error::Error;
use connix_domain::Timestamp;
use connix_domain::agent::{Exit, RuntimeKind};
use connix_domain::change_set::ChangeSet;
use connix_domain::event::Actor;
use connix_domain::scope::{Job, OrgScope};
use patience::Patience;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// It looks at what is due at least this often.
const SWEEP: Duration = Duration::from_secs(1);
/// So many agents and tasks are looked at in one sweep; the rest in the next.
const BATCH: i64 = 256;
/// Idempotency records that have expired are removed this often.
const FORGET: Duration = Duration::from_secs(600);

/// The one loop that acts on agents' processes.
pub struct Supervisor {
    app: Arc<App>,
}

impl Supervisor {
    /// A supervisor of an application's agents.
    pub fn new(app: Arc<App>) -> Self {
        Self { app }
    }

    /// Takes in that this server has just started: no local process of before is alive, and their tasks are free again.
    /// External workers get a fresh start to be heard in.
    ///
    /// # Errors
    /// What the store says; nothing may be launched before this has worked.
    pub async fn recover(&self) -> Result<(), Error> {
        for agent in self.app.store().agents_with_process().await? {
            let scope = OrgScope::for_job(agent.org, Job::Supervision);
            match agent.runtime {
                RuntimeKind::Local => {
                    let exit = self.app.ended("server_restarted");
                    self.app.worker_lost(scope, agent.id, agent.control.incarnation, exit).await?;
                }
                RuntimeKind::External => self.app.expect_worker(&agent),
            }
        }
        Ok(())
    }

    /// Works until the future is dropped.
    pub async fn run(&self) {
        tokio::join!(self.converge(), self.watch(), self.sample(), self.drop_what_is_old(), self.app.keep_origins());
    }

    async fn converge(&self) {
        let mut forgotten = Instant::now();
        let mut patience = Patience::new(self.app.settings.intervals.lease, self.app.now());
        loop {
            if let Err(error) = self.sweep(patience.is_over(self.app.now())).await {
                tracing::warn!(%error, "the supervisor's sweep is repeated in a second");
                // our own outage is not held against the workers: nobody could be heard
                self.app.presence.refresh();
                patience.renew();
                tokio::time::sleep(SWEEP).await;
            }
            if forgotten.elapsed() > FORGET {
                forgotten = Instant::now();
                if let Err(error) = self.app.store().forget_expired(self.app.now()).await {
                    tracing::warn!(%error, "expired idempotency records are removed later");
                }
                if let Err(error) = self.app.forget_ended_sign_ins().await {
                    tracing::warn!(%error, "ended sign-ins and grants are removed later");
                }
            }
            self.app.wakeups.supervisor_wanted(SWEEP).await;
        }
    }

    /// Takes in the ends of local processes.
    async fn watch(&self) {
        loop {
            let gone = self.app.ports.runtime.next_exit().await;
            let scope = OrgScope::for_job(gone.org, Job::Supervision);
            self.persevere(|| {
                let exit = gone.exit.clone();
                let app = &self.app;
                async move {
                    if app.is_leaving() {
                        app.worker_lost(scope, gone.agent, gone.incarnation, exit).await
                    } else {
                        app.worker_gone(scope, gone.agent, gone.incarnation, exit).await
                    }
                }
            })
            .await;
        }
    }

    /// An exit is seen once only: it is taken in however long the store is away.
    async fn persevere<F: Future<Output = Result<(), Error>>>(&self, mut attempt: impl FnMut() -> F) {
        while let Err(error) = attempt().await {
            tracing::warn!(%error, "an agent's exit is taken in again in a second");
            tokio::time::sleep(SWEEP).await;
        }
    }

    /// `judging`: whether workers that are not heard lose their tasks.
    async fn sweep(&self, judging: bool) -> Result<(), Error> {
        let now = self.app.now();
        for agent in self.app.store().agents_due(now, BATCH).await? {
            let id = agent.id;
            match self.app.take_step(agent).await {
                Ok(()) | Err(Error::Raced) => {}
                Err(error) => tracing::warn!(%error, agent.id = %id, "the agent's next step is tried again"),
            }
        }
        if judging {
            self.judge_silence(now).await?;
        }
        for project in self.app.store().projects_to_purge(BATCH).await? {
            let changes = ChangeSet::new().with_all(self.app.purged_project(&project, Actor::System));
            if let Err(error) = self.app.commit(changes).await {
                tracing::warn!(%error, project.id = %project.id, "the project is purged later");
            }
        }
        Ok(())
    }

    /// Ends the leases that are over, and takes those workers for gone that were not heard for as long.
    async fn judge_silence(&self, now: Timestamp) -> Result<(), Error> {
        for task in self.app.store().tasks_without_lease(now, BATCH).await? {
            let id = task.id;
            if let Err(error) = self.app.lease_over(task).await {
                tracing::warn!(%error, task.id = %id, "the end of the lease is taken in later");
            }
        }
        for silent in self.app.presence.silent(self.app.settings.intervals.lease) {
            match self.app.give_up_worker(silent, "heartbeat_lost").await {
                Ok(()) => self.app.presence.left(silent.agent, silent.incarnation),
                Err(error) => tracing::warn!(%error, agent.id = %silent.agent, "the silent worker is looked at again"),
            }
        }
        Ok(())
    }
}

impl App {
    /// The end of a process that nobody watched.
    pub(crate) fn ended(&self, reason: &str) -> Exit {
        Exit { code: None, signal: None, reason: reason.to_owned(), detail: String::new(), at: self.now() }
    }
}
