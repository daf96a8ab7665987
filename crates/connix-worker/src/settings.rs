//! Whom a worker works for, and how patiently.

use std::path::PathBuf;
use std::time::Duration;

use connix_worker_protocol::secret::Secret;

use crate::backoff::Pace;
use crate::sandbox::KeeperProgram;

/// Whom to work for, and how patiently.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Base URL of the server.
    pub server_url: String,
    /// The agent's worker token.
    pub token: Secret,
    /// The server launches no successor before it has seen this process end (local workers), so that work need not be
    /// abandoned while the server cannot be reached.
    pub death_is_certain: bool,
    /// Between tries of a call to the server.
    pub server_pace: Pace,
    /// Between tries of a model call.
    pub model_pace: Pace,
    /// The project's folder, absolute: all that the agent's tools may touch.
    pub workspace: PathBuf,
    /// Names this worker to whoever looks for what it left behind; every process of its tools bears it.
    pub instance: String,
    /// The program that confines those of its tools.
    pub keeper: KeeperProgram,
    /// How long a tool call may go on when the agent is paused, before it is frozen.
    pub pause_grace: Duration,
    /// How long a task may go on when the worker is told to drain; shorter than the supervisor's own grace.
    pub drain_grace: Duration,
}

impl Settings {
    /// The usual patience.
    #[must_use]
    pub fn new(server_url: impl Into<String>, token: Secret, death_is_certain: bool, workspace: PathBuf) -> Self {
        Self {
            server_url: server_url.into(),
            token,
            death_is_certain,
            server_pace: Pace { first: Duration::from_millis(200), most: Duration::from_secs(5) },
            model_pace: Pace { first: Duration::from_millis(500), most: Duration::from_secs(8) },
            workspace,
            instance: format!("worker-{}", std::process::id()),
            keeper: KeeperProgram::own(),
            pause_grace: Duration::from_secs(30),
            drain_grace: Duration::from_secs(8),
        }
    }
}
