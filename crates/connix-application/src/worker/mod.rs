//! What an agent's own worker asks for. Every call is fenced: a session that has been replaced gets nothing and
//! changes nothing.

mod attempt;
mod claim;
mod session;
mod stuck;

pub use attempt::{WorkerFailure, WorkerLine, WorkerNote};
pub use claim::Claimed;
pub use session::{Directive, Report, Reported, SessionGrant, Wanted};

use crate::app::App;
use crate::error::Error;
use connix_domain::agent::Agent;
use connix_domain::id::{AgentId, SessionId, TaskId};
use connix_domain::scope::OrgScope;
use connix_domain::task::Task;

/// The most entries of a journal that are read at once: more than any attempt may write.
pub(crate) const LONGEST_JOURNAL: i64 = 10_000;

/// An agent's worker whose token has been checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Worker {
    pub(crate) scope: OrgScope,
    pub(crate) agent: AgentId,
}

impl App {
    /// The worker's agent, if its session is still the one that counts.
    async fn attached(&self, worker: Worker, session: SessionId) -> Result<Agent, Error> {
        let agent = self.store().agent(worker.scope, worker.agent).await?.ok_or(Error::Fenced)?;
        if agent.control.session == Some(session) { Ok(agent) } else { Err(Error::Fenced) }
    }

    /// A task of the worker's agent.
    async fn own_task(&self, worker: Worker, id: TaskId) -> Result<Task, Error> {
        let task = self.store().task(worker.scope, id).await?;
        task.filter(|task| task.agent == worker.agent).ok_or(Error::LeaseLost)
    }
}
