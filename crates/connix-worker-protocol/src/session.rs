//! Calls about a session: hello, heartbeat, configuration, end.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::secret::Secret;
use crate::tools::ToolSettings;

/// `POST sessions`: a worker presents itself. Repeating it with the same nonce gives the same session; another nonce
/// with the same token is another worker, of which only one may live.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hello {
    /// Random text that names this process, made once at its start.
    pub nonce: String,
    /// Version of the worker program.
    pub worker_version: String,
    /// Tasks it works on at the same time.
    pub slots: i64,
}

/// 200 to [`Hello`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Welcome {
    /// Names the session in every later call.
    pub session_id: String,
    /// The agent (`agent_…`).
    pub agent_id: String,
    /// Its project (`proj_…`).
    pub project_id: String,
    /// The incarnation this token belongs to.
    pub incarnation: i64,
    /// Revision of `config`.
    pub config_revision: i64,
    /// What the agent is told to be.
    pub config: WorkerConfig,
    /// Where models are asked.
    pub llm: LlmEndpoint,
    /// Timing.
    pub intervals: Intervals,
    /// Bounds on an attempt.
    pub limits: Limits,
    /// What its tools may and need.
    #[serde(default)]
    pub tools: ToolSettings,
}

/// An agent's configuration as its worker needs it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkerConfig {
    /// Model name as the endpoint knows it.
    pub model: String,
    /// Sampling temperature, 0–2.
    pub temperature: f64,
    /// Most tokens of one answer.
    pub max_tokens: i64,
    /// Names of the tools the model may call.
    #[serde(default)]
    pub tools: Vec<String>,
    /// First message of every conversation.
    #[serde(default)]
    pub system_prompt: Option<String>,
    /// For the agent's tools, never for the worker itself.
    #[serde(default)]
    pub environment_variables: BTreeMap<String, Secret>,
    /// What must not stand in anything that the worker reports.
    #[serde(default)]
    pub secrets: Vec<Secret>,
}

/// An OpenAI-compatible chat-completions endpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LlmEndpoint {
    /// For example `http://127.0.0.1:11434/v1`; absent when the operator has set none.
    pub base_url: Option<String>,
    /// Sent as bearer token when present.
    pub api_key: Option<Secret>,
}

/// How often, how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intervals {
    /// Longest time between two heartbeats, which is also how long one may be held.
    pub heartbeat_ms: u64,
    /// Life of a task lease after a heartbeat that listed the task.
    pub lease_ms: u64,
    /// Longest wait of one claim.
    pub claim_wait_ms: u64,
}

/// Bounds on an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Most model calls of one task.
    pub max_steps: i64,
}

/// What the worker is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkerState {
    /// Waiting for a task.
    Idle,
    /// Working on one.
    Busy,
    /// Paused: it keeps its leases and starts no step.
    Parked,
    /// Finishing or giving back what it has, then leaving.
    Draining,
}

/// What the server wants the worker to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Desired {
    /// Work.
    Run,
    /// Finish the step, then park.
    Pause,
    /// Claim nothing more, finish what fits into the grace, give back the rest, leave.
    Drain,
    /// Leave now.
    Exit,
}

/// `POST sessions/{s}/heartbeat`: extends the leases of all listed tasks at its arrival. The server holds the call for
/// up to `hold_ms`, or until its directive version differs from `directive_version_seen`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// Counts the heartbeats of a session from 1.
    pub seq: i64,
    /// Longest time the reply may be held back.
    pub hold_ms: u64,
    /// What the worker is doing.
    pub state: WorkerState,
    /// Newest configuration revision the worker has acknowledged.
    pub applied_revision: i64,
    /// Highest directive version of an earlier reply; 0 before the first.
    pub directive_version_seen: i64,
    /// The tasks the worker holds.
    pub tasks: Vec<HeldTask>,
    /// What it has consumed since its hello; absent in the heartbeats of older workers.
    #[serde(default)]
    pub usage: ResourceUsage,
}

/// What a worker has consumed since its hello. What it does not measure is absent: a local worker's processor and memory
/// are measured by the server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct ResourceUsage {
    /// Of its process and all that it has started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processor: Option<ProcessorUsage>,
    /// Of its process and all that it has started, now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<MemoryUsage>,
    /// What its HTTP clients have moved: calls of models and of tools, not those of this protocol.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<NetworkUsage>,
}

/// Processor time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ProcessorUsage {
    /// Seconds used.
    pub seconds: f64,
    /// How many processors it may use at once.
    pub processors: f64,
}

/// Memory, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemoryUsage {
    /// Resident, what is shared counted once.
    pub used: u64,
    /// How much its host has for it.
    pub limit: u64,
}

/// Bytes moved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkUsage {
    /// Received: heads and bodies of answers.
    pub received: u64,
    /// Sent: heads and bodies of requests.
    pub sent: u64,
}

/// A task in the worker's hands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldTask {
    /// The task (`task_…`).
    pub id: String,
    /// The claim it is held by.
    pub attempt: i64,
    /// Grows with every step: being alive is not yet progress.
    pub progress_seq: i64,
}

/// 200 to [`Heartbeat`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Directives {
    /// Grows whenever anything below changes.
    pub directive_version: i64,
    /// What the worker shall do.
    pub desired: Desired,
    /// Newest configuration revision; above the applied one, the worker fetches it.
    pub config_revision: i64,
    /// Held tasks to abort and to acknowledge as cancelled.
    #[serde(default)]
    pub cancel: Vec<String>,
    /// Listed tasks that are not this worker's any more; it drops them without a word.
    #[serde(default)]
    pub lost: Vec<String>,
    /// Life of a lease from now on.
    pub lease_ms: u64,
    /// Longest time until the next heartbeat.
    pub next_interval_ms: u64,
}

/// 200 to `GET sessions/{s}/config`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CurrentConfig {
    /// Revision of `config`.
    pub config_revision: i64,
    /// The configuration.
    pub config: WorkerConfig,
}

/// `POST sessions/{s}/config-applied`: tasks claimed from now on run with this revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigApplied {
    /// The revision.
    pub revision: i64,
}

/// `DELETE sessions/{s}`: the worker leaves and says with which exit code. Tasks still leased to the session go back to
/// the queue and no failure is counted: a claim whose reply crossed with the good-bye is not lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndSession {
    /// For people.
    pub reason: String,
    /// One of [`crate::exit_code`].
    pub code: u8,
}

/// The `{}` of calls whose success says it all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledged {}
