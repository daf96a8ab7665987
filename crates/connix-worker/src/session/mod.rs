//! A worker's registration with the server: what keeps it alive and what comes back over it.
//!
//! Two threads share it through two watch channels: the loop writes its [`status`], the heartbeat thread writes the
//! server's [`orders`]. Neither ever waits for the other.

pub(crate) mod configuration;
pub(crate) mod gauge;
pub(crate) mod heartbeat;
pub(crate) mod lease;
pub(crate) mod leave;
pub(crate) mod orders;
pub(crate) mod orders_watch;
pub(crate) mod status;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use connix_worker_protocol::session::Limits;

use crate::backoff::Pace;
use crate::log::AgentLog;
use crate::model::ChatEndpoint;
use crate::redaction::Redaction;
use crate::server::ServerClient;
use crate::task::Refusals;
use crate::tools::Supplies;
use configuration::Configuration;
use orders_watch::OrdersWatch;
use status::StatusBoard;

/// Everything the worker's loop needs of a session.
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) server: ServerClient,
    pub(crate) server_pace: Pace,
    pub(crate) model_pace: Pace,
    pub(crate) drain_grace: Duration,
    pub(crate) pause_grace: Duration,
    pub(crate) claim_wait: Duration,
    pub(crate) limits: Limits,
    pub(crate) status: StatusBoard,
    pub(crate) orders: OrdersWatch,
    pub(crate) configuration: Configuration,
    /// In words why there is none, for the task that needs it.
    pub(crate) model: Result<ChatEndpoint, String>,
    pub(crate) log: AgentLog,
    /// The agent's secrets.
    pub(crate) redaction: Arc<Redaction>,
    pub(crate) refusals: Refusals,
    pub(crate) tools: Supplies,
    /// The project's folder.
    pub(crate) workspace: PathBuf,
}

impl Session {
    /// The longest time of one tool call.
    pub(crate) fn tool_time_limit(&self) -> Duration {
        Duration::from_millis(self.tools.settings.time_limit_ms)
    }
}
