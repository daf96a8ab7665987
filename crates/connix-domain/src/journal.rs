//! The journal of a task: its durable transcript, from which a later attempt resumes (`runtime.md` 2.5).

use crate::Timestamp;
use crate::id::{OrgId, TaskId};
use crate::phases;
use serde_json::Value;

phases! {
    /// What a journal entry notes.
    pub enum EntryKind {
        /// A question was put to the model.
        LlmRequest = "llm.request",
        /// The model's answer.
        LlmResponse = "llm.response",
        /// Something said, for whoever watches.
        Message = "message",
        /// A tool call begins; written before it does.
        ToolStarted = "tool.started",
        /// A tool call's result.
        ToolFinished = "tool.finished",
        /// Tokens used by one call of the model.
        Usage = "usage",
    }
}

/// One entry. Numbers rise from 1 within a task, over all its attempts.
#[derive(Debug, Clone, PartialEq)]
pub struct JournalEntry {
    /// The tenant.
    pub org: OrgId,
    /// Whose transcript it belongs to.
    pub task: TaskId,
    /// Its number.
    pub sequence: i64,
    /// The attempt that wrote it.
    pub attempt: i64,
    /// What it notes.
    pub kind: EntryKind,
    /// The details.
    pub data: Value,
    /// When it was written.
    pub at: Timestamp,
}
