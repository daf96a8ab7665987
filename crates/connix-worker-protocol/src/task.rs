//! Calls about tasks: claim, journal, outcome.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// `POST sessions/{s}/claim`: long poll for one task; 200 with [`Claimed`] or 204 when there was none in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Longest wait.
    pub wait_ms: u64,
}

/// 200 to [`Claim`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Claimed {
    /// The task, leased to this session.
    pub task: ClaimedTask,
}

/// A task under lease.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClaimedTask {
    /// The task (`task_…`).
    pub id: String,
    /// Counts the claims of this task from 1 and fences them: a call of an older attempt answers 409.
    pub attempt: i64,
    /// What the user asked: a string or an object.
    pub input: Value,
    /// The configuration revision this attempt runs with.
    pub config_revision: i64,
    /// Time left until the task's deadline.
    pub deadline_ms: u64,
    /// Life of the lease.
    pub lease_ms: u64,
    /// What earlier attempts did, in order.
    #[serde(default)]
    pub journal: Vec<JournalEntry>,
}

/// What a journal entry records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum EventKind {
    /// A model is about to be asked.
    #[serde(rename = "llm.request")]
    LlmRequest,
    /// It answered.
    #[serde(rename = "llm.response")]
    LlmResponse,
    /// A tool is about to run.
    #[serde(rename = "tool.started")]
    ToolStarted,
    /// It ended, or was refused.
    #[serde(rename = "tool.finished")]
    ToolFinished,
    /// Text for whoever watches.
    #[serde(rename = "message")]
    Message,
    /// Tokens of one model call ([`Usage`]), also of attempts that never reported an outcome.
    #[serde(rename = "usage")]
    Usage,
}

/// A stored journal entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JournalEntry {
    /// Position in the task's journal, from 1.
    pub seq: i64,
    /// The attempt that wrote it.
    pub attempt: i64,
    /// What happened.
    pub kind: EventKind,
    /// Details; the server does not look into them.
    pub data: Value,
    /// When, by the worker's clock.
    pub at: DateTime<Utc>,
}

/// `POST tasks/{t}/events`: consecutive entries; entry `i` gets position `first_seq + i`. A position this attempt has
/// already written is ignored, so a repeated call is harmless.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AppendEvents {
    /// The session that holds the lease.
    pub session_id: String,
    /// The claim.
    pub attempt: i64,
    /// Position of the first event: one more than the last of the journal.
    pub first_seq: i64,
    /// The events in order.
    pub events: Vec<NewEvent>,
}

/// An event to be journalled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewEvent {
    /// What happened.
    pub kind: EventKind,
    /// Details.
    pub data: Value,
    /// When, by the worker's clock.
    pub at: DateTime<Utc>,
}

/// 200 to [`AppendEvents`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventsAccepted {
    /// Last position of the journal.
    pub accepted_through: i64,
}

/// What an attempt consumed: model calls of this attempt alone, not of earlier ones in its journal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// The model that was asked; an attempt asks one. Absent in the reports of older workers: then it is the agent's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Tokens sent.
    pub prompt_tokens: i64,
    /// Tokens received.
    pub completion_tokens: i64,
    /// Their sum.
    pub total_tokens: i64,
    /// Model calls that were answered.
    pub llm_requests: i64,
    /// An endpoint did not count, so the numbers are the worker's estimate.
    #[serde(default)]
    pub estimated: bool,
}

/// `POST tasks/{t}/complete`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CompleteTask {
    /// The session that holds the lease.
    pub session_id: String,
    /// The claim.
    pub attempt: i64,
    /// The answer: the model's text as a JSON string.
    pub output: Value,
    /// What it took.
    pub usage: Usage,
}

/// Why an attempt failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskError {
    /// Lower-case word, e.g. `llm_auth`.
    pub code: String,
    /// For the user.
    pub message: String,
    /// Another attempt might succeed.
    pub retryable: bool,
    /// Least wait before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

/// `POST tasks/{t}/fail`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FailTask {
    /// The session that holds the lease.
    pub session_id: String,
    /// The claim.
    pub attempt: i64,
    /// Why.
    pub error: TaskError,
    /// What it took.
    pub usage: Usage,
}

/// `POST tasks/{t}/cancelled`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CancelledTask {
    /// The session that holds the lease.
    pub session_id: String,
    /// The claim.
    pub attempt: i64,
    /// What it took.
    pub usage: Usage,
}

/// Why a task is given back unfinished; none of them counts as a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseReason {
    /// The worker drains.
    Drain,
    /// It is paused for long.
    Pause,
    /// It must leave now.
    Stop,
}

/// `POST tasks/{t}/release`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReleaseTask {
    /// The session that holds the lease.
    pub session_id: String,
    /// The claim.
    pub attempt: i64,
    /// Why.
    pub reason: ReleaseReason,
    /// What it took so far.
    pub usage: Usage,
}
