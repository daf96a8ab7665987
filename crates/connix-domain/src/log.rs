//! Log lines of an agent: what its worker reported and what the service noted about it.

use crate::Timestamp;
use crate::id::{AgentId, OrgId};
use crate::phases;
use chrono::Duration;
use serde_json::{Value, json};

phases! {
    /// How much a line matters.
    pub enum LogLevel {
        /// For whoever takes the agent apart.
        Debug = "debug",
        /// What it did.
        Info = "info",
        /// What went wrong without stopping it.
        Warn = "warn",
        /// What failed.
        Error = "error",
    }
}

/// Which line it is, so that one that is sent twice is kept once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LineKey {
    /// A line numbered by the worker of an incarnation.
    Worker {
        /// The incarnation that wrote it.
        incarnation: i64,
        /// Its number, from 1.
        sequence: i64,
    },
    /// A line of the service itself, told apart by 64 random bits.
    Service(u64),
    /// Says that older lines were dropped: those from before so many microseconds since 1970.
    Dropped(i64),
}

impl std::fmt::Display for LineKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Worker { incarnation, sequence } => write!(f, "w{incarnation}.{sequence}"),
            Self::Service(bits) => write!(f, "s{bits:016x}"),
            Self::Dropped(before) => write!(f, "d{before}"),
        }
    }
}

/// A line.
#[derive(Debug, Clone, PartialEq)]
pub struct LogLine {
    /// The tenant.
    pub org: OrgId,
    /// Whose line it is.
    pub agent: AgentId,
    /// Which line it is.
    pub key: LineKey,
    /// When it was written.
    pub at: Timestamp,
    /// How much it matters.
    pub level: LogLevel,
    /// What it says.
    pub message: String,
    /// Details, a JSON object.
    pub context: Value,
}

/// A line with its place among the lines of its agent.
#[derive(Debug, Clone, PartialEq)]
pub struct PlacedLine {
    /// Its place in the order of writing, above 0; rises, with gaps.
    pub position: i64,
    /// The line.
    pub line: LogLine,
}

impl LogLine {
    /// The line that stands where an agent's lines from before a moment were dropped: before all that are left.
    pub fn dropped(org: OrgId, agent: AgentId, before: Timestamp) -> Self {
        let shown = before.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
        Self {
            org,
            agent,
            key: LineKey::Dropped(before.timestamp_micros()),
            at: before - Duration::microseconds(1),
            level: LogLevel::Info,
            message: "Older log lines were removed".to_owned(),
            context: json!({ "removed_before": shown }),
        }
    }
}
