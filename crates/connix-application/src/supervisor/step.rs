//! One step for one agent, as the domain names it.

use crate::app::App;
use crate::error::Error;
use connix_domain::agent::{Agent, Step};
use connix_domain::change_set::{Change, ChangeSet};
use connix_domain::event::Actor;
use connix_domain::log::LogLevel;
use connix_domain::port::runtime::{LaunchError, LaunchSpec};
use connix_domain::scope::{Job, OrgScope};
use serde_json::json;

impl App {
    /// Does what is next for an agent, if anything is.
    pub(crate) async fn take_step(&self, agent: Agent) -> Result<(), Error> {
        let Some(step) = agent.next_step(self.now()) else { return Ok(()) };
        let incarnation = agent.control.incarnation;
        let scope = OrgScope::for_job(agent.org, Job::Supervision);
        match step {
            Step::Launch if self.is_leaving() => Ok(()),
            Step::Launch => self.launch(agent).await,
            Step::Drain | Step::KillUnready if !self.ports.runtime.knows(agent.id, incarnation) => {
                self.worker_gone(scope, agent.id, incarnation, self.ended("vanished")).await
            }
            Step::Drain => {
                self.ports.runtime.drain(agent.id, incarnation, self.settings.intervals.stop_grace).await;
                Ok(())
            }
            Step::KillUnready => {
                tracing::warn!(agent.id = %agent.id, incarnation, "the worker did not speak in time and is killed");
                self.ports.runtime.kill(agent.id, incarnation).await;
                Ok(())
            }
            Step::EndUpdate => self.observe(agent.update_over()).await,
            Step::ReplaceWorker => self.observe(Some(agent.update_refused(self.now()))).await,
            Step::Purge => {
                let purge = Change::PurgeAgent { org: agent.org, id: agent.id };
                self.commit(ChangeSet::new().with(purge)).await
            }
            Step::GiveUpExternal => {
                let exit = self.ended("heartbeat_lost");
                self.worker_gone(scope, agent.id, incarnation, exit).await
            }
        }
    }

    async fn observe(&self, next: Option<Agent>) -> Result<(), Error> {
        let Some(next) = next else { return Ok(()) };
        let id = next.id;
        self.commit(ChangeSet::new().with(Change::UpdateAgent(next))).await?;
        self.wakeups.agent(id);
        Ok(())
    }

    /// Commits the new incarnation with its token, then starts the process: one that was not committed is never started.
    async fn launch(&self, agent: Agent) -> Result<(), Error> {
        let (token, digest) = self.ports.credentials.mint_worker_token(agent.org, agent.id);
        let launching = agent.launching(digest, self.now());
        self.ports.store.commit(ChangeSet::new().with(Change::UpdateAgent(launching.clone()))).await?;
        let spec = LaunchSpec {
            org: launching.org,
            agent: launching.id,
            project: launching.project,
            incarnation: launching.control.incarnation,
            token,
        };
        // before there is a process, so that an end that is seen at once finds what has begun
        self.meters.begun(&launching, self.now());
        match self.ports.runtime.launch(spec).await {
            Ok(()) => {
                self.ports.metrics.agent_launched();
                Ok(())
            }
            Err(LaunchError::Fatal(why)) => {
                drop(self.meters.ended(launching.id, launching.control.incarnation, self.now()));
                self.unlaunchable(&launching, &why).await
            }
            Err(LaunchError::Retryable(why)) => {
                let mut exit = self.ended("launch_failed");
                exit.detail = why;
                let scope = OrgScope::for_job(launching.org, Job::Supervision);
                let incarnation = launching.control.incarnation;
                if self.is_leaving() {
                    return self.worker_lost(scope, launching.id, incarnation, exit).await;
                }
                self.worker_gone(scope, launching.id, incarnation, exit).await
            }
        }
    }

    /// Gives up on an agent that cannot be launched, unless it was told to leave meanwhile.
    async fn unlaunchable(&self, launching: &Agent, why: &str) -> Result<(), Error> {
        tracing::error!(agent.id = %launching.id, why, "the agent cannot be launched");
        let scope = OrgScope::for_job(launching.org, Job::Supervision);
        self.retrying(|| async {
            let agent = self.store().agent(scope, launching.id).await?;
            let same = |agent: &Agent| agent.control.incarnation == launching.control.incarnation;
            let Some(agent) = agent.filter(same) else { return Ok(()) };
            let (next, happened) = agent.unlaunchable(why, self.now());
            let line = self.note(&agent, LogLevel::Error, "Agent cannot be launched", json!({ "reason": why }));
            let changes = ChangeSet::new().with_all(self.agent_changes(next, happened, Actor::System)).with(line);
            self.commit(changes).await
        })
        .await?;
        self.wakeups.agent(launching.id);
        Ok(())
    }
}
