//! Log lines of an agent.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// How serious a line is; ordered from least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// For somebody who looks for a fault.
    Debug,
    /// What the agent did.
    Info,
    /// Something went wrong and was dealt with.
    Warn,
    /// Something went wrong and stayed so.
    Error,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogLine {
    /// When it was written, by the worker's clock.
    pub timestamp: DateTime<Utc>,
    /// Level.
    pub level: LogLevel,
    /// Text.
    pub message: String,
    /// Machine-readable details.
    #[serde(default)]
    pub context: Map<String, Value>,
    /// The task it belongs to, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_id: Option<String>,
}

/// `POST sessions/{s}/logs`: consecutive lines; line `i` has sequence number `first_seq + i`. A sequence number that was
/// already accepted in this session is ignored, so a repeated call is harmless.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AppendLogs {
    /// Sequence number of the first line; a session starts at 1.
    pub first_seq: i64,
    /// The lines in order.
    pub lines: Vec<LogLine>,
}

/// 202 to [`AppendLogs`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogsAccepted {
    /// Highest sequence number the server has; 0 when none.
    pub accepted_through: i64,
}
