//! The journal of a task: its durable transcript, from which a later attempt resumes (`runtime.md` 2.5).

use crate::Timestamp;
use crate::id::{OrgId, TaskId};
use crate::phases;
use crate::task::Usage;
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

impl JournalEntry {
    /// The tokens of one call of the model, where the entry notes that.
    fn usage(&self) -> Option<Usage> {
        let number = |key: &str| self.data.get(key).and_then(Value::as_i64).unwrap_or(0).max(0);
        let usage = Usage {
            prompt: number("prompt_tokens"),
            completion: number("completion_tokens"),
            requests: number("llm_requests"),
        };
        (self.kind == EntryKind::Usage).then_some(usage)
    }
}

/// What an attempt cost by its own notes: all that is known of one whose worker was lost.
pub fn noted_usage(entries: &[JournalEntry], attempt: i64) -> Usage {
    let noted = entries.iter().filter(|entry| entry.attempt == attempt).filter_map(JournalEntry::usage);
    noted.fold(Usage::default(), Usage::plus)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_an_attempt_noted_is_added_up_and_nobody_elses() {
        let entry = |attempt, kind, data| JournalEntry {
            org: OrgId::new(1),
            task: TaskId::new(2),
            sequence: 1,
            attempt,
            kind,
            data,
            at: chrono::DateTime::UNIX_EPOCH,
        };
        let call = json!({ "prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15, "llm_requests": 1 });
        let entries = [
            entry(1, EntryKind::Usage, call.clone()),
            entry(2, EntryKind::Usage, call.clone()),
            entry(2, EntryKind::LlmResponse, call.clone()),
            entry(2, EntryKind::Usage, call),
        ];
        assert_eq!(noted_usage(&entries, 2), Usage { prompt: 20, completion: 10, requests: 2 });
    }
}
