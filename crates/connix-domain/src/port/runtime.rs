//! What runs an agent's worker. The supervisor asks; an adapter acts; what really happened comes back as an exit.

use crate::agent::{Exit, RuntimeKind};
use crate::id::{AgentId, OrgId, ProjectId};
use crate::port::secrets::Secret;
use crate::telemetry::Consumption;
use async_trait::async_trait;
use std::time::Duration;

/// What a launch needs. It holds no prompt, environment variable or provider key: those come over the worker's session.
#[derive(Debug, Clone)]
pub struct LaunchSpec {
    /// The agent's organisation.
    pub org: OrgId,
    /// The agent.
    pub agent: AgentId,
    /// Its project, whose workspace is the working directory.
    pub project: ProjectId,
    /// Which attempt to have a live instance this is; rises by one per launch.
    pub incarnation: i64,
    /// The worker's credential.
    pub token: Secret,
}

/// Why nothing was launched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LaunchError {
    /// It may work later: out of processes, memory or capacity.
    #[error("cannot be launched now: {0}")]
    Retryable(String),
    /// It will not work until somebody changes something: no program, not executable.
    #[error("cannot be launched: {0}")]
    Fatal(String),
}

/// An instance that is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceExit {
    /// The agent's organisation.
    pub org: OrgId,
    /// The agent.
    pub agent: AgentId,
    /// The incarnation that ended.
    pub incarnation: i64,
    /// How.
    pub exit: Exit,
}

/// What a running instance has consumed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InstanceReading {
    /// The agent.
    pub agent: AgentId,
    /// The incarnation that runs.
    pub incarnation: i64,
    /// What could be measured.
    pub consumption: Consumption,
}

/// Where agents' workers run.
///
/// An adapter MUST report each launched instance's end exactly once through [`next_exit`](AgentRuntime::next_exit), and
/// only when no process of it is left.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait AgentRuntime: Send + Sync {
    /// Which agents it serves.
    fn kind(&self) -> RuntimeKind;
    /// Starts an instance. Returns when the process exists, not when the worker is ready.
    ///
    /// # Errors
    /// [`LaunchError`]; nothing is left running then.
    async fn launch(&self, spec: LaunchSpec) -> Result<(), LaunchError>;
    /// Whether an instance was launched whose end has not been reported yet: one that it does not know will never be
    /// reported.
    fn knows(&self, agent: AgentId, incarnation: i64) -> bool;
    /// Asks an instance to leave and ends it by force after `grace`. Does nothing when it is unknown or already leaving.
    async fn drain(&self, agent: AgentId, incarnation: i64, grace: Duration);
    /// Ends an instance and all its descendants by force. Does nothing when it is unknown.
    async fn kill(&self, agent: AgentId, incarnation: i64);
    /// What each running instance has consumed since its launch. An instance that cannot be looked at is left out; what an
    /// adapter does not see of the others is `None`.
    async fn readings(&self) -> Vec<InstanceReading>;
    /// How many bytes a project's workspace holds, perhaps a minute ago; `None` when the adapter does not see it.
    async fn workspace_bytes(&self, project: ProjectId) -> Option<u64>;
    /// Waits for the next instance that is gone.
    async fn next_exit(&self) -> InstanceExit;
    /// Drains every instance and returns when none is left, at the latest a moment after `grace`.
    async fn shut_down(&self, grace: Duration);
}
